//! What browsers are told, and whose writes are taken.

use axum::body::Body;
use base64::prelude::{BASE64_STANDARD, Engine as _};
use http::{Method, StatusCode};
use orghub::{
    config::AppEnv,
    routes::{self, api},
};
use sha2::{Digest as _, Sha256};

use crate::site::{Site, Visitor, app_url, router_of};

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

#[tokio::test]
async fn a_form_sent_by_another_site_changes_nothing() {
    let site = Site::start().await;
    let ada = site.app.user("Ada").await;
    site.app.org("acme", &ada).await;
    let mut ada = site.sign_in(&ada).await;
    for foreign in [
        &[
            ("sec-fetch-site", "cross-site"),
            ("origin", "https://evil.test"),
        ][..],
        &[
            ("sec-fetch-site", "same-site"),
            ("origin", "http://other.orghub.test"),
        ],
        &[
            ("sec-fetch-site", "cross-site"),
            ("origin", "http://orghub.test"),
        ],
        &[("origin", "https://evil.test")],
        &[("origin", "http://orghub.test.evil.test")],
        &[("origin", "http://orghub.test:8080")],
        &[("origin", "null")],
    ] {
        let headers: Vec<_> = [FORM].iter().chain(foreign).copied().collect();
        let form = Body::from("org=acme&name=Taken+over&slug=acme");
        let answer = ada
            .send(Method::POST, api::UPDATE_ORG, &headers, form)
            .await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{foreign:?}");
        assert!(
            answer.body.contains("sent from another site"),
            "{foreign:?}"
        );
        let sign_out = ada
            .send(Method::POST, routes::SIGN_OUT, &headers, Body::empty())
            .await;
        assert_eq!(sign_out.status, StatusCode::FORBIDDEN, "{foreign:?}");
    }
    let page = ada.open("/orgs/acme").await;
    assert!(page.body.contains("Organization acme") && !page.body.contains("Taken over"));
}

#[tokio::test]
async fn other_sites_may_read_but_not_write_with_any_method() {
    let site = Site::start().await;
    let mut visitor = site.visitor();
    let foreign = [("sec-fetch-site", "cross-site"), ("accept", "text/html")];
    for (method, expected) in [
        (Method::GET, StatusCode::OK),
        (Method::HEAD, StatusCode::OK),
        (Method::POST, StatusCode::FORBIDDEN),
        (Method::PUT, StatusCode::METHOD_NOT_ALLOWED),
        (Method::PATCH, StatusCode::METHOD_NOT_ALLOWED),
        (Method::DELETE, StatusCode::METHOD_NOT_ALLOWED),
    ] {
        let answer = visitor
            .send(method.clone(), routes::SIGN_IN, &foreign, Body::empty())
            .await;
        assert_eq!(answer.status, expected, "{method}");
    }
}

#[tokio::test]
async fn our_own_pages_and_programs_may_write() {
    let site = Site::start_with(|config| config.app_url = app_url("http://app.test")).await;
    let mut visitor = site.visitor();
    for own in [
        &[
            ("sec-fetch-site", "same-origin"),
            ("origin", "http://orghub.test"),
        ][..],
        // The user: an address typed, a page reloaded.
        &[("sec-fetch-site", "none")],
        // An older browser, on the host that is addressed.
        &[("origin", "http://orghub.test")],
        // An older browser, behind a proxy that rewrites the host.
        &[("origin", "http://app.test")],
        // Not a browser.
        &[],
    ] {
        let headers: Vec<_> = [FORM, ("accept", "text/html")]
            .iter()
            .chain(own)
            .copied()
            .collect();
        let answer = visitor
            .send(
                Method::POST,
                api::SET_THEME,
                &headers,
                Body::from("theme=dark"),
            )
            .await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{own:?}");
    }
}

#[tokio::test]
async fn a_page_runs_only_the_scripts_that_its_policy_names() {
    let site = Site::start().await;
    let mut ada = site.sign_in(&site.app.user("Ada").await).await;
    let mut seen = 0;
    for path in [routes::SIGN_IN, routes::ORGS, "/nowhere"] {
        let page = ada.open(path).await;
        let policy = page.header("content-security-policy");
        for nothing in ["frame-ancestors", "object-src", "base-uri"] {
            assert!(policy.contains(&format!("{nothing} 'none'")), "{policy}");
        }
        assert!(!policy.contains("unsafe-inline"), "{policy}");
        for script in page.body.split("<script").skip(1) {
            let (tag, text) = script.split_once('>').expect("a tag");
            let text = text.split_once("</script>").expect("it ends").0;
            let hash = BASE64_STANDARD.encode(Sha256::digest(text));
            assert!(
                policy.contains(&format!("'sha256-{hash}'")),
                "<script{tag}>{text}"
            );
            seen += 1;
        }
        for inline in [" style=\"", " onclick=\"", "<style"] {
            assert!(!page.body.contains(inline), "{inline}");
        }
    }
    assert!(seen >= 6, "{seen} scripts");
}

#[tokio::test]
async fn every_kind_of_response_has_the_headers() {
    let site = Site::start().await;
    let mut visitor = site.visitor();
    for path in [
        "/sign-in",
        "/orgs/acme",
        "/no/such/page",
        "/healthz",
        "/readyz",
        "/pkg/no-such-file.js",
    ] {
        let answer = visitor.open(path).await;
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("x-frame-options"), "DENY", "{path}");
        assert!(
            answer
                .header("content-security-policy")
                .contains("frame-ancestors 'none'"),
            "{path}"
        );
        assert_eq!(
            answer.header("referrer-policy"),
            "strict-origin-when-cross-origin",
            "{path}"
        );
        let kind = answer.header("content-type");
        assert!(
            !kind.starts_with("text/") || kind.ends_with("; charset=utf-8"),
            "{path}: {kind}"
        );
        assert!(!answer.header("cache-control").is_empty(), "{path}");
        assert!(!answer.header("x-request-id").is_empty(), "{path}");
        assert_eq!(
            answer.header("strict-transport-security"),
            "",
            "{path}: not in development"
        );
    }
}

#[tokio::test]
async fn production_insists_on_https_and_keeps_its_timings_to_admins() {
    let site = Site::start_with(|config| {
        config.app_env = AppEnv::Production;
        config.app_url = app_url("https://orghub.test");
    })
    .await;
    let root = site.app.user("Root").await;
    site.app
        .sql("update users set platform_admin = true where name = 'Root'")
        .await;
    let mut visitor = site.visitor();
    let page = visitor.open("/sign-in").await;
    assert_eq!(
        page.header("strict-transport-security"),
        "max-age=31536000; includeSubDomains"
    );
    assert_eq!(page.header("server-timing"), "");

    let fields = [
        ("email", root.email.as_str()),
        ("password", orghub_test_support::PASSWORD),
    ];
    let answer = visitor.submit(api::SIGN_IN, &fields).await;
    let cookie = answer.header("set-cookie");
    assert!(
        cookie.starts_with("__Host-orghub=") && cookie.contains("Secure"),
        "{cookie}"
    );
    let page = visitor.open("/orgs").await;
    assert!(
        page.header("server-timing").contains("sql;desc="),
        "an admin sees what pages cost"
    );
}

#[tokio::test]
async fn a_form_larger_than_any_of_ours_is_refused() {
    let site = Site::start().await;
    let mut visitor = site.visitor();
    let answer = visitor
        .call(
            api::SIGN_IN,
            &[("email", &"a".repeat(100_000)), ("password", "x")],
        )
        .await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn a_watched_server_lets_pages_hear_of_rebuilds() {
    let site = Site::start().await;
    let watched = router_of(
        &site.app.services,
        &[("LEPTOS_WATCH", "true"), ("LEPTOS_RELOAD_PORT", "3001")],
    );
    let page = Visitor::of(watched).open("/sign-in").await;
    assert!(
        page.header("content-security-policy")
            .contains("ws://127.0.0.1:3001")
    );
}

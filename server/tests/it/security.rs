//! What browsers are told, and whose writes are taken.

use axum::body::Body;
use http::{Method, StatusCode};
use orghub::config::AppEnv;

use crate::site::{Site, Visitor, router_of};

#[tokio::test]
async fn a_form_sent_by_another_site_changes_nothing() {
    let site = Site::start().await;
    let ada = site.app.person("Ada").await;
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
        &[("origin", "https://evil.test")],
        &[("origin", "null")],
    ] {
        let headers: Vec<_> = [("content-type", "application/x-www-form-urlencoded")]
            .iter()
            .chain(foreign)
            .copied()
            .collect();
        let form = Body::from("org=acme&name=Taken+over&slug=acme");
        let answer = ada
            .send(Method::POST, "/api/update_org", &headers, form)
            .await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{foreign:?}");
        let sign_out = ada
            .send(Method::POST, "/sign-out", &headers, Body::empty())
            .await;
        assert_eq!(sign_out.status, StatusCode::FORBIDDEN, "{foreign:?}");
    }
    let page = ada.open("/orgs/acme").await;
    assert!(page.body.contains("Organization acme") && !page.body.contains("Taken over"));
}

#[tokio::test]
async fn a_page_runs_only_scripts_that_carry_its_nonce() {
    let site = Site::start().await;
    let mut visitor = site.visitor();
    let first = visitor.open("/sign-in").await;
    let policy = first.header("content-security-policy");
    let nonce = policy
        .split_once("'nonce-")
        .and_then(|(_, rest)| rest.split_once('\''))
        .expect("a nonce")
        .0;
    assert!(nonce.len() >= 22, "128 bits: {nonce}");
    assert!(
        policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe-inline"),
        "{policy}"
    );
    for script in first.body.split("<script").skip(1) {
        let tag = script.split('>').next().expect("a tag");
        assert!(
            tag.contains("src=") || tag.contains(&format!("nonce=\"{nonce}\"")),
            "<script{tag}>"
        );
    }
    for inline in [" style=\"", " onclick=\"", "<style"] {
        assert!(!first.body.contains(inline), "{inline}");
    }
    let second = visitor.open("/sign-in").await;
    assert!(
        !second.header("content-security-policy").contains(nonce),
        "a nonce is used once"
    );
}

#[tokio::test]
async fn every_kind_of_answer_carries_the_headers() {
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
        assert!(!answer.header("referrer-policy").is_empty(), "{path}");
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
        config.app_url = "https://orghub.test".to_owned();
    })
    .await;
    let root = site.app.person("Root").await;
    site.app
        .sql("update users set platform_admin = true where name = 'Root'")
        .await;
    let mut visitor = site.visitor();
    let page = visitor.open("/sign-in").await;
    assert!(
        page.header("strict-transport-security")
            .starts_with("max-age=")
    );
    assert_eq!(page.header("server-timing"), "");

    let fields = [
        ("email", root.email.as_str()),
        ("password", orghub_test_support::PASSWORD),
    ];
    let answer = visitor.submit("/api/sign_in", &fields).await;
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
            "/api/sign_in",
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

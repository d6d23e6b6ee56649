//! Requests that no link of ours makes: odd methods, targets, spellings, headers and
//! bodies. Each is answered before anything looks it up, and none is our mistake.

use axum::body::Body;
use http::{Method, Request, StatusCode, Uri, Version, header};
use orghub::{
    config::AppEnv,
    routes::{self, OrgPage, api},
};

use crate::site::{Site, Visitor, app_url};

/// A request of no client in particular.
fn request(method: &str, uri: Uri) -> Request<Body> {
    Request::builder()
        .method(method)
        .uri(uri)
        .header(header::HOST, "orghub.test")
        .body(Body::empty())
        .expect("a request")
}

fn page_addresses() -> Vec<String> {
    let acme = orghub::domain::OrgSlug::parse("acme").expect("a slug");
    let of_acme = OrgPage::ALL.map(|page| page.path(&acme));
    let others = routes::PAGES.iter().map(|page| (*page).to_owned());
    others.chain(of_acme).collect()
}

fn all_addresses() -> Vec<String> {
    let others = [
        routes::HEALTHZ,
        routes::READYZ,
        routes::METRICS,
        routes::STRIPE_WEBHOOK,
    ];
    let others = others
        .into_iter()
        .chain(api::ALL.iter().copied())
        .chain(["/no/such/page", "/pkg/orghub.css"]);
    page_addresses()
        .into_iter()
        .chain(others.map(str::to_owned))
        .collect()
}

#[tokio::test]
async fn methods_we_do_not_have_are_refused_everywhere_in_a_page() {
    let visitor = Site::start().await.visitor();
    for method in [
        "OPTIONS", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "PROPFIND", "GETS",
    ] {
        for path in all_addresses() {
            let uri = path.parse().expect("a path");
            let answer = visitor.send_raw(request(method, uri)).await;
            assert_eq!(
                answer.status,
                StatusCode::METHOD_NOT_ALLOWED,
                "{method} {path}"
            );
            assert_eq!(answer.header("allow"), "GET, HEAD, POST", "{method} {path}");
            assert!(answer.body.contains("<h1>"), "{method} {path}");
        }
    }
}

#[tokio::test]
async fn what_is_read_is_not_written_to_and_the_answer_is_a_page() {
    let mut visitor = Site::start().await.visitor();
    let own = [("sec-fetch-site", "same-origin"), ("accept", "text/html")];
    for path in page_addresses() {
        let answer = visitor.send(Method::POST, &path, &own, Body::empty()).await;
        // Pages of organizations send nobody anywhere but to the sign-in page.
        let is_guarded = path.starts_with("/orgs/acme");
        let expected = if is_guarded { 303 } else { 405 };
        assert_eq!(answer.status, expected, "{path}");
        assert!(is_guarded || answer.body.contains("<h1>"), "{path}");
    }
    for path in api::ALL.iter().filter(|path| !api::LOOKUPS.contains(path)) {
        let answer = visitor.open(path).await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{path}");
        assert!(answer.body.contains("<h1>"), "{path}");
        let program = visitor
            .send(
                Method::GET,
                path,
                &[("accept", "application/json")],
                Body::empty(),
            )
            .await;
        assert_eq!(program.status, StatusCode::METHOD_NOT_ALLOWED, "{path}");
        assert_eq!(program.body, "\"MethodNotAllowed\"", "{path}");
    }
}

#[tokio::test]
async fn a_target_that_is_no_path_is_refused() {
    let visitor = Site::start().await.visitor();
    for (method, target) in [
        ("GET", "orghub.test:443"),
        ("POST", "evil.test:80"),
        ("GET", "*"),
    ] {
        let uri = target.parse().expect("authority form");
        let answer = visitor.send_raw(request(method, uri)).await;
        assert!(
            answer.status.is_client_error(),
            "{method} {target}: {}",
            answer.status
        );
        assert!(answer.body.contains("<h1>"), "{method} {target}");
    }
    let connect = request(
        "CONNECT",
        "orghub.test:443".parse().expect("authority form"),
    );
    assert_eq!(
        visitor.send_raw(connect).await.status,
        StatusCode::METHOD_NOT_ALLOWED
    );
}

#[tokio::test]
async fn the_absolute_form_is_the_same_address() {
    let visitor = Site::start().await.visitor();
    for uri in [
        "http://orghub.test/sign-in",
        "https://other.test/sign-in?next=%2Forgs",
    ] {
        let answer = visitor
            .send_raw(request("GET", uri.parse().expect("a URI")))
            .await;
        assert_eq!(answer.status, StatusCode::OK, "{uri}");
    }
    let answer = visitor
        .send_raw(request(
            "GET",
            "http://orghub.test/orgs/acme?q=1".parse().expect("a URI"),
        ))
        .await;
    assert_eq!(answer.location(), "/sign-in?next=%2Forgs%2Facme%3Fq%3D1");
}

#[tokio::test]
async fn a_host_is_named_once() {
    let visitor = Site::start().await.visitor();
    let with_hosts = |hosts: &[&[u8]], version| {
        let mut request = request("GET", "/sign-in".parse().expect("a path"));
        *request.version_mut() = version;
        request.headers_mut().remove(header::HOST);
        for host in hosts {
            let host = http::HeaderValue::from_bytes(host).expect("bytes a header may have");
            request.headers_mut().append(header::HOST, host);
        }
        request
    };
    for (hosts, version, expected) in [
        (&[&b"orghub.test"[..]][..], Version::HTTP_11, 200),
        (&[], Version::HTTP_10, 200),
        (&[], Version::HTTP_11, 400),
        (&[b"orghub.test", b"orghub.test"], Version::HTTP_11, 400),
        (&[b"orghub.test", b"evil.test"], Version::HTTP_11, 400),
        (&[b"\xff.test"], Version::HTTP_11, 400),
    ] {
        let answer = visitor.send_raw(with_hosts(hosts, version)).await;
        assert_eq!(answer.status, expected, "{hosts:?} {version:?}");
    }
}

#[tokio::test]
async fn every_page_has_one_address_and_other_spellings_lead_to_it() {
    let site = Site::start().await;
    let ada = site.app.user("Ada").await;
    site.org("acme", &ada).await;
    let mut ada = site.sign_in(&ada).await;
    for (spelling, canonical) in [
        ("/orgs/", "/orgs"),
        ("//orgs", "/orgs"),
        ("/orgs//", "/orgs"),
        ("/ORGS", "/orgs"),
        ("/%6frgs", "/orgs"),
        ("/orgs/New/", "/orgs/new"),
        ("/orgs/acme/", "/orgs/acme"),
        ("/orgs/Acme", "/orgs/acme"),
        ("/orgs/%61cme/members?page=1", "/orgs/acme/members?page=1"),
        ("/orgs/ACME/members/", "/orgs/acme/members"),
        ("/orgs//acme//settings?x=%zz", "/orgs/acme/settings?x=%zz"),
        ("/Orgs/acme/Subscription", "/orgs/acme/subscription"),
        ("/Sign-In/", "/sign-in"),
        ("//evil.test/%2F", "/evil.test/%2F"),
        ("//evil.test", "/evil.test"),
        // Nobody learns from it whether there is such an organization.
        ("/orgs/Nobodys", "/orgs/nobodys"),
    ] {
        let answer = ada.open(spelling).await;
        if canonical.contains("%2F") {
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{spelling}");
            continue;
        }
        assert_eq!(answer.status, StatusCode::PERMANENT_REDIRECT, "{spelling}");
        assert_eq!(answer.location(), canonical, "{spelling}");
        let headers = [("accept", "application/json")];
        let posted = ada
            .send(Method::POST, spelling, &headers, Body::empty())
            .await;
        assert_eq!(posted.status, StatusCode::NOT_FOUND, "POST {spelling}");
    }
    for nowhere in [
        "/orgs/../orgs",
        "/orgs/./acme",
        "/orgs/acme/%2e%2e/acme",
        "/orgs%2Facme",
        "/orgs/acme%00",
        "/orgs/acme%0a",
        "/orgs/%E9",
        "/orgs/%C0%AFacme",
        "/orgs/acme%",
        "/orgs/acme%5Cmembers",
    ] {
        let answer = ada.open(nowhere).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{nowhere}");
        assert!(answer.body.contains("<h1>"), "{nowhere}");
    }
}

#[tokio::test]
async fn however_long_an_address_is_it_is_not_found() {
    let mut visitor = Site::start().await.visitor();
    for length in [255, 256, 257, 2_047, 2_049, 8_000] {
        for path in [
            format!("/{}", "a".repeat(length)),
            format!("/pkg/{}", "a".repeat(length)),
            "/a".repeat(length / 2),
            "/%41".repeat(length / 4),
        ] {
            let answer = visitor.open(&path).await;
            let is_fine = answer.status == StatusCode::NOT_FOUND
                || answer.status == StatusCode::PERMANENT_REDIRECT;
            assert!(is_fine, "{length}: {}", answer.status);
        }
    }
}

/// The session's cookie of somebody who signed in in production.
async fn production() -> (Site, Visitor, String) {
    let site = Site::start_with(|config| {
        config.app_env = AppEnv::Production;
        config.app_url = app_url("https://orghub.test");
    })
    .await;
    let ada = site.app.user("Ada").await;
    let signed_in = site.sign_in(&ada).await;
    let cookie = signed_in
        .cookie("__Host-orghub")
        .expect("a session")
        .to_owned();
    let visitor = site.visitor();
    (site, visitor, cookie)
}

#[tokio::test]
async fn only_the_literal_name_is_the_sessions_and_neighbors_spoil_nothing() {
    let (site, visitor, mine) = production().await;
    let mallory = site.app.user("Mallory").await;
    let mallorys = site.sign_in(&mallory).await;
    let mallorys = mallorys
        .cookie("__Host-orghub")
        .expect("a session")
        .to_owned();
    let open = async |cookies: &[Vec<u8>]| {
        let mut request = request("GET", routes::ORGS.parse().expect("a path"));
        for cookie in cookies {
            let value = http::HeaderValue::from_bytes(cookie).expect("bytes a header may have");
            request.headers_mut().append(header::COOKIE, value);
        }
        visitor.send_raw(request).await
    };
    let real = format!("__Host-orghub={mine}");

    for name in [
        "%5F%5FHost-orghub",
        "%5f%5fHost-orghub",
        "_%5FHost-orghub",
        "__%48ost-orghub",
        "__Host%2Dorghub",
        "__host-orghub",
        "orghub",
    ] {
        let planted = format!("{name}={mallorys}");
        let alone = open(&[planted.clone().into_bytes()]).await;
        assert_eq!(alone.status, StatusCode::SEE_OTHER, "{name}");
        for both in [format!("{planted}; {real}"), format!("{real}; {planted}")] {
            let answer = open(&[both.into_bytes()]).await;
            assert_eq!(answer.status, StatusCode::OK, "{name}");
            assert!(
                answer.body.contains("Ada") && !answer.body.contains("Mallory"),
                "{name}"
            );
        }
    }

    let twice = format!("{real}; __Host-orghub={mallorys}").into_bytes();
    assert_eq!(
        open(&[twice]).await.status,
        StatusCode::SEE_OTHER,
        "twice is none"
    );
    let in_two_headers = [real.clone().into_bytes(), real.clone().into_bytes()];
    assert_eq!(open(&in_two_headers).await.status, StatusCode::SEE_OTHER);

    for neighbor in [
        &b"city=M\xc3\xbcnchen"[..],
        b"\xff\xfe\xfd",
        b"a=\"b; c\"",
        b"=",
        b"x",
        b"__Host-orghub-other=%%%",
    ] {
        for cookies in [
            vec![[real.as_bytes(), b"; ", neighbor].concat()],
            vec![[neighbor, b"; ", real.as_bytes()].concat()],
            vec![neighbor.to_vec(), real.clone().into_bytes()],
        ] {
            assert_eq!(open(&cookies).await.status, StatusCode::OK, "{cookies:?}");
        }
    }
}

#[tokio::test]
async fn signing_out_removes_the_cookie_also_where_it_is_secure() {
    let (_site, visitor, mine) = production().await;
    let mut request = request("POST", routes::SIGN_OUT.parse().expect("a path"));
    let cookie = format!("__Host-orghub={mine}").parse().expect("a header");
    request.headers_mut().insert(header::COOKIE, cookie);
    let answer = visitor.send_raw(request).await;
    let set = answer.headers.get_all(header::SET_COOKIE).iter();
    let removal = set
        .map(|value| value.to_str().expect("text"))
        .find(|value| value.starts_with("__Host-orghub=;"))
        .expect("the removal");
    for attribute in ["Secure", "HttpOnly", "Path=/", "SameSite=Lax", "Max-Age=0"] {
        assert!(removal.contains(attribute), "{attribute} in {removal}");
    }
}

#[tokio::test]
async fn headers_of_several_authors_may_have_any_bytes() {
    let visitor = Site::start().await.visitor();
    for name in [
        "accept",
        "referer",
        "x-forwarded-for",
        "user-agent",
        "accept-language",
        "origin",
    ] {
        let odd = http::HeaderValue::from_bytes(b"M\xc3\xbcnchen \xff").expect("bytes");
        let mut get = request("GET", routes::SIGN_IN.parse().expect("a path"));
        get.headers_mut().insert(name, odd.clone());
        assert_eq!(visitor.send_raw(get).await.status, StatusCode::OK, "{name}");

        let mut post = request("POST", api::SET_THEME.parse().expect("a path"));
        *post.body_mut() = Body::from("theme=dark");
        post.headers_mut().insert(name, odd);
        let answer = visitor.send_raw(post).await;
        let is_fine = answer.status == StatusCode::SEE_OTHER
            || name == "origin" && answer.status == StatusCode::FORBIDDEN;
        assert!(is_fine, "{name}: {}", answer.status);
    }
}

#[tokio::test]
async fn the_theme_leads_back_to_the_page_whatever_its_search_looked_like() {
    let visitor = Site::start().await.visitor();
    let mut post = request("POST", api::SET_THEME.parse().expect("a path"));
    *post.body_mut() = Body::from("theme=dark");
    let referrer = "http://orghub.test/orgs/acme/members?q=M\u{fc}ller".as_bytes();
    let referrer = http::HeaderValue::from_bytes(referrer).expect("bytes");
    post.headers_mut().insert(header::REFERER, referrer);
    let answer = visitor.send_raw(post).await;
    assert_eq!(answer.location(), "/orgs/acme/members?q=M%C3%BCller");
}

#[tokio::test]
async fn what_is_too_long_is_said_to_be_on_every_endpoint() {
    let mut visitor = Site::start().await.visitor();
    let long = "a".repeat(64 * 1024 + 1);
    for path in api::ALL.iter().filter(|path| !api::LOOKUPS.contains(path)) {
        // With its length, and in chunks.
        for body in [
            Body::from(long.clone()),
            Body::from_stream(futures_chunks(&long)),
        ] {
            let answer = visitor.send(Method::POST, path, &[], body).await;
            assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE, "{path}");
            assert!(answer.body.contains("<h1>"), "{path}");
        }
        let broken = Body::from_stream(broken_chunks());
        let answer = visitor.send(Method::POST, path, &[], broken).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{path}");
    }
}

fn futures_chunks(
    text: &str,
) -> impl futures::Stream<Item = Result<String, std::io::Error>> + use<> {
    let chunks: Vec<_> = text
        .as_bytes()
        .chunks(1_000)
        .map(|chunk| Ok(String::from_utf8_lossy(chunk).into_owned()))
        .collect();
    futures::stream::iter(chunks)
}

fn broken_chunks() -> impl futures::Stream<Item = Result<String, std::io::Error>> {
    let broken = std::io::Error::other("the chunk is broken");
    futures::stream::iter([Ok("name=".to_owned()), Err(broken)])
}

#[tokio::test]
async fn a_lookup_leads_nowhere_and_blames_who_asks() {
    let site = Site::start().await;
    let ada = site.app.user("Ada").await;
    let mut ada = site.sign_in(&ada).await;
    let from_elsewhere = [("accept", "text/html"), ("referer", "https://evil.test/x")];
    for (path, expected) in [
        ("/api/my_orgs", 200),
        ("/api/is_slug_free?slug=free-one", 200),
        ("/api/is_slug_free", 422),
        ("/api/is_slug_free?slug=a&slug=b", 400),
        ("/api/is_slug_free?slug[x]=a", 400),
        ("/api/is_slug_free?slug=%FF", 422),
    ] {
        for method in [Method::GET, Method::HEAD] {
            let answer = ada
                .send(method.clone(), path, &from_elsewhere, Body::empty())
                .await;
            assert_eq!(answer.status, expected, "{method} {path}");
            assert_eq!(answer.header("location"), "", "{method} {path}");
        }
        let anonymous = site
            .visitor()
            .send(Method::GET, path, &from_elsewhere, Body::empty())
            .await;
        assert_eq!(anonymous.header("location"), "", "{path}");
        assert!(anonymous.status.is_client_error(), "{path}");
    }
}

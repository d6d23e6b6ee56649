//! Signing in and out.

use http::{Method, StatusCode};
use orghub::routes::{self, api};
use orghub_test_support::PASSWORD;

use crate::site::{Site, app_url};

/// The device cookie over https.
const DEVICE: &str = "__Host-orghub-device";

#[tokio::test]
async fn signing_in_leads_to_the_page_that_was_wanted_and_to_no_other_site() {
    let site = Site::start().await;
    let ada = site.app.user("Ada").await;
    for (next, expected) in [
        ("/orgs/acme/members?page=2", "/orgs/acme/members?page=2"),
        ("", routes::ORGS),
        ("https://evil.test/", routes::ORGS),
        ("//evil.test/", routes::ORGS),
        ("/\\evil.test/", routes::ORGS),
    ] {
        let mut visitor = site.visitor();
        let fields = [
            ("email", ada.email.as_str()),
            ("password", PASSWORD),
            ("next", next),
        ];
        assert_eq!(
            visitor.submit(api::SIGN_IN, &fields).await.location(),
            expected,
            "{next:?}"
        );
        assert_eq!(visitor.open("/orgs").await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn a_failed_sign_in_looks_the_same_whatever_was_wrong_and_hides_the_password() {
    let site = Site::start().await;
    let ada = site.app.user("Ada").await;
    let mut bodies = Vec::new();
    for (email, password) in [
        (ada.email.as_str(), "wrong-password-1"),
        ("nobody@users.test", "wrong-password-1"),
    ] {
        let mut visitor = site.visitor();
        let back = visitor
            .submit(api::SIGN_IN, &[("email", email), ("password", password)])
            .await;
        assert!(visitor.session_cookie().is_none(), "{email}");
        let page = visitor.open(back.location()).await;
        assert!(page.body.contains(email), "what was typed is kept");
        assert!(!page.body.contains(password) && !back.header("set-cookie").contains(password));
        bodies.push(page.body.replace(email, "ADDRESS"));

        let called = site
            .visitor()
            .call(api::SIGN_IN, &[("email", email), ("password", password)])
            .await;
        assert_eq!(called.status, StatusCode::UNAUTHORIZED, "{email}");
    }
    assert_eq!(bodies[0], bodies[1]);
}

#[tokio::test]
async fn guessing_is_limited_even_if_the_last_guess_is_right() {
    let site = Site::start_with(|config| config.sign_in.per_account_and_client = 3).await;
    let ada = site.app.user("Ada").await;
    let mut guesser = site.visitor();
    for _ in 0..3 {
        let answer = guesser
            .call(
                api::SIGN_IN,
                &[("email", ada.email.as_str()), ("password", "wrong")],
            )
            .await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    }
    let answer = guesser
        .call(
            api::SIGN_IN,
            &[("email", ada.email.as_str()), ("password", PASSWORD)],
        )
        .await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(
        answer
            .header("retry-after")
            .parse::<u64>()
            .expect("seconds")
            > 0
    );
    assert!(guesser.session_cookie().is_none());
}

#[tokio::test]
async fn who_guesses_too_often_is_told_when_to_come_back() {
    let site = Site::start_with(|config| config.sign_in.per_account_and_client = 1).await;
    let ada = site.app.user("Ada").await;
    let mut guesser = site.visitor();
    let fields = [("email", ada.email.as_str()), ("password", "wrong")];
    guesser.submit(api::SIGN_IN, &fields).await;
    let back = guesser.submit(api::SIGN_IN, &fields).await;
    let page = guesser.open(back.location()).await;
    assert!(
        page.body
            .contains("Too many attempts. Try again in 15 minutes."),
        "{}",
        page.body
    );
}

#[tokio::test]
async fn a_browser_that_signed_in_before_is_let_in_whatever_strangers_tried() {
    let site = Site::start_with(|config| config.sign_in.per_account = 2).await;
    let ada = site.app.user("Ada").await;
    let right = [("email", ada.email.as_str()), ("password", PASSWORD)];
    let wrong = [("email", ada.email.as_str()), ("password", "wrong")];
    let mut known = site.sign_in(&ada).await;
    known.submit(routes::SIGN_OUT, &[]).await;
    assert!(known.session_cookie().is_none());
    let mut stranger = site.visitor();
    for _ in 0..2 {
        stranger.call(api::SIGN_IN, &wrong).await;
    }
    let refused = site.visitor().call(api::SIGN_IN, &right).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    let other = site.another_node().await;
    for mut browser in [other.receive(&known), known] {
        let answer = browser.submit(api::SIGN_IN, &right).await;
        assert_eq!(answer.location(), routes::ORGS);
        assert!(browser.session_cookie().is_some());
    }
}

#[tokio::test]
async fn the_device_cookie_is_out_of_reach_and_stays_when_somebody_signs_out() {
    let site = Site::start_with(|config| config.app_url = app_url("https://orghub.test")).await;
    let ada = site.app.user("Ada").await;
    let mut browser = site.visitor();
    let failed = [("email", ada.email.as_str()), ("password", "wrong")];
    browser.submit(api::SIGN_IN, &failed).await;
    assert_eq!(
        browser.cookie(DEVICE),
        None,
        "not before somebody signed in"
    );
    let fields = [("email", ada.email.as_str()), ("password", PASSWORD)];
    let answer = browser.submit(api::SIGN_IN, &fields).await;
    let cookies = answer.headers.get_all("set-cookie").iter();
    let cookie = cookies
        .map(|cookie| cookie.to_str().expect("text"))
        .find(|cookie| cookie.starts_with(DEVICE))
        .expect("a device cookie");
    for attribute in [
        "HttpOnly",
        "SameSite=Lax",
        "Secure",
        "Path=/",
        "Max-Age=31536000",
    ] {
        assert!(cookie.contains(attribute), "{attribute} in {cookie}");
    }
    assert!(
        !cookie.contains("Domain") && !cookie.contains("ada"),
        "{cookie}"
    );

    let kept = browser.cookie(DEVICE).map(str::to_owned);
    browser.open("/orgs").await;
    browser.submit(routes::SIGN_OUT, &[]).await;
    assert_eq!(browser.cookie(DEVICE).map(str::to_owned), kept);
    browser.submit(api::SIGN_IN, &fields).await;
    assert_ne!(
        browser.cookie(DEVICE).map(str::to_owned),
        kept,
        "a new year"
    );
}

#[tokio::test]
async fn a_made_up_device_cookie_is_a_strangers() {
    let site = Site::start_with(|config| config.sign_in.per_account = 1).await;
    let ada = site.app.user("Ada").await;
    let wrong = [("email", ada.email.as_str()), ("password", "wrong")];
    site.visitor().call(api::SIGN_IN, &wrong).await;
    for value in ["", "x", "AAAA.AAAA", "\"quoted\"", &"A".repeat(3_000)] {
        let cookie = format!("orghub-device={value}");
        let form = format!("email={}&password=wrong", ada.email.as_str());
        let headers = [
            ("accept", "application/json"),
            ("content-type", "application/x-www-form-urlencoded"),
            ("cookie", cookie.as_str()),
        ];
        let answer = site
            .visitor()
            .send(Method::POST, api::SIGN_IN, &headers, form.into())
            .await;
        assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS, "{value:?}");
    }
}

#[tokio::test]
async fn the_session_cookie_is_out_of_reach_of_scripts_and_other_sites() {
    let site = Site::start().await;
    let ada = site.app.user("Ada").await;
    let mut visitor = site.visitor();
    let answer = visitor
        .submit(
            api::SIGN_IN,
            &[("email", ada.email.as_str()), ("password", PASSWORD)],
        )
        .await;
    let cookie = answer
        .headers
        .get_all("set-cookie")
        .iter()
        .map(|cookie| cookie.to_str().expect("text"))
        .find(|cookie| cookie.starts_with("orghub="))
        .expect("a session cookie");
    for attribute in ["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=2592000"] {
        assert!(cookie.contains(attribute), "{attribute} in {cookie}");
    }
    assert!(!cookie.contains("Domain"));
}

#[tokio::test]
async fn a_session_planted_before_signing_in_is_useless() {
    let site = Site::start().await;
    let ada = site.app.user("Ada").await;
    let bob = site.app.user("Bob").await;
    let planter = site.sign_in(&bob).await;
    let mut victim = site.visitor();
    victim.steal_session(&planter);
    victim
        .submit(
            api::SIGN_IN,
            &[("email", ada.email.as_str()), ("password", PASSWORD)],
        )
        .await;
    assert_ne!(victim.session_cookie(), planter.session_cookie());
    let mut planter = planter;
    assert_eq!(
        planter.open("/orgs").await.status,
        StatusCode::SEE_OTHER,
        "the old id is dead"
    );
}

#[tokio::test]
async fn signing_out_ends_the_session_for_everyone_who_has_its_cookie_on_every_node() {
    let site = Site::start().await;
    let ada = site.app.user("Ada").await;
    let other = site.another_node().await;
    let mut ada = site.sign_in(&ada).await;
    let mut thief = site.visitor();
    thief.steal_session(&ada);
    let mut thief_elsewhere = other.receive(&thief);
    assert_eq!(thief.open("/orgs").await.status, StatusCode::OK);
    assert_eq!(thief_elsewhere.open("/orgs").await.status, StatusCode::OK);

    let answer = ada.submit(routes::SIGN_OUT, &[]).await;
    assert_eq!(answer.location(), routes::SIGN_IN);
    assert!(ada.session_cookie().is_none(), "the browser deletes it");
    assert_eq!(ada.open("/orgs").await.status, StatusCode::SEE_OTHER);
    assert_eq!(thief.open("/orgs").await.status, StatusCode::SEE_OTHER);
    assert_eq!(
        thief_elsewhere.open("/orgs").await.status,
        StatusCode::SEE_OTHER
    );
}

#[tokio::test]
async fn a_made_up_or_broken_cookie_signs_nobody_in() {
    let site = Site::start().await;
    for cookie in [
        "orghub=AAAAAAAAAAAAAAAAAAAAAA",
        "orghub=nonsense",
        "orghub=",
        "orghub=\"; drop table session",
    ] {
        let mut visitor = site.visitor();
        let answer = visitor
            .send(
                Method::GET,
                "/orgs",
                &[("cookie", cookie)],
                axum::body::Body::empty(),
            )
            .await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{cookie}");
    }
}

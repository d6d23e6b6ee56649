//! The organization as a whole, by its forms: logo, second factor, deleting and restoring.

use axum::body::Body;
use http::{Method, StatusCode};
use orghub::{
    domain::Role,
    routes::{self, AccountPage, api},
};
use time::Duration;

use crate::site::{Answer, Site, Visitor};

/// One pixel.
const PNG: &[u8] =
    b"\x89\x50\x4e\x47\x0d\x0a\x1a\x0a\x00\x00\x00\x0d\x49\x48\x44\x52\x00\x00\x00\x01\x00\x00\
    \x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89\x00\x00\x00\x0d\x49\x44\x41\x54\x78\xda\x63\
    \x64\xf8\xcf\x50\x0f\x00\x03\x86\x01\x80\x5a\x34\x7d\x6b\x00\x00\x00\x00\x49\x45\x4e\x44\
    \xae\x42\x60\x82";

async fn upload_logo(visitor: &mut Visitor, org: &str, content: &[u8]) -> Answer {
    let mut body = format!(
        "--limit\r\ncontent-disposition: form-data; name=\"org\"\r\n\r\n{org}\r\n\
         --limit\r\ncontent-disposition: form-data; name=\"logo\"; filename=\"logo.png\"\r\n\
         content-type: image/png\r\n\r\n"
    )
    .into_bytes();
    body.extend_from_slice(content);
    body.extend_from_slice(b"\r\n--limit--\r\n");
    let headers = [
        ("accept", "text/html"),
        ("content-type", "multipart/form-data; boundary=limit"),
        ("sec-fetch-site", "same-origin"),
    ];
    visitor
        .send(Method::POST, api::CHANGE_LOGO, &headers, Body::from(body))
        .await
}

#[tokio::test]
async fn a_logo_is_shown_wherever_the_organization_is_named() {
    let site = Site::start().await;
    let ada = site.app.user("Ada").await;
    site.org("acme", &ada).await;
    let mut ada = site.sign_in(&ada).await;
    let back = upload_logo(&mut ada, "acme", PNG).await;
    assert_eq!(back.location(), "/orgs/acme/settings");
    let page = ada.open(back.location()).await;
    assert!(page.body.contains("The logo is saved."), "{}", page.body);
    let (_, rest) = page.body.split_once(routes::PICTURES).expect("it is shown");
    let address = format!("{}{}", routes::PICTURES, &rest[..64]);
    for page in ["/orgs", "/orgs/acme", "/orgs/acme/members"] {
        assert!(ada.open(page).await.body.contains(&address), "{page}");
    }
    let logo = ada.open(&address).await;
    assert_eq!(logo.status, StatusCode::OK);
    assert_eq!(logo.header("content-type"), "image/jpeg");
    let stranger = site.visitor().open(&address).await;
    assert_eq!(stranger.status, StatusCode::NOT_FOUND);

    for content in [&b""[..], b"<svg/>", &[0; 1024 * 1024 + 1]] {
        let back = upload_logo(&mut ada, "acme", content).await;
        let page = ada.open(back.location()).await;
        let length = content.len();
        assert_eq!(page.count("class=\"field__error\""), 1, "{length} bytes");
        assert!(page.body.contains(&address), "the logo stays");
    }
    let back = ada.submit(api::REMOVE_LOGO, &[("org", "acme")]).await;
    let page = ada.open(back.location()).await;
    assert!(page.body.contains("The logo is removed."));
    assert!(!page.body.contains(&address));
}

#[tokio::test]
async fn deleting_asks_for_a_fresh_proof_and_the_slug_and_can_be_undone() {
    let site = Site::start().await;
    let (ada, grace) = (site.app.user("Ada").await, site.app.user("Grace").await);
    let acme = site.org("acme", &ada).await;
    site.app.add_member(acme, &grace, Role::Admin).await;
    let (mut ada, mut grace) = (site.sign_in(&ada).await, site.sign_in(&grace).await);
    let page = grace.open("/orgs/acme/settings").await;
    assert!(!page.body.contains(api::DELETE_ORG), "not for admins");

    let typed = |text| [("org", "acme"), ("confirmation", text)];
    let back = ada.submit(api::DELETE_ORG, &typed("acme-inc")).await;
    let page = ada.open(back.location()).await;
    assert!(page.body.contains("Type acme to delete"), "{}", page.body);
    assert!(
        page.body.contains("value=\"acme-inc\""),
        "what was typed stays"
    );

    site.app.services.clock.advance(Duration::minutes(11));
    let asked = ada.submit(api::DELETE_ORG, &typed("acme")).await;
    assert!(asked.location().starts_with(routes::CONFIRM));
    let password = [("password", orghub_test_support::PASSWORD)];
    ada.submit(api::CONFIRM, &password).await;

    let done = ada.submit(api::DELETE_ORG, &typed("acme")).await;
    assert_eq!(done.location(), routes::ORGS);
    let page = ada.open(routes::ORGS).await;
    assert!(
        page.body.contains("is deleted. Its owners"),
        "{}",
        page.body
    );
    assert!(page.body.contains("Can be restored until"), "{}", page.body);
    let page = grace.open(routes::ORGS).await;
    assert!(!page.body.contains("Organization acme"), "{}", page.body);
    for path in ["/orgs/acme", "/orgs/acme/settings"] {
        let page = ada.open(path).await;
        assert_eq!(page.status, StatusCode::GONE, "{path}");
        assert!(page.body.contains(api::RESTORE_ORG), "{}", page.body);
        assert_eq!(grace.open(path).await.status, StatusCode::NOT_FOUND);
    }

    let refused = grace.call(api::RESTORE_ORG, &[("org", "acme")]).await;
    assert_eq!(refused.status, StatusCode::NOT_FOUND);
    let done = ada.submit(api::RESTORE_ORG, &[("org", "acme")]).await;
    assert_eq!(done.location(), "/orgs/acme");
    let page = ada.open("/orgs/acme").await;
    assert!(page.body.contains("The organization is restored."));
    assert_eq!(grace.open("/orgs/acme").await.status, StatusCode::OK);
    let page = ada.open(routes::ORGS).await;
    assert!(!page.body.contains("Can be restored until"));
}

#[tokio::test]
async fn who_has_no_second_factor_is_reminded_until_the_day_and_shown_the_way_then() {
    let site = Site::start().await;
    let (ada, grace) = (site.app.user("Ada").await, site.app.user("Grace").await);
    let acme = site.org("acme", &ada).await;
    site.app.add_member(acme, &grace, Role::Member).await;
    let (mut ada, mut grace) = (site.sign_in(&ada).await, site.sign_in(&grace).await);
    let page = ada.open("/orgs/acme/settings/second-factor").await;
    assert_eq!(page.attribute("data-without"), "2");
    assert!(page.body.contains("grace@users.test"));
    assert!(
        !page.body.contains(api::REQUIRE_SECOND_FACTOR),
        "she has none"
    );

    site.app
        .sql_announced("update users set second_factor_at = now() where name = 'Ada'")
        .await;
    let page = ada.open("/orgs/acme/settings/second-factor").await;
    assert_eq!(page.attribute("data-without"), "1");
    let day = page.attribute("type=\"date\" value").to_owned();
    let fields = [("org", "acme"), ("from", day.as_str())];
    let back = ada.submit(api::REQUIRE_SECOND_FACTOR, &fields).await;
    let page = ada.open(back.location()).await;
    assert!(
        page.body.contains("A second factor is required from"),
        "{}",
        page.body
    );
    let page = grace.open("/orgs/acme/members").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(
        page.body.contains("Without one you lose access"),
        "{}",
        page.body
    );
    let page = ada.open("/orgs/acme/members").await;
    assert!(!page.body.contains("Without one you lose access"));

    site.app.services.clock.advance(Duration::days(15));
    let page = grace.open("/orgs/acme/members").await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    assert!(page.body.contains(AccountPage::Security.path()));
    let refused = grace.call(api::LEAVE_ORG, &[("org", "acme")]).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    site.app
        .sql_announced("update users set second_factor_at = now() where name = 'Grace'")
        .await;
    assert_eq!(
        grace.open("/orgs/acme/members").await.status,
        StatusCode::OK
    );
}

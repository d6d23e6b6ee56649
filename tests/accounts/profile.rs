use std::io::Cursor;

use image::{DynamicImage, ImageFormat};
use orghub::{
    auth::SignedIn,
    domain::{Edit, MemberListQuery, PictureHash, UserName},
    error::Error,
};
use orghub_test_support::TestApp;

fn name(was: &str, text: &str) -> Edit<UserName> {
    Edit::new(was.to_owned(), UserName::parse(text).expect("a name"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_changes_wherever_it_is_shown() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    let slug = app.org("acme", &ada).await;
    let node = app.another_node().await;
    let shown = async || {
        let access = node.access.require(&ada, &slug).await.expect("a member");
        let query = MemberListQuery::default();
        let members = node.orgs.list_members(&access, &query).await;
        members.expect("a page").page.rows[0].name.clone()
    };
    assert_eq!(shown().await, "Ada");
    let auth = &app.services.auth;
    auth.change_name(&ada, name("Ada", "Ada Lovelace"))
        .await
        .expect("changed");
    assert_eq!(shown().await, "Ada Lovelace");
    let lost = auth.change_name(&ada, name("Ada", "Countess")).await;
    assert!(lost.is_err(), "another tab changed it");
    auth.change_name(&ada, name("Ada", "Ada"))
        .await
        .expect("not touched");
    assert_eq!(shown().await, "Ada Lovelace");
}

fn png(side: u32) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    let picture = DynamicImage::new_rgb8(side, side);
    picture
        .write_to(&mut bytes, ImageFormat::Png)
        .expect("it encodes");
    bytes.into_inner()
}

async fn picture_of(app: &TestApp, user: &SignedIn) -> Option<PictureHash> {
    let session = app.sign_in(user).await;
    let found = app.services.sessions.current_user(&session).await;
    found.expect("an answer").expect("signed in").picture
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_is_made_anew_and_shown_until_it_is_removed() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    let auth = &app.services.auth;
    let sent = png(500);
    auth.change_picture(&ada, sent.clone())
        .await
        .expect("a picture");
    let hash = picture_of(&app, &ada).await.expect("a picture");
    let pictures = &app.services.pictures;
    let kept = pictures.get(&hash).await.expect("it is there").0;
    assert_ne!(kept, sent);
    assert!(kept.starts_with(&[0xff, 0xd8]), "a JPEG");
    auth.remove_picture(&ada).await.expect("removed");
    assert_eq!(picture_of(&app, &ada).await, None);
    assert!(matches!(pictures.get(&hash).await, Err(Error::NotFound)));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_picture_or_too_large_is_refused() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    for sent in [Vec::new(), b"<svg/>".to_vec(), vec![0; 3 * 1024 * 1024]] {
        let refused = app.services.auth.change_picture(&ada, sent).await;
        assert!(matches!(refused, Err(Error::Invalid(_))), "{refused:?}");
    }
    assert_eq!(picture_of(&app, &ada).await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_kept_can_be_taken_along_without_secrets() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    app.org("acme", &ada).await;
    let session = app.sign_in(&ada).await;
    let export = app.services.auth.export(&ada).await.expect("an export");
    let json: serde_json::Value = serde_json::from_str(&export.0).expect("JSON");
    assert_eq!(json["account"]["email"], ada.email.as_str());
    assert_eq!(json["memberships"][0]["slug"], "acme");
    assert_eq!(json["memberships"][0]["role"], "owner");
    assert_eq!(json["activity"][0]["organization"], "Organization acme");
    assert_eq!(json["sessions"].as_array().map(Vec::len), Some(2));
    for secret in ["argon2", "hash", &session.to_string()] {
        assert!(!export.0.contains(secret), "{secret}");
    }
}

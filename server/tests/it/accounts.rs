//! The pages and forms of accounts: what they say, keep and never tell.

use axum::body::Body;
use http::{Method, StatusCode};
use orghub::{
    domain::TokenKind,
    routes::{self, AccountPage, api, mailed_link, mailed_link_page},
};
use orghub_test_support::PASSWORD;
use time::Duration;

use crate::site::{Answer, Site, Visitor};

const ADA: &str = "ada@users.test";
const GOOD: &str = "a long walk by the river";

const KINDS: [TokenKind; 5] = [
    TokenKind::VerifyEmail,
    TokenKind::ResetPassword,
    TokenKind::ChangeEmail,
    TokenKind::UndoEmailChange,
    TokenKind::DeleteAccount,
];

async fn sign_up(visitor: &mut Visitor, email: &str, next: &str) -> Answer {
    let fields = [
        ("name", "Ada"),
        ("email", email),
        ("password", GOOD),
        ("next", next),
    ];
    visitor.submit(api::SIGN_UP, &fields).await
}

#[tokio::test]
async fn from_signing_up_to_the_first_organization_it_is_one_way() {
    let site = Site::start().await;
    let mut ada = site.visitor();
    let sent = sign_up(&mut ada, ADA, "").await;
    let page = ada.open(sent.location()).await;
    assert!(page.markup().contains(&format!("sent a message to {ADA}")));

    let token = site.app.mailed_token(ADA).await;
    let link = mailed_link(TokenKind::VerifyEmail, &token);
    for method in [Method::HEAD, Method::GET, Method::GET] {
        let page = ada
            .send(method, &link, &[("accept", "text/html")], Body::empty())
            .await;
        assert_eq!(page.status, StatusCode::OK, "opening it changes nothing");
        assert_eq!(page.count("type=\"password\""), 0);
    }
    let done = ada.submit(api::VERIFY_EMAIL, &[("token", &token)]).await;
    let page = ada.open(done.location()).await;
    assert_eq!(done.location(), routes::NEW_ORG);
    assert!(page.body.contains("Your e-mail address is confirmed."));
    let made = ada
        .submit(api::CREATE_ORG, &[("name", "Ada & Söhne"), ("slug", "")])
        .await;
    assert_eq!(made.location(), "/orgs/ada-sohne");

    let again = ada.submit(api::VERIFY_EMAIL, &[("token", &token)]).await;
    let page = ada.open(again.location()).await;
    assert_eq!(page.status, StatusCode::GONE);
}

#[tokio::test]
async fn whoever_came_for_a_page_is_led_to_it_in_the_end() {
    let site = Site::start().await;
    for (index, (next, expected)) in [
        ("/orgs/acme/members?page=2", "/orgs/acme/members?page=2"),
        ("https://evil.test/", routes::ORGS),
    ]
    .into_iter()
    .enumerate()
    {
        let email = format!("user-{index}@users.test");
        let mut visitor = site.visitor();
        sign_up(&mut visitor, &email, next).await;
        let token = site.app.mailed_token(&email).await;
        let done = visitor
            .submit(api::VERIFY_EMAIL, &[("token", &token)])
            .await;
        assert_eq!(done.location(), expected);
    }
}

#[tokio::test]
async fn the_answer_never_tells_whether_an_address_has_an_account() {
    let site = Site::start().await;
    site.app.user("Ada").await;
    for (endpoint, fields) in [
        (api::SIGN_UP, vec![("name", "Ada"), ("password", GOOD)]),
        (api::FORGOT_PASSWORD, Vec::new()),
    ] {
        let mut pages = Vec::new();
        for email in [ADA, "nobody@users.test"] {
            let mut visitor = site.visitor();
            let mut fields = fields.clone();
            fields.push(("email", email));
            let answer = visitor.submit(endpoint, &fields).await;
            let page = visitor.open(answer.location()).await;
            let cookies = visitor.session_cookie().is_some();
            pages.push((page.body.replace(email, "ADDRESS"), cookies));
        }
        assert_eq!(pages[0], pages[1], "{endpoint}");
    }
}

#[tokio::test]
async fn a_refused_form_keeps_what_was_typed_but_the_password() {
    let site = Site::start().await;
    let mut visitor = site.visitor();
    let fields = [
        ("name", "Ada"),
        ("email", "not an address"),
        ("password", GOOD),
    ];
    let back = visitor.submit(api::SIGN_UP, &fields).await;
    let page = visitor.open(back.location()).await;
    assert!(page.body.contains("value=\"Ada\"") && page.body.contains("value=\"not an address\""));
    assert!(page.body.contains("id=\"email-error\""));
    let fields = [("name", "Ada"), ("email", ADA), ("password", "short")];
    let back = visitor.submit(api::SIGN_UP, &fields).await;
    let page = visitor.open(back.location()).await;
    assert!(page.body.contains("id=\"password-error\""));
    assert!(!page.body.contains("short\"") && !back.header("set-cookie").contains("short"));
}

#[tokio::test]
async fn a_dead_link_is_one_page_whatever_was_wrong_with_it() {
    let site = Site::start().await;
    let mut ada = site.visitor();
    sign_up(&mut ada, ADA, "").await;
    let token = site.app.mailed_token(ADA).await;
    let mut pages = Vec::new();
    for kind in KINDS {
        let foreign = (kind != TokenKind::VerifyEmail).then_some(token.as_str());
        for text in ["", "x", "<script>", "%FF"].into_iter().chain(foreign) {
            let page = site.visitor().open(&mailed_link(kind, text)).await;
            assert_eq!(page.status, StatusCode::GONE, "{kind:?} {text}");
            pages.push(page.body);
        }
        pages.push(site.visitor().open(mailed_link_page(kind)).await.body);
    }
    site.app.services.clock.advance(Duration::hours(25));
    let expired = mailed_link(TokenKind::VerifyEmail, &token);
    pages.push(site.visitor().open(&expired).await.body);
    assert!(pages.iter().all(|page| *page == pages[0]));
    assert!(pages[0].contains("Sign in"), "it says what to do next");
}

#[tokio::test]
async fn a_forgotten_password_is_set_anew() {
    let site = Site::start().await;
    let ada = site.app.user("Ada").await;
    let mut signed_in = site.sign_in(&ada).await;
    let auth = &site.app.services.auth;
    auth.send_reset_link(&ada.email).await.expect("mailed");
    let token = site.app.mailed_token(ADA).await;
    let mut visitor = site.visitor();
    let link = mailed_link(TokenKind::ResetPassword, &token);
    assert!(
        visitor
            .open(&link)
            .await
            .body
            .contains("autocomplete=\"new-password\"")
    );
    let short = [("token", token.as_str()), ("password", "short")];
    let back = visitor.submit(api::RESET_PASSWORD, &short).await;
    assert_eq!(back.location(), link, "the link goes on working");
    assert!(
        visitor
            .open(&link)
            .await
            .body
            .contains("id=\"password-error\"")
    );
    let good = [("token", token.as_str()), ("password", GOOD)];
    let done = visitor.submit(api::RESET_PASSWORD, &good).await;
    assert_eq!(done.location(), routes::SIGN_IN);
    assert!(
        visitor.session_cookie().is_none(),
        "the link does not sign in"
    );
    assert_eq!(
        signed_in.open(routes::ORGS).await.status,
        StatusCode::SEE_OTHER
    );
    let fields = [("email", ADA), ("password", GOOD)];
    assert_eq!(
        visitor.submit(api::SIGN_IN, &fields).await.location(),
        routes::ORGS
    );
}

#[tokio::test]
async fn after_ten_minutes_the_password_is_asked_for_and_the_form_comes_back_filled() {
    let site = Site::start().await;
    let ada = site.app.user("Ada").await;
    let mut visitor = site.sign_in(&ada).await;
    site.app.services.clock.advance(Duration::minutes(11));
    let wanted = [("email", "ada@elsewhere.test")];
    let asked = visitor.submit(api::REQUEST_EMAIL_CHANGE, &wanted).await;
    let account = AccountPage::Profile.path();
    assert_eq!(asked.location(), routes::confirm_then(account));
    let page = visitor.open(asked.location()).await;
    let next = page.attribute("name=\"next\" value").to_owned();
    let wrong = [("password", "a guess"), ("next", next.as_str())];
    let back = visitor.submit(api::CONFIRM, &wrong).await;
    assert_eq!(back.location(), asked.location());
    let right = [("password", PASSWORD), ("next", next.as_str())];
    let back = visitor.submit(api::CONFIRM, &right).await;
    assert_eq!(back.location(), account);
    let page = visitor.open(account).await;
    assert!(
        page.body.contains("value=\"ada@elsewhere.test\""),
        "nothing has to be typed again"
    );
    let done = visitor.submit(api::REQUEST_EMAIL_CHANGE, &wanted).await;
    assert_eq!(done.location(), account);
    assert_eq!(site.app.mail_to("ada@elsewhere.test").await.len(), 1);

    let json = site
        .sign_in(&ada)
        .await
        .call(api::REQUEST_DELETION, &[])
        .await;
    assert_eq!(json.status, StatusCode::OK);
    site.app.services.clock.advance(Duration::minutes(11));
    let json = visitor.call(api::REQUEST_DELETION, &[]).await;
    assert_eq!(json.status, StatusCode::FORBIDDEN);
    assert!(json.body.contains("ConfirmFirst"), "{}", json.body);
}

#[tokio::test]
async fn somebody_unverified_is_told_and_kept_from_making_organizations() {
    let site = Site::start().await;
    sign_up(&mut site.visitor(), ADA, "").await;
    let mut visitor = site.visitor();
    let fields = [("email", ADA), ("password", GOOD)];
    visitor.submit(api::SIGN_IN, &fields).await;
    let page = visitor.open(routes::ORGS).await;
    assert!(page.body.contains(api::RESEND_VERIFICATION));
    let back = visitor
        .submit(api::CREATE_ORG, &[("name", "Acme"), ("slug", "acme")])
        .await;
    let page = visitor.open(back.location()).await;
    assert!(
        page.body.contains("Confirm your e-mail address first"),
        "{}",
        page.body
    );
    assert!(page.body.contains("value=\"acme\""));
    let again = visitor.submit(api::RESEND_VERIFICATION, &[]).await;
    assert_eq!(again.location(), routes::CHECK_MAIL);
    assert_eq!(site.app.mail_to(ADA).await.len(), 2);
}

fn file(content: &[u8]) -> (String, Vec<u8>) {
    let mut body = b"--limit\r\ncontent-disposition: form-data; name=\"picture\"; \
        filename=\"me.png\"\r\ncontent-type: image/png\r\n\r\n"
        .to_vec();
    body.extend_from_slice(content);
    body.extend_from_slice(b"\r\n--limit--\r\n");
    ("multipart/form-data; boundary=limit".to_owned(), body)
}

async fn upload(visitor: &mut Visitor, kind: &str, body: Vec<u8>) -> Answer {
    let headers = [
        ("accept", "text/html"),
        ("content-type", kind),
        ("sec-fetch-site", "same-origin"),
    ];
    visitor
        .send(
            Method::POST,
            api::CHANGE_PICTURE,
            &headers,
            Body::from(body),
        )
        .await
}

/// One pixel.
const PNG: &[u8] =
    b"\x89\x50\x4e\x47\x0d\x0a\x1a\x0a\x00\x00\x00\x0d\x49\x48\x44\x52\x00\x00\x00\x01\x00\x00\
    \x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89\x00\x00\x00\x0d\x49\x44\x41\x54\x78\xda\x63\
    \x64\xf8\xcf\x50\x0f\x00\x03\x86\x01\x80\x5a\x34\x7d\x6b\x00\x00\x00\x00\x49\x45\x4e\x44\
    \xae\x42\x60\x82";

#[tokio::test]
async fn a_picture_is_shown_to_users_and_to_nobody_else() {
    let site = Site::start().await;
    let ada = site.app.user("Ada").await;
    let mut visitor = site.sign_in(&ada).await;
    let (kind, body) = file(PNG);
    let done = upload(&mut visitor, &kind, body).await;
    let page = visitor.open(done.location()).await;
    assert!(
        page.body.contains("Your picture is saved."),
        "{}",
        page.markup()
    );
    let (_, name) = page.body.split_once(routes::PICTURES).expect("it is shown");
    let address = format!("{}{}", routes::PICTURES, &name[..64]);
    let picture = visitor.open(&address).await;
    assert_eq!(picture.status, StatusCode::OK);
    assert_eq!(picture.header("content-type"), "image/jpeg");
    assert!(picture.header("cache-control").starts_with("private"));
    assert_eq!(
        site.visitor().open(&address).await.status,
        StatusCode::NOT_FOUND
    );
    let refused = site.visitor().open("/pictures/../x").await;
    assert_eq!(refused.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_is_no_picture_is_refused_next_to_the_field() {
    let site = Site::start().await;
    let ada = site.app.user("Ada").await;
    let mut visitor = site.sign_in(&ada).await;
    for content in [&b""[..], b"<svg/>", &[0; 2 * 1024 * 1024 + 1]] {
        let (kind, body) = file(content);
        let back = upload(&mut visitor, &kind, body).await;
        let page = visitor.open(back.location()).await;
        assert_eq!(
            page.count("class=\"field__error\""),
            1,
            "{} bytes",
            content.len()
        );
    }
    for kind in [
        "multipart/form-data",
        "application/x-www-form-urlencoded",
        "nonsense",
    ] {
        let refused = upload(&mut visitor, kind, b"picture=x".to_vec()).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{kind}");
    }
    let (kind, _) = file(b"");
    let cut = upload(&mut visitor, &kind, b"--limit\r\ncontent-dis".to_vec()).await;
    assert!(
        cut.status.is_redirection() || cut.status.is_client_error(),
        "{}",
        cut.status
    );
    let (kind, body) = file(&[0; 5 * 1024 * 1024]);
    let large = upload(&mut visitor, &kind, body).await;
    assert_eq!(large.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn ones_own_data_is_a_file() {
    let site = Site::start().await;
    let ada = site.app.user("Ada").await;
    let mut visitor = site.sign_in(&ada).await;
    let file = visitor.open(routes::ACCOUNT_EXPORT).await;
    assert!(file.header("content-disposition").starts_with("attachment"));
    assert!(file.header("cache-control").contains("no-store"));
    assert!(file.body.contains(ADA));
    let visitor = site.visitor().open(routes::ACCOUNT_EXPORT).await;
    assert!(visitor.location().starts_with(routes::SIGN_IN));
}

#[tokio::test]
async fn signing_out_has_the_browser_forget_our_pages() {
    let site = Site::start().await;
    let ada = site.app.user("Ada").await;
    let mut visitor = site.sign_in(&ada).await;
    let out = visitor.submit(routes::SIGN_OUT, &[]).await;
    assert!(out.header("clear-site-data").contains("\"cache\""));
}

#[tokio::test]
async fn what_is_typed_into_a_passwords_field_is_masked() {
    let site = Site::start().await;
    let ada = site.app.user("Ada").await;
    let mut signed_in = site.sign_in(&ada).await;
    for (page, fields) in [
        (site.visitor().open(routes::SIGN_IN).await, 1),
        (site.visitor().open(routes::SIGN_UP).await, 1),
        (signed_in.open(routes::CONFIRM).await, 1),
        (signed_in.open(AccountPage::Security.path()).await, 2),
    ] {
        assert_eq!(page.count("type=\"password\""), fields);
        assert_eq!(page.count("name=\"password\" type=\"text\""), 0);
    }
}

//! Invitations as people meet them: forms, links and pages, without JavaScript.

use axum::body::Body;
use http::{Method, StatusCode};
use orghub::routes::{self, api};
use orghub_test_support::PASSWORD;

use crate::site::{Answer, Site, Visitor};

const LIST: &str = "/orgs/acme/invitations";
const GRACE: &str = "grace@users.test";

/// A site with `acme`, and its owner at a browser.
async fn acme() -> (Site, Visitor) {
    let site = Site::start().await;
    let ada = site.app.user("Ada").await;
    site.org("acme", &ada).await;
    let visitor = site.sign_in(&ada).await;
    (site, visitor)
}

async fn invite(visitor: &mut Visitor, email: &str) -> Answer {
    let fields = [("org", "acme"), ("email", email), ("role", "admin")];
    visitor.submit(api::INVITE, &fields).await
}

/// Path of the link that was mailed last to this address.
async fn link(site: &Site, email: &str) -> String {
    let letters = site.app.mail_to(email).await;
    let letter = letters.last().expect("something was mailed");
    letter.button.as_ref().expect("it has a link").path.clone()
}

fn token(link: &str) -> &str {
    link.strip_prefix("/invitations/").expect("an invitation's")
}

async fn import(visitor: &mut Visitor, file: &[u8]) -> Answer {
    let mut body = b"--limit\r\ncontent-disposition: form-data; name=\"org\"\r\n\r\nacme\r\n\
        --limit\r\ncontent-disposition: form-data; name=\"file\"; filename=\"people.csv\"\r\n\
        content-type: text/csv\r\n\r\n"
        .to_vec();
    body.extend_from_slice(file);
    body.extend_from_slice(b"\r\n--limit--\r\n");
    let headers = [
        ("accept", "text/html"),
        ("content-type", "multipart/form-data; boundary=limit"),
        ("sec-fetch-site", "same-origin"),
    ];
    let path = api::IMPORT_INVITATIONS;
    visitor
        .send(Method::POST, path, &headers, Body::from(body))
        .await
}

#[tokio::test]
async fn somebody_new_comes_back_to_the_invitation_and_joins() {
    let (site, mut ada) = acme().await;
    let done = invite(&mut ada, GRACE).await;
    assert_eq!(done.location(), LIST);
    let list = ada.open(LIST).await;
    assert!(
        list.markup().contains("We have mailed an invitation to"),
        "{}",
        list.markup()
    );
    assert_eq!(list.count("data-state=\"pending\""), 1);
    assert_eq!(list.attribute("data-total"), "1");

    let link = link(&site, GRACE).await;
    let mut grace = site.visitor();
    let page = grace.open(&link).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.body.contains("Organization acme") && page.body.contains(GRACE));
    assert!(
        !page.body.contains(api::ACCEPT_INVITATION),
        "first an account"
    );
    let sign_up = routes::sign_up_as(GRACE, &link);
    assert!(
        page.body.contains(&sign_up.replace('&', "&amp;")),
        "{}",
        page.markup()
    );
    let form = grace.open(&sign_up).await;
    assert!(
        form.body.contains(&format!("value=\"{GRACE}\"")),
        "it is filled in"
    );
    let fields = [
        ("name", "Grace"),
        ("email", GRACE),
        ("password", PASSWORD),
        ("next", &link),
    ];
    let done = grace.submit(api::SIGN_UP, &fields).await;
    assert_eq!(done.location(), routes::CHECK_MAIL);
    let secret = site.app.mailed_token(GRACE).await;
    let done = grace.submit(api::VERIFY_EMAIL, &[("token", &secret)]).await;
    assert_eq!(done.location(), link, "back to the invitation");
    let page = grace.open(&link).await;
    assert!(
        page.body.contains(api::ACCEPT_INVITATION),
        "{}",
        page.markup()
    );
    let done = grace
        .submit(api::ACCEPT_INVITATION, &[("token", token(&link))])
        .await;
    assert_eq!(done.location(), "/orgs/acme");
    let page = grace.open("/orgs/acme/settings").await;
    assert_eq!(page.status, StatusCode::OK, "an admin");
    // Sent twice, it gets the first one's answer.
    let again = grace
        .submit(api::ACCEPT_INVITATION, &[("token", token(&link))])
        .await;
    assert_eq!(again.location(), "/orgs/acme");
    let over = grace.open(&link).await;
    assert_eq!(over.status, StatusCode::GONE);
    assert!(over.body.contains("This invitation is over"));
}

#[tokio::test]
async fn another_account_sees_both_addresses_and_the_way_on() {
    let (site, mut ada) = acme().await;
    invite(&mut ada, GRACE).await;
    let link = link(&site, GRACE).await;
    let mary = site.app.user("Mary").await;
    let mut mary = site.sign_in(&mary).await;
    let page = mary.open(&link).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.body.contains(GRACE) && page.body.contains("mary@users.test"));
    assert!(!page.body.contains(api::ACCEPT_INVITATION));
    let refused = mary
        .submit(api::ACCEPT_INVITATION, &[("token", token(&link))])
        .await;
    assert_eq!(refused.location(), link);
    assert!(
        mary.open(&link)
            .await
            .body
            .contains("is for another address")
    );
    let done = mary.submit(routes::SIGN_OUT, &[("next", &link)]).await;
    assert_eq!(done.location(), link);
    let page = mary.open(&link).await;
    assert!(page.body.contains("Create an account"), "{}", page.markup());
    let away = mary
        .submit(routes::SIGN_OUT, &[("next", "//evil.test")])
        .await;
    assert_eq!(away.location(), routes::ORGS);
}

#[tokio::test]
async fn opening_the_link_decides_nothing_and_declining_does() {
    let (site, mut ada) = acme().await;
    invite(&mut ada, GRACE).await;
    let link = link(&site, GRACE).await;
    let mut scanner = site.visitor();
    for _ in 0..3 {
        assert_eq!(scanner.open(&link).await.status, StatusCode::OK);
    }
    let done = scanner
        .submit(api::DECLINE_INVITATION, &[("token", token(&link))])
        .await;
    assert_eq!(done.location(), routes::SIGN_IN);
    assert_eq!(scanner.open(&link).await.status, StatusCode::GONE);
    let list = ada.open("/orgs/acme/invitations?state=declined").await;
    assert_eq!(list.count("data-state=\"declined\""), 1);
}

#[tokio::test]
async fn a_refused_invitation_says_why_and_keeps_what_was_typed() {
    let (_site, mut ada) = acme().await;
    let refused = invite(&mut ada, "no address").await;
    let page = ada.open(refused.location()).await;
    assert!(
        page.body.contains("value=\"no address\""),
        "{}",
        page.markup()
    );
    assert!(page.body.contains("Enter an e-mail address"));
    for email in ["a@x.test", "b@x.test"] {
        invite(&mut ada, email).await;
        ada.open(LIST).await;
    }
    let refused = invite(&mut ada, "c@x.test").await;
    let page = ada.open(refused.location()).await;
    let body = page.markup();
    assert!(body.contains("All of the 3 seats are taken"), "{body}");
    assert!(body.contains("value=\"c@x.test\""), "{body}");
    assert!(
        body.contains("href=\"/orgs/acme/subscription\">See the plans"),
        "{body}"
    );
}

#[tokio::test]
async fn a_file_is_previewed_and_sent() {
    let (site, mut ada) = acme().await;
    let done = import(
        &mut ada,
        b"email;role\ngrace@users.test;admin\nnonsense;member\n",
    )
    .await;
    let preview = done.location().to_owned();
    assert!(
        preview.starts_with("/orgs/acme/invitations?draft="),
        "{preview}"
    );
    let page = ada.open(&preview).await;
    assert_eq!(page.count("data-result=\"new\""), 1, "{}", page.markup());
    assert_eq!(page.count("data-result=\"refused\""), 1);
    assert!(page.body.contains("Send 1 invitation"));
    assert!(site.app.mail_to(GRACE).await.is_empty());
    let draft = page.markup();
    let (_, draft) = draft.split_once("name=\"draft\" value=\"").expect("its id");
    let draft = draft[..36].to_owned();
    let fields = [
        ("org", "acme"),
        ("draft", &*draft),
        ("count", "1"),
        ("return_to", &*preview),
    ];
    for _ in 0..2 {
        let done = ada.submit(api::SEND_INVITATIONS, &fields).await;
        assert_eq!(done.location(), LIST, "twice is once");
    }
    assert_eq!(site.app.mail_to(GRACE).await.len(), 1);
    let gone = ada.open(&preview).await;
    assert_eq!(gone.status, StatusCode::OK);
    assert!(gone.body.contains("This list was sent already"));

    for file in [&b""[..], b"email,role\n", &vec![b'a'; 1024 * 1024 + 1]] {
        let refused = import(&mut ada, file).await;
        assert_eq!(refused.location(), LIST);
        let page = ada.open(LIST).await;
        assert!(page.body.contains("invite-file-error"), "{}", page.markup());
    }
}

#[tokio::test]
async fn what_was_pasted_is_kept_while_something_is_wrong_with_it() {
    let (site, mut ada) = acme().await;
    let fields = [
        ("org", "acme"),
        (
            "addresses",
            "Grace <grace@users.test>, <script>, Ada@users.test",
        ),
        ("role", "member"),
    ];
    let done = ada.submit(api::INVITE_MANY, &fields).await;
    let page = ada.open(done.location()).await;
    let body = page.markup();
    assert!(body.contains("Grace &lt;grace@users.test&gt;"), "{body}");
    assert!(body.contains("&lt;script&gt;"), "{body}");
    assert_eq!(page.count("data-result=\"refused\""), 2);
    assert!(
        site.app.mail_to(GRACE).await.is_empty(),
        "nothing is half done"
    );
    let fields = [
        ("org", "acme"),
        ("addresses", "Grace <grace@users.test>"),
        ("role", "member"),
    ];
    let done = ada.submit(api::INVITE_MANY, &fields).await;
    assert_eq!(done.location(), LIST);
    assert_eq!(site.app.mail_to(GRACE).await.len(), 1);
}

#[tokio::test]
async fn a_copied_link_is_shown_once_and_kept_nowhere() {
    let (site, mut ada) = acme().await;
    invite(&mut ada, GRACE).await;
    let list = ada.open(LIST).await;
    let id = list.attribute("data-invitation-id").to_owned();
    let fields = [
        ("org", "acme"),
        ("invitation_id", &*id),
        ("return_to", LIST),
    ];
    let done = ada.submit(api::COPY_INVITATION_LINK, &fields).await;
    let page = ada.open(done.location()).await;
    let body = page.markup();
    let (_, link) = body.split_once("id=\"invitation-link\"").expect("a field");
    let (_, link) = link.split_once("/invitations/").expect("a link");
    let secret = link[..64].to_owned();
    let link = routes::invitation(&secret);
    assert_eq!(site.visitor().open(&link).await.status, StatusCode::OK);
    assert!(!ada.open(LIST).await.body.contains(&secret), "this once");
    // Divides by zero if a table has it.
    let is_kept_nowhere = "select 1 / (1 - least(count(*), 1))
         from form_submission
         where notice like '%' || $1 || '%' or page like '%' || $1 || '%'";
    site.app.sql_with(is_kept_nowhere, &[&secret]).await;
    let done = ada.submit(api::CANCEL_INVITATION, &fields).await;
    assert_eq!(done.location(), LIST);
    assert_eq!(site.visitor().open(&link).await.status, StatusCode::GONE);
}

//! The page of an organization's audit log, and its file.

use axum::{
    Router,
    body::{Body, Bytes},
};
use http::{Method, Request, StatusCode};
use http_body_util::BodyExt as _;
use orghub::{
    auth::SignedIn,
    domain::{OrgId, Role},
    routes::api,
};
use tower::ServiceExt as _;

use crate::site::{Site, Visitor, router_of};

const PAGE: &str = "/orgs/acme/activity";
const FILE: &str = "/orgs/acme/activity.csv";

/// `acme`, and Ada, who owns it.
async fn acme() -> (Site, SignedIn, OrgId) {
    let site = Site::start_with(|config| config.trust_forwarded_for = true).await;
    let ada = site.app.user("Ada").await;
    let org = site.org("acme", &ada).await;
    (site, ada, org)
}

async fn write_many(site: &Site, count: u32) {
    site.app
        .sql_with(
            "insert into activity (id, organization_id, actor_name, kind, subject, created_at)
             select gen_random_uuid(), id, 'Somebody', 'member.removed', number::text, '2026-01-01 12:00Z'
             from organization, generate_series(1, $1::integer) as number
             where slug = 'acme'",
            &[&count.to_string()],
        )
        .await;
}

#[tokio::test]
async fn what_a_browser_did_is_on_the_page_with_its_address() {
    let (site, ada, _) = acme().await;
    let mut ada = site.sign_in(&ada).await;
    let form = "org=acme&name=Renamed&slug=acme";
    let headers = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("sec-fetch-site", "same-origin"),
        ("x-forwarded-for", "198.51.100.1, 203.0.113.7"),
    ];
    ada.send(Method::POST, api::UPDATE_ORG, &headers, Body::from(form))
        .await;
    let page = ada.open(PAGE).await.markup();
    assert!(page.contains("data-kind=\"org.renamed\""), "{page}");
    assert!(page.contains("203.0.113.7") && !page.contains("198.51.100.1"));
    let file = ada.open(FILE).await.body;
    let line = file.lines().find(|line| line.contains("org.renamed"));
    assert!(line.expect("an entry").ends_with(",Renamed,203.0.113.7"));
}

#[tokio::test]
async fn every_choice_is_in_the_address_and_in_the_form_and_in_the_file() {
    let (site, ada, _) = acme().await;
    write_many(&site, 60).await;
    let mut ada = site.sign_in(&ada).await;
    let query = "?kind=members&who=Some&from=2026-01-01&to=2026-01-31";
    let page = ada.open(&format!("{PAGE}{query}")).await;
    assert_eq!(page.attribute("data-entries"), "50");
    let markup = page.markup();
    for shown in [
        "<option value=\"members\" selected",
        "value=\"Some\"",
        "value=\"2026-01-01\"",
        "value=\"2026-01-31\"",
    ] {
        assert!(markup.contains(shown), "{shown} in {markup}");
    }
    let in_html = query.replace('&', "&amp;");
    assert!(markup.contains(&format!("{FILE}{in_html}")), "{markup}");
    let older = format!("{PAGE}{in_html}&amp;before=");
    let (_, rest) = markup.split_once(&older).expect("a link to older ones");
    let before = rest.split_once('"').expect("its end").0;
    let older = ada.open(&format!("{PAGE}{query}&before={before}")).await;
    assert_eq!(older.attribute("data-entries"), "10");
    assert!(
        older
            .markup()
            .contains(&format!("href=\"{PAGE}{in_html}\""))
    );

    let nothing = ada.open(&format!("{PAGE}?who=nobody")).await;
    assert!(nothing.body.contains("No activity matches"));
    let file = ada.open(&format!("{FILE}{query}")).await.body;
    assert_eq!(file.lines().count(), 61);
}

#[tokio::test]
async fn the_file_is_one_to_be_kept_by_whoever_asked_and_by_nobody_on_the_way() {
    let (site, ada, _) = acme().await;
    let file = site.sign_in(&ada).await.open(FILE).await;
    assert_eq!(file.status, StatusCode::OK);
    assert_eq!(file.header("content-type"), "text/csv; charset=utf-8");
    assert_eq!(
        file.header("content-disposition"),
        "attachment; filename=\"acme-activity.csv\""
    );
    assert_eq!(file.header("cache-control"), "private, no-store");
    assert_eq!(file.header("x-content-type-options"), "nosniff");
}

/// The answer to whoever asks for the file, as far as they take it.
async fn download(router: Router, visitor: &Visitor) -> Body {
    let session = visitor.session_cookie().expect("signed in");
    let request = Request::get(FILE)
        .header("host", "orghub.test")
        .header("cookie", format!("orghub={session}"))
        .body(Body::empty())
        .expect("a request");
    let response = router.oneshot(request).await;
    let response = response.expect("the router answers everything");
    assert_eq!(response.status(), StatusCode::OK);
    response.into_body()
}

async fn piece(body: &mut Body) -> Option<Result<Bytes, axum::Error>> {
    let frame = body.frame().await?;
    Some(frame.map(|frame| frame.into_data().unwrap_or_default()))
}

#[tokio::test]
async fn a_download_ends_with_the_right_to_it() {
    let (site, _ada, org) = acme().await;
    write_many(&site, 1_200).await;
    for ending in [
        "update member set role = 'member' where role = 'admin'",
        "delete from member where role = 'admin'",
        "delete from session",
    ] {
        let ben = site.app.user(&format!("Ben {}", ending.len())).await;
        site.app.add_member(org, &ben, Role::Admin).await;
        let visitor = site.sign_in(&ben).await;
        let mut body = download(router_of(&site.app.services, &[]), &visitor).await;
        let first = piece(&mut body).await.expect("a piece").expect("sent");
        assert!(first.len() > 10_000);
        site.app.sql(ending).await;
        // Whoever changes something waits until all before it is known.
        let nobody = site.app.user(&format!("Nobody {}", ending.len())).await;
        site.app
            .org(&format!("other-{}", ending.len()), &nobody)
            .await;
        let next = piece(&mut body).await.expect("it does not seem whole");
        assert!(next.is_err(), "{ending}");
    }
}

#[tokio::test]
async fn a_download_that_is_broken_off_leaves_nothing_behind() {
    let (site, ada, _) = acme().await;
    write_many(&site, 1_200).await;
    let visitor = site.sign_in(&ada).await;
    // Far more than there are places for heavy reads, each with half of a file in its hands.
    let mut downloads = Vec::new();
    for _ in 0..20 {
        let mut body = download(router_of(&site.app.services, &[]), &visitor).await;
        piece(&mut body).await.expect("a piece").expect("sent");
        downloads.push(body);
    }
    let mut other = site.sign_in(&ada).await;
    let search = other.open(&format!("{PAGE}?who=somebody")).await;
    assert_eq!(search.status, StatusCode::OK, "none of them holds a place");
    drop(downloads);
    let whole = other.open(FILE).await.body;
    assert_eq!(whole.lines().count(), 1_202);
}

//! Changing many members at once, and the list as a file, by a browser without JavaScript.

use axum::body::Body;
use http::{Method, StatusCode};
use orghub::{
    auth::SignedIn,
    domain::{OrgId, Role},
    routes::api,
};

use crate::site::{Answer, Site, Visitor};

const CHANGE: &str = "/orgs/acme/members/change";
const PROGRESS: &str = "/orgs/acme/members/change/progress";
const FILE: &str = "/orgs/acme/members.csv";

/// `acme`, with 120 members, and Ada, who owns it.
async fn acme() -> (Site, SignedIn, OrgId) {
    let site = Site::start().await;
    let ada = site.app.user("Ada").await;
    let org = site.org("acme", &ada).await;
    site.app.add_members(org, 120).await;
    (site, ada, org)
}

/// What the page's form would be sent with.
fn fields<'a>(answer: &'a Answer, action: &str) -> Vec<(String, String)> {
    let markup: &'a str = &answer.body;
    let (_, form) = markup
        .split_once(&format!("action=\"{action}\""))
        .unwrap_or_else(|| panic!("no form for {action} in {markup}"));
    let form = form.split_once("</form>").expect("its end").0;
    let inputs = form.split("<input").skip(1);
    inputs
        .map(|input| {
            let value = |name: &str| {
                let (_, rest) = input
                    .split_once(&format!(" {name}=\""))
                    .expect("an attribute");
                rest.split_once('"')
                    .expect("its end")
                    .0
                    .replace("&amp;", "&")
            };
            (value("name"), value("value"))
        })
        .collect()
}

async fn submit(visitor: &mut Visitor, page: &Answer, action: &str) -> Answer {
    let fields = fields(page, action);
    let fields: Vec<(&str, &str)> = fields
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    visitor.submit(action, &fields).await
}

async fn run(site: &Site) {
    site.app
        .services
        .worker
        .run_due()
        .await
        .expect("the queue answers");
}

#[tokio::test]
async fn one_sees_who_is_meant_confirms_it_watches_it_and_takes_it_back() {
    let (site, ada, _) = acme().await;
    let mut ada = site.sign_in(&ada).await;
    let choice = ada.open(&format!("{CHANGE}?q=user+000")).await;
    assert_eq!(choice.status, StatusCode::OK);
    assert!(
        choice.body.contains("name=\"q\" value=\"user 000\""),
        "{}",
        choice.body
    );
    assert!(!choice.body.contains("data-meant"));

    let address = format!("{CHANGE}?q=user+000&action=suspend");
    let preview = ada.open(&address).await;
    assert_eq!(preview.attribute("data-meant"), "99");
    assert!(preview.body.contains("User 000"), "the first of them");
    assert!(preview.markup().contains("And 89 more."));
    let begun = submit(&mut ada, &preview, api::BEGIN_BULK_CHANGE).await;
    let progress = begun.location().to_owned();
    assert!(
        progress.starts_with(&format!("{PROGRESS}?change=")),
        "{progress}"
    );

    let page = ada.open(&progress).await;
    assert_eq!(page.attribute("data-state"), "under-way");
    assert_eq!(page.header("refresh"), "2");
    assert!(page.markup().contains("Under way: 0 of 99 members."));
    assert!(page.body.contains("<progress"));
    run(&site).await;
    let page = ada.open(&progress).await;
    assert_eq!(page.attribute("data-state"), "done");
    assert_eq!(page.header("refresh"), "", "there is nothing to wait for");
    assert_eq!(page.count("<tr data-row"), 50);
    let second = ada.open(&format!("{progress}&page=2")).await;
    assert_eq!(second.count("<tr data-row"), 49);
    let list = ada.open("/orgs/acme/members?status=suspended").await;
    assert_eq!(list.attribute("data-total"), "99");
    let newest = ada.open(PROGRESS).await;
    assert!(newest.body.contains("Take it back"));

    let undone = submit(&mut ada, &page, api::UNDO_BULK_CHANGE).await;
    assert_eq!(undone.location(), progress);
    let undoing = ada.open(&progress).await;
    assert_eq!(undoing.attribute("data-state"), "undoing");
    assert!(undoing.body.contains(api::CANCEL_BULK_CHANGE));
    run(&site).await;
    let page = ada.open(&progress).await;
    assert_eq!(page.attribute("data-state"), "undone");
    assert!(!page.body.contains(api::UNDO_BULK_CHANGE));
    let list = ada.open("/orgs/acme/members?status=suspended").await;
    assert_eq!(list.attribute("data-total"), "0");
}

#[tokio::test]
async fn one_can_cancel_it_and_is_told_what_is_wrong() {
    let (site, ada, org) = acme().await;
    let mut ada = site.sign_in(&ada).await;
    let preview = ada.open(&format!("{CHANGE}?q=user&action=remove")).await;
    assert_eq!(preview.attribute("data-meant"), "120");
    // Somebody comes before it is confirmed.
    let late = site.app.user("User late").await;
    site.app.add_member(org, &late, Role::Member).await;
    let refused = submit(&mut ada, &preview, api::BEGIN_BULK_CHANGE).await;
    assert_eq!(refused.location(), format!("{CHANGE}?q=user&action=remove"));
    let preview = ada.open(refused.location()).await;
    assert!(
        preview
            .body
            .contains("Something changed since this was shown")
    );
    assert_eq!(preview.attribute("data-meant"), "121");
    let begun = submit(&mut ada, &preview, api::BEGIN_BULK_CHANGE).await;
    let progress = begun.location().to_owned();
    let page = ada.open(&progress).await;
    let cancelled = submit(&mut ada, &page, api::CANCEL_BULK_CHANGE).await;
    let shown = ada.open(cancelled.location()).await;
    assert_eq!(shown.attribute("data-state"), "cancelled");
    assert!(
        shown
            .markup()
            .contains("It was cancelled after 0 of 122 members.")
    );
    run(&site).await;
    let list = ada.open("/orgs/acme/members").await;
    assert_eq!(list.attribute("data-total"), "122");
    // The page was still open elsewhere.
    let again = submit(&mut ada, &page, api::CANCEL_BULK_CHANGE).await;
    assert_eq!(again.location(), progress);

    for (query, message) in [
        ("action=", "Choose what to do with these members."),
        ("action=owner", "Choose what to do with these members."),
    ] {
        let page = ada.open(&format!("{CHANGE}?{query}")).await;
        assert_eq!(page.status, StatusCode::OK, "{query}");
        assert!(page.body.contains(message), "{query}");
        assert!(
            page.body.contains("aria-describedby=\"action-error\""),
            "{query}"
        );
    }
    for nowhere in ["nonsense", "0192f0c4-5b5e-7cc3-98c4-dc0c0c07398f"] {
        let page = ada.open(&format!("{PROGRESS}?change={nowhere}")).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{nowhere}");
    }
    let beyond = ada.open(&format!("{progress}&page=9")).await;
    assert!(beyond.body.contains("past the end of the list"));
}

#[tokio::test]
async fn an_old_proof_is_asked_for_again_and_the_way_back_is_kept() {
    let (site, ada, _) = acme().await;
    let mut ada = site.sign_in(&ada).await;
    let address = format!("{CHANGE}?q=user&action=admin");
    let preview = ada.open(&address).await;
    site.app.services.clock.advance(time::Duration::minutes(11));
    let refused = submit(&mut ada, &preview, api::BEGIN_BULK_CHANGE).await;
    let location = refused.location();
    assert!(location.starts_with("/account/confirm?next="), "{location}");
    assert!(
        location.contains("change%3Fq%3Duser%26action%3Dadmin"),
        "{location}"
    );
    run(&site).await;
    let list = ada.open("/orgs/acme/members?role=admin").await;
    assert_eq!(list.attribute("data-total"), "0");
}

#[tokio::test]
async fn the_list_is_a_file_to_be_kept_and_fetching_it_ahead_leaves_no_entry() {
    let (site, ada, org) = acme().await;
    let mut ada = site.sign_in(&ada).await;
    let (member, stranger) = (site.app.user("Gus").await, site.app.user("Mallory").await);
    site.app.add_member(org, &member, Role::Member).await;
    let ahead = ada
        .send(
            Method::GET,
            FILE,
            &[("sec-purpose", "prefetch")],
            Body::empty(),
        )
        .await;
    assert_eq!(ahead.status, StatusCode::SERVICE_UNAVAILABLE);
    for file in [FILE, "/orgs/acme/activity.csv"] {
        let head = ada.send(Method::HEAD, file, &[], Body::empty()).await;
        assert_eq!(head.status, StatusCode::OK, "{file}");
        assert_eq!(head.header("content-type"), "text/csv; charset=utf-8");
        for (person, status) in [
            (&member, StatusCode::FORBIDDEN),
            (&stranger, StatusCode::NOT_FOUND),
        ] {
            let mut person = site.sign_in(person).await;
            let head = person.send(Method::HEAD, file, &[], Body::empty()).await;
            assert_eq!(head.status, status, "{file}");
        }
    }
    let file = ada.open(&format!("{FILE}?q=user+000&sort=name")).await;
    assert_eq!(file.status, StatusCode::OK);
    assert_eq!(file.header("content-type"), "text/csv; charset=utf-8");
    assert_eq!(
        file.header("content-disposition"),
        "attachment; filename=\"acme-members.csv\""
    );
    assert_eq!(file.header("cache-control"), "private, no-store");
    assert_eq!(file.body.lines().count(), 100);
    assert!(
        file.body
            .lines()
            .nth(1)
            .expect("a member")
            .starts_with("User 00001,")
    );
    let log = ada.open("/orgs/acme/activity").await.markup();
    assert_eq!(log.matches("data-kind=\"member.exported\"").count(), 1);
    assert!(log.contains("exported the list of members"), "{log}");
}

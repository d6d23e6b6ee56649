//! The list of a user's organizations, page by page.

use std::collections::BTreeSet;

use http::StatusCode;
use orghub::routes::{self, api};

use crate::site::{Answer, Site, Visitor};

/// A user who belongs to `count` organizations, signed in.
async fn site_with(count: u32) -> (Site, Visitor) {
    let site = Site::start().await;
    let ada = site.app.user("Ada").await;
    site.app
        .sql_with(
            "with orgs as (
                 insert into organization (id, slug, name)
                 select gen_random_uuid(), 'org-' || n, 'Österreich ' || n
                 from generate_series(1, $2::integer) as n
                 returning id, slug
             )
             insert into member (id, organization_id, user_id, role, created_at)
             select gen_random_uuid(), id, $1::uuid, 'member',
                    timestamptz '2026-01-01' + (split_part(slug, '-', 2) || ' minutes')::interval
             from orgs",
            &[&ada.id.to_string(), &count.to_string()],
        )
        .await;
    let visitor = site.sign_in(&ada).await;
    (site, visitor)
}

/// The slugs on a page, from top to bottom.
fn slugs(page: &Answer) -> Vec<&str> {
    let links = page.body.split("org-list__slug\">/").skip(1);
    links
        .map(|rest| rest.split('<').next().unwrap_or(rest))
        .collect()
}

#[tokio::test]
async fn a_thousand_organizations_are_pages_of_fifty_that_show_each_once() {
    let (_site, mut ada) = site_with(1_005).await;
    let first = ada.open(routes::ORGS).await;
    assert_eq!(first.status, StatusCode::OK);
    assert!(first.body.contains("1,005 organizations"));
    assert!(first.body.contains("1–50 of 1,005"));
    assert_eq!(
        slugs(&first)[..2],
        ["org-1", "org-2"],
        "joined first, at the top"
    );
    assert!(first.body.len() < 60_000, "{} bytes", first.body.len());

    let mut seen = BTreeSet::new();
    for (number, rows) in (1..=20).map(|number| (number, 50)).chain([(21, 5)]) {
        let page = ada.open(&format!("/orgs?page={number}")).await;
        assert_eq!(slugs(&page).len(), rows, "page {number}");
        assert_eq!(page.attribute("data-page"), number.to_string());
        assert_eq!(page.attribute("data-pages"), "21");
        assert_eq!(page.attribute("data-total"), "1005");
        assert_eq!(page.count("rel=\"next\""), usize::from(number < 21));
        seen.extend(slugs(&page).into_iter().map(str::to_owned));
    }
    assert_eq!(seen.len(), 1_005, "none left out");

    let menu = ada.open(api::MY_ORGS).await;
    assert_eq!(menu.count("\"href\""), 12);
}

#[tokio::test]
async fn a_search_finds_names_and_slugs_in_pages_of_their_own() {
    let (_site, mut ada) = site_with(120).await;
    for (query, total) in [
        ("q=%C3%B6sterreich", "120"),
        ("q=OSTERREICH+12", "2"),
        ("q=O%CC%88sterreich%2012", "2"),
        ("q=org-119", "1"),
        ("q=%25", "0"),
        ("q=_", "0"),
        ("q=%E2%80%8B", "120"),
    ] {
        let page = ada.open(&format!("/orgs?{query}")).await;
        assert_eq!(page.status, StatusCode::OK, "{query}");
        assert_eq!(page.attribute("data-total"), total, "{query}");
    }
    let page = ada.open("/orgs?q=%C3%96sterreich&page=2").await;
    assert_eq!(slugs(&page).len(), 50);
    assert!(page.body.contains("120 matches"));
    assert!(
        page.body
            .contains("href=\"/orgs?q=%C3%96sterreich&amp;page=3\"")
    );
    assert!(
        page.body.contains("value=\"Österreich\""),
        "the search stays in its field"
    );
    let field = page
        .body
        .split("<input")
        .find(|tag| tag.contains("id=\"org-search\""));
    let field = field
        .and_then(|tag| tag.split('>').next())
        .expect("a field");
    assert!(
        field.contains("name=\"q\"") && field.contains("type=\"search\""),
        "{field}"
    );
    assert!(page.body.contains("for=\"org-search\""), "it has a label");

    let nothing = ada.open("/orgs?q=nowhere").await;
    assert!(nothing.body.contains("No organizations match"));
}

#[tokio::test]
async fn pages_that_are_not_there_lead_back() {
    let (_site, mut ada) = site_with(51).await;
    for number in ["3", "1000000", "99999999999"] {
        let page = ada.open(&format!("/orgs?page={number}")).await;
        assert_eq!(page.status, StatusCode::OK, "{number}");
        assert!(page.body.contains("past the end of the list"), "{number}");
        assert!(page.body.contains("href=\"/orgs?page=2\""), "{number}");
    }
    for query in ["page=abc", "page=-1", "page=0", "page", "q=%00", "x=%ff"] {
        let page = ada.open(&format!("/orgs?{query}")).await;
        assert_eq!(page.attribute("data-page"), "1", "{query}");
        assert_eq!(slugs(&page).len(), 50, "{query}");
    }
}

#[tokio::test]
async fn without_organizations_there_is_no_search_but_a_way_to_begin() {
    let (_site, mut ada) = site_with(0).await;
    let page = ada.open(routes::ORGS).await;
    assert!(
        page.body
            .contains("You are not a member of any organization yet")
    );
    assert!(!page.body.contains("type=\"search\""));
    assert!(page.body.contains("href=\"/orgs/new\""));
}

#[tokio::test]
async fn a_page_of_one_has_no_pager() {
    let (_site, mut ada) = site_with(1).await;
    let page = ada.open(routes::ORGS).await;
    assert!(page.body.contains("1 organization<"), "{}", page.body);
    assert_eq!(page.count("class=\"pager\""), 0);
}

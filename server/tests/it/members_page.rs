//! The member list, page by page.

use http::StatusCode;

use crate::site::{Site, Visitor};

/// A site whose organization `acme` has 120 members, and its owner signed in.
async fn site_with_three_pages() -> (Site, Visitor) {
    let site = Site::start().await;
    let ada = site.app.user("Ada").await;
    site.app.org("acme", &ada).await;
    site.app
        .sql(
            "with new_users as (
                 insert into users (id, email, name, password_hash)
                 select gen_random_uuid(), 'user-' || n || '@users.test', 'User ' || n, 'none'
                 from generate_series(1, 119) as n
                 returning id, name
             )
             insert into member (id, organization_id, user_id, role, created_at)
             select gen_random_uuid(), organization.id, new_users.id, 'member',
                    timestamptz '2026-01-01'
                    + (split_part(new_users.name, ' ', 2) || ' minutes')::interval
             from new_users, organization where organization.slug = 'acme'",
        )
        .await;
    let visitor = site.sign_in(&ada).await;
    (site, visitor)
}

#[tokio::test]
async fn the_pages_together_show_everybody_once() {
    let (_site, mut ada) = site_with_three_pages().await;
    let mut seen = Vec::new();
    for (page, rows) in [(1, 50), (2, 50), (3, 20)] {
        let answer = ada.open(&format!("/orgs/acme/members?page={page}")).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(
            answer.count("<tr data-member-id=\""),
            rows,
            "page {page}: {}",
            answer.body
        );
        assert_eq!(answer.attribute("data-total"), "120");
        assert_eq!(answer.attribute("data-page"), page.to_string());
        assert_eq!(answer.attribute("data-pages"), "3");
        let ids = answer
            .body
            .split("data-member-id=\"")
            .skip(1)
            .filter_map(|rest| rest.split('"').next());
        seen.extend(ids.map(str::to_owned));
    }
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), 120, "nobody twice, nobody left out");
}

#[tokio::test]
async fn past_the_last_page_there_is_an_explanation_and_a_link_back() {
    let (_site, mut ada) = site_with_three_pages().await;
    for page in ["4", "99999999999", "1000000"] {
        let answer = ada.open(&format!("/orgs/acme/members?page={page}")).await;
        assert_eq!(answer.status, StatusCode::OK, "{page}");
        assert_eq!(answer.count("data-member-id=\""), 0, "{page}");
        assert!(
            answer.body.contains("/orgs/acme/members?page=3"),
            "{page} links to the last page"
        );
    }
}

#[tokio::test]
async fn nonsense_in_the_address_means_the_first_page() {
    let (_site, mut ada) = site_with_three_pages().await;
    for query in [
        "page=abc",
        "page=-1",
        "page=0",
        "page=1.5",
        "page=",
        "page",
        "role=king",
        "sort=shoe-size",
        "page=%00",
        "q=%00",
        "x=%ff",
    ] {
        let answer = ada.open(&format!("/orgs/acme/members?{query}")).await;
        assert_eq!(answer.status, StatusCode::OK, "{query}");
        assert_eq!(answer.attribute("data-page"), "1", "{query}");
    }
}

#[tokio::test]
async fn a_search_takes_wildcards_and_markup_literally() {
    let (_site, mut ada) = site_with_three_pages().await;
    let found = ada.open("/orgs/acme/members?q=user%20119").await;
    assert_eq!(found.count("<tr data-member-id=\""), 1);
    for nobody in [
        "%25",
        "_",
        "%3Cscript%3Ealert(1)%3C/script%3E",
        "'%20or%201=1--",
    ] {
        let answer = ada.open(&format!("/orgs/acme/members?q={nobody}")).await;
        assert_eq!(answer.status, StatusCode::OK, "{nobody}");
        assert_eq!(answer.count("<tr data-member-id=\""), 0, "{nobody}");
        assert!(
            !answer.body.contains("<script>alert(1)"),
            "markup stays text"
        );
    }
}

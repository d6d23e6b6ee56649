//! The member list, page by page.

use http::StatusCode;
use orghub::{domain::Role, routes::api};

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

#[tokio::test]
async fn who_lacks_a_second_factor_is_not_in_the_pages_of_those_who_may_not_know() {
    let site = Site::start().await;
    let ada = site.app.user("Ada").await;
    let acme = site.org("acme", &ada).await;
    let mut readers = Vec::new();
    for (name, role, may) in [
        ("Adam", Role::Admin, true),
        ("Bill", Role::Billing, false),
        ("Mina", Role::Member, false),
    ] {
        let user = site.app.user(name).await;
        site.app.add_member(acme, &user, role).await;
        readers.push((site.sign_in(&user).await, may));
    }
    readers.push((site.sign_in(&ada).await, true));
    // They share one cached page, whoever asked for it first.
    for _ in 0..2 {
        for (reader, may) in &mut readers {
            for page in ["/orgs/acme/members", "/orgs/acme/members?factor=none"] {
                let answer = reader.open(page).await;
                assert_eq!(answer.status, StatusCode::OK, "{page}");
                assert_eq!(answer.attribute("data-total"), "4", "{page}");
                assert_eq!(answer.body.contains("econd factor"), *may, "{page}");
            }
        }
        readers.reverse();
    }
}

#[tokio::test]
async fn a_suspended_member_is_out_and_is_listed_as_such() {
    let site = Site::start().await;
    let ada = site.app.user("Ada").await;
    let acme = site.org("acme", &ada).await;
    let grace = site.app.user("Grace").await;
    let member = site.app.add_member(acme, &grace, Role::Member).await;
    let (mut ada, mut grace) = (site.sign_in(&ada).await, site.sign_in(&grace).await);
    assert_eq!(grace.open("/orgs/acme").await.status, StatusCode::OK);

    let member = member.to_string();
    let form = [
        ("org", "acme"),
        ("member_id", member.as_str()),
        ("return_to", "/orgs/acme/members?sort=name"),
    ];
    let answer = ada.submit(api::SUSPEND_MEMBER, &form).await;
    assert_eq!(answer.location(), "/orgs/acme/members?sort=name");
    for page in ["/orgs/acme", "/orgs/acme/members", "/orgs/acme/settings"] {
        assert_eq!(
            grace.open(page).await.status,
            StatusCode::NOT_FOUND,
            "{page}"
        );
    }
    assert!(!grace.open("/orgs").await.body.contains("/orgs/acme"));
    let list = ada.open("/orgs/acme/members?sort=name").await;
    assert!(list.body.contains("Member suspended."));
    assert_eq!(list.count("data-suspended"), 1);
    assert_eq!(list.count("Reinstate"), 2, "a button and its label");

    ada.submit(api::REINSTATE_MEMBER, &form).await;
    assert_eq!(grace.open("/orgs/acme").await.status, StatusCode::OK);
    let list = ada.open("/orgs/acme/members?sort=name").await;
    assert_eq!(list.count("data-suspended"), 0);
}

#[tokio::test]
async fn an_offer_of_ownership_is_shown_to_its_receiver_and_to_owners_alone() {
    let site = Site::start().await;
    let ada = site.app.user("Ada").await;
    let acme = site.org("acme", &ada).await;
    let (grace, linus) = (site.app.user("Grace").await, site.app.user("Linus").await);
    site.app.add_member(acme, &grace, Role::Member).await;
    site.app.add_member(acme, &linus, Role::Admin).await;
    let mut ada = site.sign_in(&ada).await;
    let (mut grace, mut linus) = (site.sign_in(&grace).await, site.sign_in(&linus).await);
    let offer = [("org", "acme"), ("email", "Grace@Users.test")];
    let answer = ada.submit(api::OFFER_OWNERSHIP, &offer).await;
    assert_eq!(answer.location(), "/orgs/acme/settings");

    const CARD: &str = "data-ownership-offer";
    const WITHDRAW: &str = "Withdraw the offer";
    for (who, overview, settings) in [
        (&mut grace, true, false),
        (&mut linus, false, false),
        (&mut ada, false, true),
    ] {
        let page = who.open("/orgs/acme").await.body;
        assert_eq!(page.contains(CARD), overview, "{page}");
        let page = who.open("/orgs/acme/settings").await.body;
        assert_eq!(page.contains(WITHDRAW), settings, "{page}");
        assert!(!page.contains("Offer ownership"), "one at a time: {page}");
    }
    let another = [("org", "acme"), ("email", "linus@users.test")];
    let again = ada.submit(api::OFFER_OWNERSHIP, &another).await;
    assert_eq!(again.location(), "/orgs/acme/settings");
    let page = ada.open("/orgs/acme/settings").await;
    assert!(page.body.contains("Withdraw that offer first."));

    let answer = grace
        .submit(api::ACCEPT_OWNERSHIP, &[("org", "acme")])
        .await;
    assert_eq!(answer.location(), "/orgs/acme");
    let page = grace.open("/orgs/acme").await;
    assert!(page.body.contains("You are an owner now.") && !page.body.contains(CARD));
    assert_eq!(
        grace.open("/orgs/acme/settings").await.status,
        StatusCode::OK
    );
    let page = ada.open("/orgs/acme/settings").await;
    assert!(!page.body.contains("Offer ownership"), "an admin now");
}

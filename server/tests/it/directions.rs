//! How people's text and dates stand on pages.

use orghub::{domain::Role, routes::api};

use crate::site::Site;

#[tokio::test]
async fn names_of_both_directions_are_isolated_wherever_they_stand() {
    for (user, other, org) in [("דנה", "שרה", "חברת אקמה"), ("Dana", "Sara", "Acme")]
    {
        let site = Site::start().await;
        let owner = site.app.user(user).await;
        let member = site.app.user(other).await;
        let id = site.org("acme", &owner).await;
        site.app.add_member(id, &member, Role::Member).await;
        let mut owner = site.sign_in(&owner).await;
        let happen = "insert into activity
                          (id, organization_id, actor_name, kind, subject, detail)
                      select gen_random_uuid(), $1::uuid, $2, kind, $2, 'x'
                      from unnest(array['member.removed', 'member.role_changed']) as kind";
        site.app.sql_with(happen, &[&id.to_string(), user]).await;
        let settings = [("org", "acme"), ("name", org), ("slug", "acme")];
        owner.submit(api::UPDATE_ORG, &settings).await;
        // In plain text, names that run from left to right need no marks.
        let plain = |name: &str| {
            if name.is_ascii() {
                name.to_owned()
            } else {
                format!("\u{2068}{name}\u{2069}")
            }
        };
        let (plain_user, plain_org) = (plain(user), plain(org));
        for (page, expected) in [
            (
                "/orgs",
                vec![format!("<bdi class=\"org-list__name\">{org}</bdi>")],
            ),
            (
                "/orgs/acme",
                vec![
                    format!("<title>{plain_org} · Orghub</title>"),
                    format!("<h1 class=\"page-title\"><bdi>{org}</bdi></h1>"),
                    format!("<span class=\"bar-button__name\"><bdi>{org}</bdi></span>"),
                    format!("<span class=\"bar-button__name\"><bdi>{user}</bdi></span>"),
                    format!("<span class=\"facts__strong\"><bdi>{user}</bdi></span>"),
                    format!("<strong><bdi>{user}</bdi></strong> removed <bdi>{user}</bdi>"),
                    format!("changed the role of <bdi>{user}</bdi>: <bdi>x</bdi>"),
                    format!(" to <bdi>{org}</bdi>"),
                ],
            ),
            (
                "/orgs/acme/members",
                vec![
                    format!("<title>Members · {plain_org} · Orghub</title>"),
                    format!("Members of <bdi>{org}</bdi>, page 1 of 1"),
                    format!("<bdi class=\"members__name\">{user}"),
                    format!("\"Remove {}?\"", plain(other)),
                    format!("\"They lose access to {plain_org} immediately.\""),
                    format!("\"Role of {plain_user}\""),
                ],
            ),
            (
                "/orgs/acme/settings",
                vec![
                    format!("<title>Settings · {plain_org} · Orghub</title>"),
                    format!("\"Leave {plain_org}?\""),
                    "dir=\"auto\"".to_owned(),
                ],
            ),
        ] {
            let body = owner.open(page).await.markup();
            for text in expected {
                assert!(body.contains(&text), "{text} is not in {page}: {body}");
            }
            // Wherever else the name stands, it does so as the value of a field.
            for name in [user, other, org] {
                for (index, _) in body.match_indices(name) {
                    let before = &body[..index];
                    let is_isolated = before.ends_with("<bdi>")
                        || before.ends_with("__name\">")
                        || before.ends_with('\u{2068}')
                        || before.ends_with("value=\"");
                    assert!(
                        is_isolated || name.is_ascii(),
                        "{page}: {name} after {:?}",
                        before.chars().rev().take(80).collect::<Vec<_>>()
                    );
                }
            }
        }
    }
}

#[tokio::test]
async fn days_say_that_they_are_those_of_utc() {
    let site = Site::start().await;
    let ada = site.app.user("Ada").await;
    site.app.org("acme", &ada).await;
    let mut ada = site.sign_in(&ada).await;
    let overview = ada.open("/orgs/acme").await;
    assert!(
        overview.markup().contains("(UTC)</time>"),
        "{}",
        overview.body
    );
    let members = ada.open("/orgs/acme/members").await;
    assert!(members.body.contains("Joined (UTC)"), "{}", members.body);
}

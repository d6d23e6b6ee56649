//! Forms that cannot be read, that are sent twice, and that two people fill in at once.

use axum::body::Body;
use http::{Method, StatusCode};
use orghub::{
    domain::Role,
    routes::{self, api},
};

use crate::site::{Answer, Site, Visitor};

const FORMS: [&str; 7] = [
    api::SIGN_IN,
    api::CREATE_ORG,
    api::UPDATE_ORG,
    api::LEAVE_ORG,
    api::CHANGE_ROLE,
    api::REMOVE_MEMBER,
    api::SET_THEME,
];

/// Sends a body of any kind as a browser would send a form.
async fn send(visitor: &mut Visitor, path: &str, kind: &str, body: impl Into<Body>) -> Answer {
    let headers = [
        ("accept", "text/html,*/*;q=0.8"),
        ("content-type", kind),
        ("sec-fetch-site", "same-origin"),
        ("referer", "https://elsewhere.test/x"),
    ];
    visitor
        .send(Method::POST, path, &headers, body.into())
        .await
}

const FORM: &str = "application/x-www-form-urlencoded";

#[tokio::test]
async fn a_form_that_cannot_be_read_comes_back_to_its_own_page_with_what_was_typed() {
    let site = Site::start().await;
    let ada = site.app.user("Ada").await;
    let mut ada = site.sign_in(&ada).await;
    for (kind, body, kept) in [
        (FORM, &b"name=Acme&name=b&slug=acme-x"[..], "Acme"),
        (FORM, b"name=Caf\xe9&slug=acme-x", "acme-x"),
        (FORM, b"name=Caf%E9&slug=acme-x", "acme-x"),
        (FORM, b"name=%&slug=acme-x", "acme-x"),
        (FORM, b"name=a%00b&slug=acme-x", "acme-x"),
        ("application/json", b"{\"name\":\"Acme\"}", ""),
        ("text/plain", b"name=Acme&slug=acme-x", "Acme"),
        (
            "multipart/form-data; boundary=x",
            b"--x\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\nAcme\r\n--x--\r\n",
            "",
        ),
    ] {
        let answer = send(&mut ada, api::CREATE_ORG, kind, body).await;
        assert_eq!(answer.location(), routes::NEW_ORG, "{body:?}");
        let page = ada.open(routes::NEW_ORG).await;
        assert!(page.body.contains("could not be understood"), "{body:?}");
        assert!(page.body.contains(&format!("value=\"{kept}\"")), "{body:?}");
        let again = ada.open(routes::NEW_ORG).await;
        assert!(
            !again.body.contains("could not be understood"),
            "it is said once"
        );
    }
    assert_eq!(ada.open("/orgs/acme-x").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_cannot_be_read_is_a_programs_mistake_on_every_endpoint() {
    let mut visitor = Site::start().await.visitor();
    for path in FORMS.into_iter().chain([routes::SIGN_OUT]) {
        for body in [
            &b"org=a&org=b"[..],
            b"name=%FF",
            b"a=\xff",
            b"x=%",
            b"%00=1",
        ] {
            let headers = [("accept", "application/json"), ("content-type", FORM)];
            let answer = visitor
                .send(Method::POST, path, &headers, Body::from(body))
                .await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{path} {body:?}");
            assert_eq!(answer.body, "\"BadRequest\"", "{path} {body:?}");

            let plain = [("accept", "*/*"), ("content-type", FORM)];
            let answer = visitor
                .send(Method::POST, path, &plain, Body::from(body))
                .await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{path} {body:?}");

            let answer = send(&mut visitor, path, FORM, body).await;
            assert_eq!(answer.status, StatusCode::SEE_OTHER, "{path} {body:?}");
            let location = answer.location();
            let is_ours = location.starts_with('/') && !location.starts_with("//");
            assert!(is_ours, "{path} leads to {location}");
        }
    }
}

#[tokio::test]
async fn a_double_click_gets_the_answer_of_the_first_click() {
    let site = Site::start().await;
    let ada = site.app.user("Ada").await;
    let bob = site.app.user("Bob").await;
    let id = site.org("stay", &ada).await;
    let member = site
        .app
        .add_member(id, &bob, Role::Member)
        .await
        .to_string();
    let ada = site.sign_in(&ada).await;
    let bob = site.sign_in(&bob).await;

    for (who, path, fields, page, words) in [
        (
            &ada,
            api::CREATE_ORG,
            &[("name", "Twice"), ("slug", "twice")][..],
            "/orgs/twice",
            "Your organization is ready.",
        ),
        (
            &ada,
            api::UPDATE_ORG,
            &[("org", "twice"), ("name", "Two"), ("slug", "two")],
            "/orgs/two/settings",
            "Your changes are saved.",
        ),
        (
            &ada,
            api::CHANGE_ROLE,
            &[
                ("org", "stay"),
                ("member_id", member.as_str()),
                ("role", "admin"),
                ("was", "member"),
            ],
            "/orgs/stay/members",
            "Role changed.",
        ),
        (
            &bob,
            api::LEAVE_ORG,
            &[("org", "stay")],
            "/orgs",
            "You have left the organization.",
        ),
    ] {
        // At once, and once more after both.
        let (mut first, mut second, mut third) = (who.clone(), who.clone(), who.clone());
        let (one, two) = tokio::join!(first.submit(path, fields), second.submit(path, fields));
        let three = third.submit(path, fields).await;
        for (answer, mut visitor) in [(one, first), (two, second), (three, third)] {
            assert_eq!(answer.location(), page, "{path}");
            assert!(visitor.open(page).await.body.contains(words), "{path}");
        }
    }
}

#[tokio::test]
async fn removing_somebody_twice_says_removed_twice() {
    let site = Site::start().await;
    let ada = site.app.user("Ada").await;
    let bob = site.app.user("Bob").await;
    let id = site.org("acme", &ada).await;
    let member = site
        .app
        .add_member(id, &bob, Role::Member)
        .await
        .to_string();
    let ada = site.sign_in(&ada).await;
    let fields = [("org", "acme"), ("member_id", member.as_str())];
    let (mut first, mut second) = (ada.clone(), ada.clone());
    let answers = tokio::join!(
        first.submit(api::REMOVE_MEMBER, &fields),
        second.submit(api::REMOVE_MEMBER, &fields)
    );
    assert_eq!(answers.0.location(), answers.1.location());
    for visitor in [&mut first, &mut second] {
        assert!(
            visitor
                .open("/orgs/acme/members")
                .await
                .body
                .contains("Member removed.")
        );
    }
    // What was refused the first time is refused the second time.
    let nobody = [
        ("org", "acme"),
        ("member_id", "0192f0c4-5b5e-7cc3-98c4-dc0c0c07398f"),
    ];
    for _ in 0..2 {
        first.submit(api::REMOVE_MEMBER, &nobody).await;
        assert!(
            !first
                .open("/orgs/acme/members")
                .await
                .body
                .contains("Member removed.")
        );
    }
}

#[tokio::test]
async fn a_form_that_was_refused_is_tried_again() {
    let site = Site::start().await;
    let ada = site.app.user("Ada").await;
    site.org("taken", &ada).await;
    let bob = site.app.user("Bob").await;
    let mut bob = site.sign_in(&bob).await;
    let fields = [("name", "Mine"), ("slug", "taken")];
    for _ in 0..2 {
        let answer = bob.submit(api::CREATE_ORG, &fields).await;
        assert_eq!(answer.location(), routes::NEW_ORG);
        assert!(
            bob.open(routes::NEW_ORG)
                .await
                .body
                .contains("This slug is taken.")
        );
    }
}

#[tokio::test]
async fn somebody_who_removes_themselves_has_left() {
    let site = Site::start().await;
    let ada = site.app.user("Ada").await;
    let bob = site.app.user("Bob").await;
    let id = site.org("acme", &ada).await;
    let member = site.app.add_member(id, &bob, Role::Admin).await.to_string();
    let mut bob = site.sign_in(&bob).await;
    let fields = [("org", "acme"), ("member_id", member.as_str())];
    let answer = bob.submit(api::REMOVE_MEMBER, &fields).await;
    assert_eq!(answer.location(), routes::ORGS);
    let page = bob.open(routes::ORGS).await;
    assert!(page.body.contains("You have left the organization."));
}

#[tokio::test]
async fn of_two_who_edit_at_once_nobody_undoes_what_the_other_did() {
    let site = Site::start().await;
    let ada = site.app.user("Ada").await;
    let bob = site.app.user("Bob").await;
    let id = site.org("lost", &ada).await;
    site.app.add_member(id, &bob, Role::Admin).await;
    let mut ada = site.sign_in(&ada).await;
    let mut bob = site.sign_in(&bob).await;
    // Both open the page now.
    let form = |name: &'static str, slug: &'static str| {
        [
            ("org", "lost"),
            ("was_name", "Organization lost"),
            ("was_slug", "lost"),
            ("name", name),
            ("slug", slug),
        ]
    };
    let page = bob.open("/orgs/lost/settings").await;
    for (field, value) in [("was_name", "Organization lost"), ("was_slug", "lost")] {
        let hidden = format!("name=\"{field}\" value=\"{value}\"");
        assert!(page.body.contains(&hidden), "{hidden}");
    }

    ada.submit(api::UPDATE_ORG, &form("Organization lost", "moved"))
        .await;
    let answer = bob
        .submit(api::UPDATE_ORG, &form("Better name", "lost"))
        .await;
    assert_eq!(
        answer.location(),
        "/orgs/moved/settings",
        "the slug stays Ada's"
    );
    let page = bob.open("/orgs/moved/settings").await;
    assert!(page.body.contains("Your changes are saved."));
    assert!(page.body.contains("value=\"Better name\""));

    // Who says what the slug was only by naming the organization means it as well.
    let short = [("org", "lost"), ("name", "Better name"), ("slug", "lost")];
    let answer = bob.submit(api::UPDATE_ORG, &short).await;
    assert_eq!(answer.location(), "/orgs/moved/settings");

    // Both change the name: the later one is shown both.
    let answer = ada
        .submit(api::UPDATE_ORG, &form("Best name", "lost"))
        .await;
    assert_eq!(answer.location(), "/orgs/moved/settings");
    let page = ada.open("/orgs/moved/settings").await;
    assert!(page.body.contains("Somebody changed this to") && page.body.contains("Better name"));
    assert!(
        page.body.contains("value=\"Best name\""),
        "what was typed is kept"
    );
    let again = [
        ("org", "moved"),
        ("was_name", "Better name"),
        ("was_slug", "moved"),
    ];
    let again = [&again[..], &[("name", "Best name"), ("slug", "moved")]].concat();
    ada.submit(api::UPDATE_ORG, &again).await;
    assert!(
        ada.open("/orgs/moved/settings")
            .await
            .body
            .contains("value=\"Best name\"")
    );
}

#[tokio::test]
async fn a_role_changed_meanwhile_is_not_changed_back_unseen() {
    let site = Site::start().await;
    let ada = site.app.user("Ada").await;
    let bob = site.app.user("Bob").await;
    let id = site.org("acme", &ada).await;
    let member = site
        .app
        .add_member(id, &bob, Role::Member)
        .await
        .to_string();
    let mut ada = site.sign_in(&ada).await;
    let change = |was: &'static str, role: &'static str| {
        let member = member.clone();
        async move |visitor: &mut Visitor| {
            let fields = [
                ("org", "acme"),
                ("member_id", &member),
                ("was", was),
                ("role", role),
            ];
            visitor.submit(api::CHANGE_ROLE, &fields).await;
            visitor.open("/orgs/acme/members").await
        }
    };
    let page = change("member", "admin")(&mut ada).await;
    assert!(page.body.contains("Role changed."));
    let page = change("member", "owner")(&mut ada).await;
    assert!(
        page.body.contains("Somebody changed this to"),
        "it is admin by now"
    );
    let page = change("admin", "owner")(&mut ada).await;
    assert!(page.body.contains("Role changed."));
}

#[tokio::test]
async fn a_message_waits_for_the_page_of_its_form() {
    let site = Site::start().await;
    let ada = site.app.user("Ada").await;
    site.org("taken", &ada).await;
    site.org("mine", &ada).await;
    let mut ada = site.sign_in(&ada).await;
    let shown = |page: &Answer| page.body.contains("This slug is taken.");
    let settings = "/orgs/mine/settings";
    let bad = [("org", "mine"), ("name", "Mine"), ("slug", "taken")];

    ada.submit(api::UPDATE_ORG, &bad).await;
    assert!(!shown(&ada.open("/orgs").await), "another tab's page");
    assert!(
        !shown(&ada.open("/orgs/taken/settings").await),
        "the same page of another one"
    );
    let head = ada.send(Method::HEAD, settings, &[], Body::empty()).await;
    assert_eq!(head.status, StatusCode::OK);
    let ahead = [
        ("sec-purpose", "prefetch;anonymous-client-ip"),
        ("accept", "text/html"),
    ];
    let fetched = ada.send(Method::GET, settings, &ahead, Body::empty()).await;
    assert!(!shown(&fetched), "nobody sees what is fetched ahead");
    assert!(shown(&ada.open(settings).await));
    assert!(!shown(&ada.open(settings).await), "it is said once");

    // Two forms at once: each has a message of its own.
    ada.submit(api::UPDATE_ORG, &bad).await;
    ada.submit(api::CREATE_ORG, &[("name", "New"), ("slug", "mine")])
        .await;
    assert!(shown(&ada.open(routes::NEW_ORG).await));
    assert!(shown(&ada.open(settings).await));
}

#[tokio::test]
async fn after_signing_in_one_is_led_to_pages_only() {
    let site = Site::start().await;
    let ada = site.app.user("Ada").await;
    for (next, expected) in [
        ("/orgs/new", "/orgs/new"),
        ("/orgs/acme/members?page=2", "/orgs/acme/members?page=2"),
        ("/sign-out", "/orgs"),
        ("/api/my_orgs", "/orgs"),
        ("/metrics", "/orgs"),
        ("/orgs/acme/../../sign-out", "/orgs"),
        ("//evil.test", "/orgs"),
    ] {
        let fields = [
            ("email", ada.email.as_str()),
            ("password", orghub_test_support::PASSWORD),
            ("next", next),
        ];
        let answer = site.visitor().submit(api::SIGN_IN, &fields).await;
        assert_eq!(answer.location(), expected, "{next}");
    }
}

//! `/admin` and what is behind it, for those who may: a table of all of it. To everybody else
//! it does not exist, which `endpoints` and `refusals` hold.

use std::collections::BTreeSet;

use axum::body::Body;
use http::{Method, StatusCode};
use orghub::{
    auth::SignedIn,
    domain::OrgId,
    routes::{self, AdminPage, api},
};
use orghub_test_support::PASSWORD;
use time::Duration;

use crate::site::{Site, Visitor};

/// What each endpoint is sent, and what it answers to a platform admin with a second factor.
/// The last of them ends the session.
const ENDPOINTS: &[(&str, &str, u16)] = &[
    (api::ADMIN_SET_LIMITS, "org={org}&members=5", 200),
    (api::ADMIN_SET_LIMITS, "org={org}&members=many", 422),
    (api::ADMIN_SET_LIMITS, "org=acme", 404),
    (api::ADMIN_RESTORE_ORG, "org={org}", 409),
    (api::ADMIN_FLUSH_ORG, "slug=acme", 200),
    (api::ADMIN_FLUSH_ORG, "slug=nowhere", 404),
    (api::ADMIN_FLUSH_USER, "email=ada%40users.test", 200),
    (api::ADMIN_FLUSH_USER, "email=nobody%40users.test", 404),
    (api::ADMIN_FLUSH_ALL, "", 200),
    (api::ADMIN_SUSPEND_USER, "user={ada}", 200),
    (api::ADMIN_REINSTATE_USER, "user={ada}", 200),
    (api::ADMIN_SIGN_OUT_USER, "user={ada}", 200),
    (api::ADMIN_SIGN_OUT_USER, "user=nonsense", 404),
    (api::ADMIN_RETRY_JOBS, "kind=test.none", 409),
    (api::ADMIN_RETRY_JOBS, "", 400),
    (api::ADMIN_DROP_JOB, "job=nonsense", 404),
    (api::ADMIN_RETRY_WEBHOOK, "event=evt_of_nobody", 200),
    (api::ADMIN_RETRY_WEBHOOK, "event=evt_nonsense", 404),
    (api::ADMIN_RETRY_WEBHOOK, "", 404),
    (
        api::SIGN_OUT_EVERYBODY,
        "confirmation=sign+out+everybody",
        200,
    ),
];

/// A site with an organization of Ada's.
struct Acme {
    site: Site,
    ada: SignedIn,
    org: OrgId,
}

impl Acme {
    async fn start() -> Self {
        let site = Site::start().await;
        let ada = site.app.user("Ada").await;
        let org = site.org("acme", &ada).await;
        // About nothing that is mirrored, so that nobody asks Stripe.
        let payload = r#"{"id":"evt_of_nobody","type":"charge.succeeded","created":1,"data":{"object":{"id":"ch_1","note":"<acme>"}}}"#;
        let insert = "insert into webhook_event (id, type, event_created, payload, last_error) \
                      values ('evt_of_nobody', 'charge.succeeded', now(), $1, 'no answer')";
        site.app.sql_with(insert, &[payload]).await;
        Self { site, ada, org }
    }

    /// A browser of a platform admin's. The second factor comes after the sign-in, which would
    /// ask for it.
    async fn admin(&self, has_second_factor: bool) -> Visitor {
        let root = self.site.app.user("Root").await;
        let browser = self.site.sign_in(&root).await;
        self.site
            .app
            .sql("update users set platform_admin = true where name = 'Root'")
            .await;
        if has_second_factor {
            self.site
                .app
                .sql("update users set second_factor_at = now() where name = 'Root'")
                .await;
        }
        let flushed = self
            .site
            .app
            .services
            .flush_user_by_operator(&root.email)
            .await;
        assert!(flushed.expect("flushed"), "the session is read anew");
        browser
    }

    /// Every page there is.
    fn pages(&self) -> Vec<String> {
        let records = AdminPage::ALL
            .into_iter()
            .filter_map(AdminPage::record_pattern);
        let records = records.map(|pattern| {
            let id = if pattern.starts_with(AdminPage::Orgs.path()) {
                self.org.to_string()
            } else if pattern.starts_with(AdminPage::Webhooks.path()) {
                "evt_of_nobody".to_owned()
            } else {
                self.ada.id.to_string()
            };
            pattern.replace("{id}", &id)
        });
        let lists = AdminPage::ALL.map(|page| page.path().to_owned());
        lists.into_iter().chain(records).collect()
    }

    fn fill(&self, form: &str) -> String {
        form.replace("{org}", &self.org.to_string())
            .replace("{ada}", &self.ada.id.to_string())
    }
}

async fn call(visitor: &mut Visitor, path: &str, form: String) -> u16 {
    let headers = [
        ("accept", "application/json"),
        ("content-type", "application/x-www-form-urlencoded"),
    ];
    let answer = visitor.send(Method::POST, path, &headers, Body::from(form));
    answer.await.status.as_u16()
}

#[tokio::test]
async fn a_platform_admin_with_a_second_factor_is_answered_everywhere() {
    let acme = Acme::start().await;
    let mut root = acme.admin(true).await;
    for page in acme.pages() {
        let answer = root.open(&page).await;
        assert_eq!(answer.status, StatusCode::OK, "{page}");
        assert_eq!(answer.count("<h1"), 1, "{page}");
    }
    for nothing in [
        "/admin/orgs/acme",
        "/admin/users/0192f0c4-5b5e-7cc3-98c4-dc0c0c07398f",
        "/admin/webhooks/evt_nonsense",
    ] {
        assert_eq!(root.open(nothing).await.status, StatusCode::NOT_FOUND);
    }
    let mut wrong = Vec::new();
    for (path, form, expected) in ENDPOINTS {
        let status = call(&mut root, path, acme.fill(form)).await;
        if status != *expected {
            wrong.push(format!("{path} {form}: {status} instead of {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(
        root.open(routes::ORGS).await.status,
        StatusCode::SEE_OTHER,
        "everybody is signed out"
    );
}

#[tokio::test]
async fn without_a_second_factor_there_is_the_way_to_one_and_nothing_else() {
    let acme = Acme::start().await;
    let mut root = acme.admin(false).await;
    for page in acme.pages() {
        let answer = root.open(&page).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{page}");
        assert!(answer.body.contains(routes::TOTP), "{page}");
        for secret in ["ada@users.test", "acme"] {
            assert!(!answer.body.contains(secret), "{secret} on {page}");
        }
    }
    for (path, form, _) in ENDPOINTS {
        let status = call(&mut root, path, acme.fill(form)).await;
        assert_eq!(status, 403, "{path} {form}");
    }
}

#[tokio::test]
async fn no_endpoint_for_platform_admins_is_without_a_row() {
    let described: BTreeSet<&str> = ENDPOINTS.iter().map(|(path, ..)| *path).collect();
    let listed: BTreeSet<&str> = api::PLATFORM.iter().copied().collect();
    assert_eq!(described, listed);
    let named = api::ALL
        .iter()
        .filter(|path| path.starts_with("/api/admin_"));
    for path in named {
        assert!(listed.contains(path), "{path}");
    }
}

#[tokio::test]
async fn limits_are_set_by_a_form_that_keeps_what_was_typed_and_waits_for_a_proof() {
    let acme = Acme::start().await;
    let mut root = acme.admin(true).await;
    let page = routes::admin_org(acme.org);
    let org = acme.org.to_string();
    let fields = |members| {
        [
            ("org", org.as_str()),
            ("members", members),
            ("projects", ""),
            ("storage_gb", "12"),
        ]
    };
    let refused = root.submit(api::ADMIN_SET_LIMITS, &fields("many")).await;
    assert_eq!(refused.location(), page);
    let shown = root.open(&page).await;
    assert!(shown.body.contains("aria-invalid"), "{}", shown.body);
    assert!(shown.body.contains("value=\"many\""));
    assert!(shown.body.contains("value=\"12\""));

    acme.site.app.services.clock.advance(Duration::minutes(11));
    let first = root.submit(api::ADMIN_SET_LIMITS, &fields("7")).await;
    assert_eq!(first.location(), routes::confirm_then(&page));
    let confirm = [("password", PASSWORD), ("next", page.as_str())];
    let confirmed = root.submit(api::CONFIRM, &confirm).await;
    assert_eq!(confirmed.location(), page, "and back to the record");
    let done = root.submit(api::ADMIN_SET_LIMITS, &fields("7")).await;
    assert_eq!(done.location(), page);
    let shown = root.open(&page).await;
    assert!(shown.body.contains("Limits saved."), "{}", shown.body);
    assert!(shown.body.contains("data-seats-limit=\"7\""));
    let log = root.open(AdminPage::Overview.path()).await;
    assert!(log.body.contains("data-kind=\"org.limits_changed\""));
    assert!(log.body.contains("members 7"), "{}", log.body);
}

#[tokio::test]
async fn a_user_is_found_suspended_and_out_of_both_nodes() {
    let acme = Acme::start().await;
    let mut root = acme.admin(true).await;
    let mut ada = acme.site.sign_in(&acme.ada).await;
    let node = acme.site.another_node().await;
    let mut elsewhere = node.receive(&ada);
    for browser in [&mut ada, &mut elsewhere] {
        assert_eq!(browser.open("/orgs/acme").await.status, StatusCode::OK);
    }
    let list = root.open("/admin/users?q=ada%40users.test").await;
    let page = routes::admin_user(acme.ada.id);
    assert!(list.body.contains(&page), "{}", list.body);
    assert_eq!(list.count("data-user-id"), 1);
    let id = acme.ada.id.to_string();
    let fields = [("user", id.as_str())];
    let done = root.submit(api::ADMIN_SUSPEND_USER, &fields).await;
    assert_eq!(done.location(), page);
    for browser in [&mut ada, &mut elsewhere] {
        let answer = browser.open("/orgs/acme").await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "signed out");
    }
    let shown = root.open(&page).await;
    assert!(
        shown.body.contains("The user is suspended"),
        "{}",
        shown.body
    );
    assert!(shown.body.contains(api::ADMIN_REINSTATE_USER));
    assert!(!shown.body.contains(api::ADMIN_SUSPEND_USER));
}

#[tokio::test]
async fn a_failed_event_is_found_read_and_taken_up_again() {
    let acme = Acme::start().await;
    let mut root = acme.admin(true).await;
    let failed = root.open("/admin/webhooks?show=failed").await;
    assert_eq!(failed.attribute("data-total"), "1", "{}", failed.body);
    let page = routes::admin_webhook("evt_of_nobody");
    assert!(failed.body.contains(&page), "{}", failed.body);
    let record = root.open(&page).await;
    assert!(record.body.contains("no answer"), "{}", record.body);
    assert!(record.body.contains("&lt;acme&gt;"), "the payload, as text");

    let fields = [("event", "evt_of_nobody")];
    acme.site.app.services.clock.advance(Duration::minutes(11));
    let first = root.submit(api::ADMIN_RETRY_WEBHOOK, &fields).await;
    assert_eq!(first.location(), routes::confirm_then(&page));
    let confirm = [("password", PASSWORD), ("next", page.as_str())];
    assert_eq!(root.submit(api::CONFIRM, &confirm).await.location(), page);
    let done = root.submit(api::ADMIN_RETRY_WEBHOOK, &fields).await;
    assert_eq!(done.location(), page);
    let record = root.open(&page).await;
    assert!(record.body.contains("taken up again"), "{}", record.body);
    assert!(
        !record.body.contains("Waits to be tried"),
        "{}",
        record.body
    );
    let log = root.open(AdminPage::Overview.path()).await;
    assert!(log.body.contains("evt_of_nobody"), "{}", log.body);
    let failed = root.open("/admin/webhooks?show=failed").await;
    assert_eq!(failed.attribute("data-total"), "0", "{}", failed.body);
}

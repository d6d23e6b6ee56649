//! Who may ask which endpoint for what: one table of all of them.

use std::collections::BTreeSet;

use axum::body::Body;
use http::Method;
use leptos::server_fn::axum::server_fn_paths;
use orghub::domain::{CurrentUser, MemberId, OrgId, Role};

use crate::site::{Site, Visitor};

/// Statuses for: signed out, somebody else, a member, an admin, an owner.
type Statuses = [u16; 5];

/// `{fresh}` is a slug nobody has, `{member}` and `{owner}` are members of `acme`
/// nobody touched before, `{self}` is who asks.
const GET: &[(&str, Statuses)] = &[
    ("/", [200, 303, 303, 303, 303]),
    ("/sign-in", [200, 303, 303, 303, 303]),
    ("/orgs", [303, 200, 200, 200, 200]),
    ("/orgs/new", [303, 200, 200, 200, 200]),
    ("/orgs/default", [303, 303, 307, 307, 307]),
    ("/orgs/acme", [303, 404, 200, 200, 200]),
    ("/orgs/acme/members", [303, 404, 200, 200, 200]),
    (
        "/orgs/acme/members?page=2&q=x&role=owner&sort=name",
        [303, 404, 200, 200, 200],
    ),
    ("/orgs/acme/subscription", [303, 404, 200, 200, 200]),
    ("/orgs/acme/settings", [303, 404, 403, 200, 200]),
    ("/orgs/acme/no/such/page", [303, 404, 404, 404, 404]),
    ("/orgs/nowhere", [303, 404, 404, 404, 404]),
    ("/no/such/page", [404, 404, 404, 404, 404]),
    ("/healthz", [200, 200, 200, 200, 200]),
    ("/readyz", [200, 200, 200, 200, 200]),
    ("/webhooks/stripe", [405, 405, 405, 405, 405]),
    ("/api/my_orgs", [401, 200, 200, 200, 200]),
    ("/api/is_slug_free?slug=free-one", [401, 200, 200, 200, 200]),
    (
        "/api/is_slug_free?slug=Not%20One",
        [401, 422, 422, 422, 422],
    ),
];

const POST: &[(&str, &str, Statuses)] = &[
    (
        "/api/create_org",
        "name=Acme&slug={fresh}",
        [401, 200, 200, 200, 200],
    ),
    (
        "/api/create_org",
        "name=Acme&slug=acme",
        [401, 409, 409, 409, 409],
    ),
    (
        "/api/create_org",
        "name=&slug=Not%20One",
        [401, 422, 422, 422, 422],
    ),
    (
        "/api/update_org",
        "org=acme&name=Acme&slug=acme",
        [401, 404, 403, 200, 200],
    ),
    (
        "/api/update_org",
        "org=nowhere&name=Acme&slug=acme",
        [401, 404, 404, 404, 404],
    ),
    ("/api/update_org", "", [401, 404, 404, 404, 404]),
    (
        "/api/change_role",
        "org=acme&member_id={member}&role=admin",
        [401, 404, 403, 200, 200],
    ),
    (
        "/api/change_role",
        "org=acme&member_id={member}&role=owner",
        [401, 404, 403, 403, 200],
    ),
    (
        "/api/change_role",
        "org=acme&member_id={owner}&role=member",
        [401, 404, 403, 403, 200],
    ),
    (
        "/api/change_role",
        "org=acme&member_id={member}&role=king",
        [401, 404, 422, 422, 422],
    ),
    (
        "/api/remove_member",
        "org=acme&member_id={member}",
        [401, 404, 403, 200, 200],
    ),
    (
        "/api/remove_member",
        "org=acme&member_id={owner}",
        [401, 404, 403, 403, 200],
    ),
    (
        "/api/remove_member",
        "org=acme&member_id=0192f0c4-5b5e-7cc3-98c4-dc0c0c07398f",
        [401, 404, 403, 404, 404],
    ),
    ("/api/leave_org", "org=nowhere", [401, 404, 404, 404, 404]),
    ("/api/leave_org", "org=acme", [401, 404, 200, 200, 200]),
    ("/api/set_theme", "theme=dark", [200, 200, 200, 200, 200]),
    (
        "/api/sign_in",
        "email=nobody%40people.test&password=wrong",
        [401, 401, 401, 401, 401],
    ),
    ("/sign-out", "", [200, 200, 200, 200, 200]),
    ("/webhooks/stripe", "", [400, 400, 400, 400, 400]),
];

const WHO: [&str; 5] = [
    "signed out",
    "somebody else",
    "a member",
    "an admin",
    "an owner",
];

/// `acme` and people for it to gain and lose.
struct Acme {
    site: Site,
    id: OrgId,
    people: u32,
}

impl Acme {
    async fn found() -> Self {
        let site = Site::start().await;
        let ada = site.app.person("Ada").await;
        let id = site.org("acme", &ada).await;
        Self {
            site,
            id,
            people: 0,
        }
    }

    async fn person(&mut self) -> CurrentUser {
        self.people += 1;
        self.site
            .app
            .person(&format!("Person {}", self.people))
            .await
    }

    async fn member(&mut self, role: Role) -> MemberId {
        let person = self.person().await;
        self.site.app.add_member(self.id, &person, role).await
    }

    /// A new visitor of the kind `WHO` names at `index`.
    async fn visitor(&mut self, index: usize) -> Visitor {
        if index == 0 {
            return self.site.visitor();
        }
        let person = self.person().await;
        if let Some(role) = [
            None,
            None,
            Some(Role::Member),
            Some(Role::Admin),
            Some(Role::Owner),
        ][index]
        {
            self.site.app.add_member(self.id, &person, role).await;
        }
        self.site.sign_in(&person).await
    }

    /// `form` with its placeholders filled.
    async fn fill(&mut self, form: &str) -> String {
        let mut form = form.to_owned();
        if form.contains("{member}") {
            form = form.replace("{member}", &self.member(Role::Member).await.to_string());
        }
        if form.contains("{owner}") {
            form = form.replace("{owner}", &self.member(Role::Owner).await.to_string());
        }
        self.people += 1;
        form.replace("{fresh}", &format!("fresh-{}", self.people))
    }
}

#[tokio::test]
async fn every_page_answers_everybody_as_the_table_says() {
    let mut acme = Acme::found().await;
    let mut wrong = Vec::new();
    for index in 0..WHO.len() {
        let mut visitor = acme.visitor(index).await;
        for (path, expected) in GET {
            // Endpoints are asked by islands, pages by browsers.
            let accept = if path.starts_with("/api/") {
                "application/json"
            } else {
                "text/html"
            };
            let answer = visitor
                .send(Method::GET, path, &[("accept", accept)], Body::empty())
                .await;
            if answer.status != expected[index] {
                wrong.push(format!(
                    "{path} for {}: {} instead of {}",
                    WHO[index], answer.status, expected[index]
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn every_endpoint_answers_everybody_as_the_table_says() {
    let mut acme = Acme::found().await;
    let mut wrong = Vec::new();
    for index in 0..WHO.len() {
        for (path, form, expected) in POST {
            // Anew for each, because some of them end a membership or a session.
            let mut visitor = acme.visitor(index).await;
            let form = acme.fill(form).await;
            let headers = [
                ("accept", "application/json"),
                ("content-type", "application/x-www-form-urlencoded"),
            ];
            let answer = visitor
                .send(Method::POST, path, &headers, form.clone().into())
                .await;
            if answer.status != expected[index] {
                let (status, expected) = (answer.status, expected[index]);
                wrong.push(format!(
                    "{path} {form} for {}: {status} instead of {expected}",
                    WHO[index]
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn no_endpoint_is_missing_from_the_tables() {
    // The router registers what is linked in; a site makes sure of that.
    let _site = Site::start().await;
    let tested: BTreeSet<&str> = GET
        .iter()
        .map(|(path, _)| *path)
        .chain(POST.iter().map(|(path, _, _)| *path))
        .map(|path| path.split('?').next().unwrap_or(path))
        .collect();
    let untested: Vec<&str> = server_fn_paths()
        .map(|(path, _)| path)
        .filter(|path| !tested.contains(path))
        .collect();
    assert!(untested.is_empty(), "without a row: {untested:?}");
}

//! Who may ask which page and endpoint for what: one table of all of them, compared with
//! the routes that the application really has.

use std::collections::BTreeSet;

use axum::body::Body;
use http::Method;
use leptos::server_fn::axum::server_fn_paths;
use leptos_axum::generate_route_list;
use orghub::{
    domain::{CurrentUser, MemberId, OrgId, OrgSlug, Role},
    routes::{self, OrgPage, PAGES, api},
};
use orghub_app::app::App;

use crate::site::{Site, Visitor};

/// Statuses for the kinds of visitors in [`WHO`].
type Statuses = [u16; 5];

/// The pages of the organization `acme`.
fn org_page(page: OrgPage) -> Statuses {
    match page {
        OrgPage::Overview | OrgPage::Members | OrgPage::Subscription => [303, 404, 200, 200, 200],
        OrgPage::Settings => [303, 404, 403, 200, 200],
    }
}

/// Path and query of everything else that is read.
const GET: &[(&str, &str, Statuses)] = &[
    (routes::HOME, "", [200, 303, 303, 303, 303]),
    (routes::SIGN_IN, "", [200, 303, 303, 303, 303]),
    (routes::ORGS, "", [303, 200, 200, 200, 200]),
    (routes::NEW_ORG, "", [303, 200, 200, 200, 200]),
    ("/orgs/default", "", [303, 303, 307, 307, 307]),
    (
        "/orgs/acme/members",
        "?page=2&q=x&role=owner&sort=name",
        [303, 404, 200, 200, 200],
    ),
    ("/orgs/acme/no/such/page", "", [303, 404, 404, 404, 404]),
    ("/orgs/nowhere", "", [303, 404, 404, 404, 404]),
    ("/no/such/page", "", [404, 404, 404, 404, 404]),
    (routes::HEALTHZ, "", [200, 200, 200, 200, 200]),
    (routes::READYZ, "", [200, 200, 200, 200, 200]),
    (routes::STRIPE_WEBHOOK, "", [405, 405, 405, 405, 405]),
    (api::MY_ORGS, "", [401, 200, 200, 200, 200]),
    (
        api::IS_SLUG_FREE,
        "?slug=free-one",
        [401, 200, 200, 200, 200],
    ),
    (
        api::IS_SLUG_FREE,
        "?slug=Not%20One",
        [401, 422, 422, 422, 422],
    ),
];

/// `{fresh}` is a slug nobody has; `{member}` and `{owner}` are members of `acme` that
/// nobody touched before.
const POST: &[(&str, &str, Statuses)] = &[
    (
        api::CREATE_ORG,
        "name=Acme&slug={fresh}",
        [401, 200, 200, 200, 200],
    ),
    (
        api::CREATE_ORG,
        "name=Acme&slug=acme",
        [401, 409, 409, 409, 409],
    ),
    (
        api::CREATE_ORG,
        "name=&slug=Not%20One",
        [401, 422, 422, 422, 422],
    ),
    (
        api::UPDATE_ORG,
        "org=acme&name=Acme&slug=acme",
        [401, 404, 403, 200, 200],
    ),
    (
        api::UPDATE_ORG,
        "org=nowhere&name=Acme&slug=acme",
        [401, 404, 404, 404, 404],
    ),
    (api::UPDATE_ORG, "", [401, 404, 404, 404, 404]),
    (
        api::CHANGE_ROLE,
        "org=acme&member_id={member}&role=admin",
        [401, 404, 403, 200, 200],
    ),
    (
        api::CHANGE_ROLE,
        "org=acme&member_id={member}&role=owner",
        [401, 404, 403, 403, 200],
    ),
    (
        api::CHANGE_ROLE,
        "org=acme&member_id={owner}&role=member",
        [401, 404, 403, 403, 200],
    ),
    (
        api::CHANGE_ROLE,
        "org=acme&member_id={member}&role=king",
        [401, 404, 422, 422, 422],
    ),
    (
        api::REMOVE_MEMBER,
        "org=acme&member_id={member}",
        [401, 404, 403, 200, 200],
    ),
    (
        api::REMOVE_MEMBER,
        "org=acme&member_id={owner}",
        [401, 404, 403, 403, 200],
    ),
    (
        api::REMOVE_MEMBER,
        "org=acme&member_id=0192f0c4-5b5e-7cc3-98c4-dc0c0c07398f",
        [401, 404, 403, 404, 404],
    ),
    (
        api::REMOVE_MEMBER,
        "org=acme&member_id=nonsense",
        [401, 404, 422, 422, 422],
    ),
    (api::LEAVE_ORG, "org=nowhere", [401, 404, 404, 404, 404]),
    (api::LEAVE_ORG, "org=acme", [401, 404, 200, 200, 200]),
    (api::SET_THEME, "theme=dark", [200, 200, 200, 200, 200]),
    (
        api::SIGN_IN,
        "email=nobody%40users.test&password=wrong",
        [401, 401, 401, 401, 401],
    ),
    (routes::SIGN_OUT, "", [200, 200, 200, 200, 200]),
    (routes::STRIPE_WEBHOOK, "", [400, 400, 400, 400, 400]),
];

const WHO: [&str; 5] = [
    "a visitor",
    "a user who is not a member",
    "a member",
    "an admin",
    "an owner",
];

fn acme_page(page: OrgPage) -> String {
    page.path(&OrgSlug::parse("acme").expect("a slug"))
}

/// Addresses that are read, with what is expected.
fn reads() -> impl Iterator<Item = (String, Statuses)> {
    let org_pages = OrgPage::ALL
        .into_iter()
        .map(|page| (acme_page(page), org_page(page)));
    let others = GET
        .iter()
        .map(|(path, query, expected)| (format!("{path}{query}"), *expected));
    org_pages.chain(others)
}

/// `acme` and users for it to gain and lose.
struct Acme {
    site: Site,
    id: OrgId,
    users: u32,
}

impl Acme {
    async fn create() -> Self {
        let site = Site::start().await;
        let ada = site.app.user("Ada").await;
        let id = site.org("acme", &ada).await;
        Self { site, id, users: 0 }
    }

    async fn user(&mut self) -> CurrentUser {
        self.users += 1;
        self.site.app.user(&format!("User {}", self.users)).await
    }

    async fn member(&mut self, role: Role) -> MemberId {
        let user = self.user().await;
        self.site.app.add_member(self.id, &user, role).await
    }

    /// A new visitor of the kind that `WHO` has at `index`.
    async fn visitor(&mut self, index: usize) -> Visitor {
        if index == 0 {
            return self.site.visitor();
        }
        let user = self.user().await;
        let roles = [
            None,
            None,
            Some(Role::Member),
            Some(Role::Admin),
            Some(Role::Owner),
        ];
        if let Some(role) = roles[index] {
            self.site.app.add_member(self.id, &user, role).await;
        }
        self.site.sign_in(&user).await
    }

    /// `form` with its placeholders filled.
    async fn fill(&mut self, form: &str) -> String {
        let mut form = form.to_owned();
        for (placeholder, role) in [("{member}", Role::Member), ("{owner}", Role::Owner)] {
            if form.contains(placeholder) {
                form = form.replace(placeholder, &self.member(role).await.to_string());
            }
        }
        self.users += 1;
        form.replace("{fresh}", &format!("fresh-{}", self.users))
    }
}

#[tokio::test]
async fn every_page_answers_everybody_as_the_table_says() {
    let mut acme = Acme::create().await;
    let mut wrong = Vec::new();
    for (index, who) in WHO.into_iter().enumerate() {
        let mut visitor = acme.visitor(index).await;
        for (path, expected) in reads() {
            // Endpoints are asked by islands, pages by browsers.
            let is_endpoint = api::ALL.iter().any(|endpoint| path.starts_with(endpoint));
            let accept = if is_endpoint {
                "application/json"
            } else {
                "text/html"
            };
            let answer = visitor
                .send(Method::GET, &path, &[("accept", accept)], Body::empty())
                .await;
            if answer.status != expected[index] {
                let (status, expected) = (answer.status, expected[index]);
                wrong.push(format!("{path} for {who}: {status} instead of {expected}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn every_endpoint_answers_everybody_as_the_table_says() {
    let mut acme = Acme::create().await;
    let mut wrong = Vec::new();
    for (index, who) in WHO.into_iter().enumerate() {
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
                    "{path} {form} for {who}: {status} instead of {expected}"
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn every_page_is_in_routes_and_in_the_table() {
    let routed: BTreeSet<String> = generate_route_list(App)
        .iter()
        .map(|route| route.path().to_owned())
        .collect();
    let described: BTreeSet<String> = PAGES
        .map(str::to_owned)
        .into_iter()
        .chain(OrgPage::ALL.map(OrgPage::pattern))
        .collect();
    assert_eq!(routed, described, "`App` and `orghub::routes` differ");

    let tested: BTreeSet<String> = reads().map(|(path, _)| path).collect();
    let pages = routed
        .iter()
        .map(|pattern| pattern.replace("{slug}", "acme"));
    let untested: Vec<String> = pages.filter(|page| !tested.contains(page)).collect();
    assert!(untested.is_empty(), "without a row: {untested:?}");
}

#[tokio::test]
async fn every_endpoint_is_in_routes_and_in_the_table() {
    // The router registers what is linked in; a site makes sure of that.
    let _site = Site::start().await;
    let registered: BTreeSet<&str> = server_fn_paths().map(|(path, _method)| path).collect();
    assert_eq!(
        registered,
        BTreeSet::from(api::ALL),
        "the server functions and `orghub::routes::api` differ"
    );

    let rows = |table: &[(&'static str, &str, Statuses)]| -> BTreeSet<&'static str> {
        table.iter().map(|(path, _, _)| *path).collect()
    };
    let (read, written) = (rows(GET), rows(POST));
    let untested: Vec<&str> = server_fn_paths()
        .filter(|(path, method)| {
            let tested = if *method == Method::GET {
                &read
            } else {
                &written
            };
            !tested.contains(path)
        })
        .map(|(path, _method)| path)
        .collect();
    assert!(untested.is_empty(), "without a row: {untested:?}");
}

//! Who may ask which page and endpoint for what: one table of all of them, compared with
//! the routes that the application really has.

mod acme;
mod reads;
mod writes;

use std::collections::BTreeSet;

use axum::body::Body;
use http::{Method, StatusCode};
use leptos::server_fn::axum::server_fn_paths;
use leptos_axum::generate_route_list;
use orghub::{
    domain::Role,
    routes::{self, AdminPage, OrgPage, OrgPath, PAGES, ProviderPage, api},
};
use orghub_app::app::App;

use self::{
    acme::Acme,
    reads::{GET, reads},
    writes::POST,
};
use crate::site::Site;

/// Statuses for the kinds of visitors in [`COLUMNS`].
type Statuses = [u16; 6];

/// Nobody here is a platform admin.
const NOBODY: Statuses = [404; 6];

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    Visitor,
    /// Signed in, and a member of nothing.
    Outsider,
    Member(Role),
    /// An owner who is suspended.
    Suspended,
    /// An owner whose account was suspended.
    Banned,
    /// An owner without a second factor, which `acme` requires.
    WithoutSecondFactor,
    /// Of an organization that was deleted.
    OwnerOfDeleted,
    /// The same.
    AdminOfDeleted,
}

/// Those for whom the tables have a column, in its order.
const COLUMNS: [Who; 6] = [
    Who::Visitor,
    Who::Outsider,
    Who::Member(Role::Member),
    Who::Member(Role::Billing),
    Who::Member(Role::Admin),
    Who::Member(Role::Owner),
];

/// Those whose answers follow from the tables, where an organization is concerned.
const DERIVED: [Who; 5] = [
    Who::Suspended,
    Who::Banned,
    Who::WithoutSecondFactor,
    Who::OwnerOfDeleted,
    Who::AdminOfDeleted,
];

/// What `who` is to be answered by the row with these statuses. `is_of_acme`: it is about
/// `acme`, at the address `path`.
fn expected(who: Who, statuses: Statuses, is_of_acme: bool, path: &str) -> u16 {
    let [visitor, outsider, member, .., owner] = statuses;
    let column = COLUMNS.iter().position(|column| *column == who);
    match who {
        Who::Banned => visitor,
        Who::Suspended | Who::AdminOfDeleted => outsider,
        // But not where there is nothing.
        Who::WithoutSecondFactor if is_of_acme && (member != 404 || owner == 200) => 403,
        Who::WithoutSecondFactor => owner,
        // What can be restored.
        Who::OwnerOfDeleted if is_of_acme && is_page(path) => 410,
        Who::OwnerOfDeleted => outsider,
        _ => statuses[column.expect("a column")],
    }
}

fn is_page(path: &str) -> bool {
    OrgPath::parse(path).is_some_and(|path| path.page.is_some())
}

/// Whether a row is about an organization, and whether about `acme`.
fn concerns_org(path: &str, form: &str) -> (bool, bool) {
    let is_of_acme = path == "/orgs/acme"
        || ["/orgs/acme/", "/orgs/acme?"]
            .iter()
            .any(|start| path.starts_with(start))
        || format!("&{form}&").contains("&org=acme&");
    (
        path.starts_with(routes::ORGS) || form.contains("org="),
        is_of_acme,
    )
}

/// What is wrong with the answers that `who` gets.
async fn read_as(who: Who) -> Vec<String> {
    let mut acme = Acme::create_for(who).await;
    let mut visitor = acme.visitor(who).await;
    let mut wrong = Vec::new();
    for (path, statuses) in reads() {
        let (concerns_org, is_of_acme) =
            concerns_org(&path, path.split_once('?').unwrap_or_default().1);
        if DERIVED.contains(&who) && !concerns_org {
            continue;
        }
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
        let expected = expected(who, statuses, is_of_acme, &path);
        if answer.status != expected {
            let status = answer.status;
            wrong.push(format!(
                "{path} for {who:?}: {status} instead of {expected}"
            ));
        }
    }
    wrong
}

/// The same for forms.
async fn post_as(who: Who) -> Vec<String> {
    let mut acme = Acme::create_for(who).await;
    let mut wrong = Vec::new();
    // Whoever was refused has changed nothing, and asks for the next.
    let mut unchanged = None;
    for (path, form, statuses) in POST {
        let (concerns_org, is_of_acme) = concerns_org(path, form);
        if DERIVED.contains(&who) && !concerns_org {
            continue;
        }
        // What it is for: it would not be deleted any more for the next row.
        if who == Who::OwnerOfDeleted && *path == api::RESTORE_ORG {
            continue;
        }
        let mut visitor = match unchanged.take() {
            Some(refused) => refused,
            None => acme.visitor(who).await,
        };
        let form = acme.fill(form).await;
        let headers = [
            ("accept", "application/json"),
            ("content-type", "application/x-www-form-urlencoded"),
        ];
        let answer = visitor
            .send(Method::POST, path, &headers, form.clone().into())
            .await;
        let expected = expected(who, *statuses, is_of_acme, path);
        if answer.status != expected {
            let status = answer.status;
            wrong.push(format!(
                "{path} {form} for {who:?}: {status} instead of {expected}"
            ));
        }
        let refusals = [
            StatusCode::FORBIDDEN,
            StatusCode::NOT_FOUND,
            StatusCode::CONFLICT,
        ];
        if refusals.contains(&answer.status) {
            unchanged = Some(visitor);
        }
    }
    wrong
}

#[tokio::test]
async fn every_page_answers_everybody_as_the_table_says() {
    let mut wrong = Vec::new();
    for who in COLUMNS {
        wrong.extend(read_as(who).await);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn every_endpoint_answers_everybody_as_the_table_says() {
    let mut wrong = Vec::new();
    for who in COLUMNS {
        wrong.extend(post_as(who).await);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Whoever has no access has none anywhere, and learns no more than they may.
#[tokio::test]
async fn who_is_suspended_or_barred_gets_nothing_of_an_organization() {
    let mut wrong = Vec::new();
    for who in DERIVED {
        wrong.extend(read_as(who).await);
        wrong.extend(post_as(who).await);
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
        .iter()
        .map(|page| (*page).to_owned())
        .chain(OrgPage::ALL.map(OrgPage::pattern))
        .chain(ProviderPage::ALL.map(ProviderPage::pattern))
        .chain([routes::INVITATION.to_owned(), routes::JOIN.to_owned()])
        .chain(
            AdminPage::ALL
                .into_iter()
                .filter_map(AdminPage::record_pattern),
        )
        .collect();
    assert_eq!(routed, described, "`App` and `orghub::routes` differ");

    let tested: BTreeSet<String> = reads().map(|(path, _)| path).collect();
    let pages = routed.iter().map(|pattern| {
        pattern
            .replace("{slug}", "acme")
            .replace("{provider}", "example")
            .replace("{token}", "nonsense")
            .replace("{id}", "0192f0c4-5b5e-7cc3-98c4-dc0c0c07398f")
    });
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
        api::ALL.iter().copied().collect(),
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

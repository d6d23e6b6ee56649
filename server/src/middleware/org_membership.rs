//! The guard of everything below `/orgs/{slug}`: who is no member does not get as
//! far as rendering.
//!
//! It asks `access`, whose answer is cached, and puts the proof into the request's
//! extensions; pages and server functions take it from there. What it finds and
//! what it does:
//!
//! | | |
//! |---|---|
//! | signed out | to `/sign-in`, which leads back |
//! | a member, by the current slug | on, with the proof |
//! | a member, by an id, a former slug or `default` | to the same page under the current slug |
//! | `default`, but a member of nothing | to `/orgs/new` |
//! | anything else: no member, no such organisation, no possible slug | on, without the proof: the application shows one and the same "not found" page |
//!
//! All redirects are temporary ones that no cache may keep: where `default` leads depends on the person, and
//! an organisation may take back a slug it once had, when a browser that had
//! learnt "moved permanently" both ways would go in circles.

use std::time::Instant;

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use http::Uri;
use orghub::{
    access::OrgLookup,
    domain::{OrgSegment, OrgSlug},
    metrics::{Phase, current_request_stats},
    routes,
    session::SignedIn,
};

use crate::{error_page, state::AppState};

/// The organisation whose pages were seen, for the access log.
#[derive(Clone, Debug)]
pub struct SeenOrg(pub OrgSlug);

/// Guards the paths of organisations and lets all others pass.
pub async fn require_membership(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    let Some(place) = Place::of(request.uri()) else {
        return next.run(request).await;
    };
    let Some(SignedIn(Some(user))) = request.extensions().get::<SignedIn>() else {
        return Redirect::to(&routes::sign_in_then(path_and_query(request.uri()))).into_response();
    };

    let started = Instant::now();
    let found = match OrgSegment::parse(place.segment) {
        Some(segment) => state.services.access.find(user, &segment).await,
        None => Ok(OrgLookup::NotFound),
    };
    if let Some(stats) = current_request_stats() {
        stats.note(Phase::Membership, started.elapsed());
    }

    match found {
        Ok(OrgLookup::Granted(access)) => {
            let seen = SeenOrg(access.slug().clone());
            request.extensions_mut().insert(access);
            let mut response = next.run(request).await;
            response.extensions_mut().insert(seen);
            response
        }
        Ok(OrgLookup::Moved(slug)) => {
            Redirect::temporary(&format!("{}{}", routes::org(&slug), place.rest)).into_response()
        }
        Ok(OrgLookup::NoOrganization) => Redirect::to(routes::NEW_ORG).into_response(),
        Ok(OrgLookup::NotFound) => next.run(request).await,
        Err(error) => error_page::from_error(&error),
    }
}

/// Where in an organisation's pages an address leads.
#[derive(Debug, PartialEq, Eq)]
struct Place<'a> {
    /// What stands for the organisation.
    segment: &'a str,
    /// What follows it, query included: `/members?page=2`, or nothing.
    rest: &'a str,
}

impl<'a> Place<'a> {
    /// `None`: the address is not one of an organisation's pages.
    fn of(uri: &'a Uri) -> Option<Self> {
        if uri.path() == routes::NEW_ORG {
            return None;
        }
        let place = path_and_query(uri).strip_prefix(routes::ORG_PREFIX)?;
        let end = place.find(['/', '?']).unwrap_or(place.len());
        let (segment, rest) = place.split_at(end);
        (!segment.is_empty()).then_some(Self { segment, rest })
    }
}

fn path_and_query(uri: &Uri) -> &str {
    uri.path_and_query().map_or(uri.path(), http::uri::PathAndQuery::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(address: &str) -> Option<(String, String)> {
        let uri: Uri = address.parse().expect("an address");
        Place::of(&uri).map(|place| (place.segment.to_owned(), place.rest.to_owned()))
    }

    fn some(segment: &str, rest: &str) -> Option<(String, String)> {
        Some((segment.to_owned(), rest.to_owned()))
    }

    #[test]
    fn everything_below_a_slug_is_guarded() {
        assert_eq!(place("/orgs/acme"), some("acme", ""));
        assert_eq!(place("/orgs/acme/"), some("acme", "/"));
        assert_eq!(place("/orgs/acme?tab=1"), some("acme", "?tab=1"));
        assert_eq!(place("/orgs/acme/members?page=2&q=a/b"), some("acme", "/members?page=2&q=a/b"));
        assert_eq!(place("/orgs/acme/no/such/page"), some("acme", "/no/such/page"));
        assert_eq!(place("https://app.test/orgs/acme/members"), some("acme", "/members"));
    }

    #[test]
    fn what_only_looks_like_the_form_for_a_new_one_is_guarded_too() {
        assert_eq!(place("/orgs/new"), None);
        assert_eq!(place("/orgs/new?name=x"), None);
        assert_eq!(place("/orgs/new/members"), some("new", "/members"));
        assert_eq!(place("/orgs/newer"), some("newer", ""));
    }

    #[test]
    fn other_pages_are_nobodys() {
        for address in ["/", "/orgs", "/orgs/", "/orgs?x=/orgs/acme", "/sign-in", "/organisations/acme"] {
            assert_eq!(place(address), None, "{address}");
        }
    }
}

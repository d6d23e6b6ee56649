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
//! | anything else: no member, no such organization, no possible slug | on, without the proof: the application shows one and the same "not found" page |
//!
//! All redirects are temporary ones that no cache may keep: where `default` leads depends on the person, and
//! an organization may take back a slug it once had, when a browser that had
//! learned "moved permanently" both ways would go in circles.

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
    routes::{self, OrgPlace},
    session::SignedIn,
};

use crate::{error_page, state::AppState};

/// The organization whose pages were seen, for the access log.
#[derive(Clone, Debug)]
pub struct SeenOrg(pub OrgSlug);

/// Guards the paths of organizations and lets all others pass.
pub async fn require_membership(
    State(state): State<AppState>,
    mut request: Request,
    next: Next,
) -> Response {
    let Some(place) = OrgPlace::of(path_and_query(request.uri())) else {
        return next.run(request).await;
    };
    let Some(SignedIn(Some(user))) = request.extensions().get::<SignedIn>() else {
        return Redirect::to(&routes::sign_in_then(path_and_query(request.uri()))).into_response();
    };

    let stats = current_request_stats();
    let (sql_before, redis_before) = stats
        .as_ref()
        .map_or((0, 0), |stats| (stats.sql(), stats.redis()));
    let started = Instant::now();
    let found = match OrgSegment::parse(place.segment) {
        Some(segment) => state.services.access.find(user, &segment).await,
        None => Ok(OrgLookup::NotFound),
    };
    if let Some(stats) = stats {
        stats.note(Phase::Membership, started.elapsed());
        let source = match (stats.sql() > sql_before, stats.redis() > redis_before) {
            (true, _) => "postgres",
            (false, true) => "redis",
            (false, false) => "memory",
        };
        metrics::histogram!("orghub_membership_check_seconds", "source" => source)
            .record(started.elapsed().as_secs_f64());
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

/// The address without scheme and host.
pub(super) fn path_and_query(uri: &Uri) -> &str {
    uri.path_and_query()
        .map_or(uri.path(), http::uri::PathAndQuery::as_str)
}

//! The guard of everything below `/orgs/{slug}`: pages of non-members are never rendered.
//!
//! It asks `access`, whose answer is cached, and puts the proof into the request's
//! extensions, where pages and server functions find it:
//!
//! | who asks | what happens |
//! |---|---|
//! | nobody signed in | to `/sign-in`, which leads back |
//! | a member, by the current slug | on, with the proof |
//! | a member, by an id, a former slug or `default` | to the same page under the current slug |
//! | a user without organizations, by `default` | to `/orgs/new` |
//! | anybody else | on, without the proof: the application shows one and the same 404 |
//!
//! All redirects are temporary ones that no cache may keep: where `default` leads depends
//! on the user, and an organization may take back a slug it once had. A browser that had
//! learned "moved permanently" both ways would go in circles.

use std::time::Instant;

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use http::{Uri, uri::PathAndQuery};
use orghub::{
    access::OrgLookup,
    domain::{OrgSegment, OrgSlug},
    metrics::{Phase, current_request_stats},
    routes::{self, OrgPath},
    session::SignedIn,
};

use crate::{error_page, state::AppState};

/// The organization that the response shows, for the access log: the layers further out
/// see the response only.
#[derive(Clone, Debug)]
pub struct ResponseOrg(pub OrgSlug);

/// Guards the addresses of organizations; all others pass.
pub async fn resolve_membership(
    State(state): State<AppState>,
    mut request: Request,
    next: Next,
) -> Response {
    let address = path_and_query(request.uri());
    let Some(path) = OrgPath::parse(address) else {
        return next.run(request).await;
    };
    let Some(SignedIn(Some(user))) = request.extensions().get::<SignedIn>() else {
        return Redirect::to(&routes::sign_in_then(address)).into_response();
    };

    let stats = current_request_stats();
    let (sql_before, redis_before) = stats
        .as_ref()
        .map_or((0, 0), |stats| (stats.sql(), stats.redis()));
    let started = Instant::now();
    let found = match OrgSegment::parse(path.segment) {
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
            let org = ResponseOrg(access.slug().clone());
            request.extensions_mut().insert(access);
            let mut response = next.run(request).await;
            response.extensions_mut().insert(org);
            response
        }
        Ok(OrgLookup::Moved(slug)) => Redirect::temporary(&path.moved_to(&slug)).into_response(),
        Ok(OrgLookup::NoOrganization) => Redirect::to(routes::NEW_ORG).into_response(),
        Ok(OrgLookup::NotFound) => next.run(request).await,
        Err(error) => error_page::from_error(error),
    }
}

/// The address without scheme and host.
fn path_and_query(uri: &Uri) -> &str {
    uri.path_and_query()
        .map_or(uri.path(), PathAndQuery::as_str)
}

//! The guard of everything below `/orgs/{slug}`: pages of non-members are never rendered.
//!
//! It asks `access`, whose answer is cached, and puts the proof into the request's
//! extensions, where pages and downloads find it:
//!
//! | who asks | what happens |
//! |---|---|
//! | nobody signed in | to `/sign-in`, which leads back |
//! | a member, by the current slug | on, with the proof |
//! | a member, by an id, a former slug or `default` | to the same page under the current slug |
//! | a member who is barred (deleted, second factor) | on, with the reason instead of the proof |
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
    auth::RequestUser,
    cache::Companions,
    domain::{OrgSegment, OrgSlug},
    routes::{self, OrgPath},
    telemetry::{Phase, current_request_cost, names},
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
    let Some(RequestUser(Some(user))) = request.extensions().get::<RequestUser>() else {
        return Redirect::to(&routes::sign_in_then(address)).into_response();
    };

    let cost = current_request_cost();
    let (sql_before, redis_before) = cost
        .as_ref()
        .map_or((0, 0), |cost| (cost.sql(), cost.redis()));
    let started = Instant::now();
    // What the page will show comes along if Redis has to be asked for the membership.
    let companions = |slug: &OrgSlug| match path.page {
        Some(page) => state.services.companions(page, slug, path.query),
        None => Companions::default(),
    };
    let found = match OrgSegment::parse(path.segment) {
        Some(segment) => {
            state
                .services
                .access
                .find_with(user, &segment, companions)
                .await
        }
        None => Ok(OrgLookup::NotFound),
    };
    if let Some(cost) = cost {
        cost.add(Phase::Membership, started.elapsed());
        let source = match (cost.sql() > sql_before, cost.redis() > redis_before) {
            (true, _) => "postgres",
            (false, true) => "redis",
            (false, false) => "memory",
        };
        metrics::histogram!(names::MEMBERSHIP_CHECK_SECONDS, "source" => source)
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
        Ok(OrgLookup::Barred(barred)) => {
            request.extensions_mut().insert(barred);
            next.run(request).await
        }
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

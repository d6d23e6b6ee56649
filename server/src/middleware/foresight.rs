//! Lets a node that knows nothing yet ask Redis once for all that a page needs.
//!
//! Which membership that is depends on the person, and who that is stands in the
//! session, which would have to be fetched first. So the browser keeps the person's
//! id in a cookie beside the session's. It is a hint about keys and nothing else:
//! it opens nothing, is never believed, and whoever changes it gets the same pages a
//! round trip later.

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use http::Method;
use orghub::{config::Config, domain::UserId, foresight::Arrival, session::LIFETIME};
use time::Duration;
use tower_cookies::Cookies;
use tower_sessions::{
    Session,
    cookie::{Cookie, SameSite},
};

use super::{org_membership::path_and_query, session::Viewer};
use crate::state::AppState;

/// Serves the request with what it will probably ask for told beforehand.
pub async fn foresee(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let config = &state.services.config;
    let Some(cookies) = request.extensions().get::<Cookies>().cloned() else {
        return next.run(request).await;
    };
    let hint = cookies
        .get(config.person_cookie_name())
        .map(|cookie| cookie.value().to_owned());
    let person = hint.as_ref().and_then(|hint| hint.parse().ok());

    let response = match request.extensions().get::<Session>().and_then(Session::id) {
        Some(session) => {
            let page =
                (request.method() == Method::GET).then(|| path_and_query(request.uri()).to_owned());
            let arrival = Arrival {
                session,
                person,
                page,
            };
            state
                .services
                .cache
                .foreseeing(move || arrival.foresee(), next.run(request))
                .await
        }
        None => next.run(request).await,
    };

    // Has the browser remember who it was this time, or forget.
    match response
        .extensions()
        .get::<Viewer>()
        .map(|viewer| viewer.user_id)
    {
        Some(viewer) if person != Some(viewer) => cookies.add(cookie(config, Some(viewer))),
        None if hint.is_some() => cookies.add(cookie(config, None)),
        _ => {}
    }
    response
}

fn cookie(config: &Config, person: Option<UserId>) -> Cookie<'static> {
    Cookie::build((
        config.person_cookie_name(),
        person.map_or_else(String::new, |person| person.to_string()),
    ))
    .path("/")
    .secure(config.cookie_is_secure())
    .http_only(true)
    .same_site(SameSite::Lax)
    .max_age(if person.is_some() {
        LIFETIME
    } else {
        Duration::ZERO
    })
    .build()
}

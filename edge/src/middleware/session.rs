//! From cookie to user, once a request.
//!
//! tower-sessions keeps the cookie and the life of its id; our store keeps the sessions, in
//! PostgreSQL behind the cache. A visitor without a cookie costs nothing, a signed-in one a
//! look into this process's memory. Reading pages writes nothing, except once a day, when
//! the session's end is moved.
//!
//! Pages also bring a second cookie, a signed copy of the session, which saves a node that
//! does not remember it the way to Redis (`orghub::auth::sessions`). It is taken from requests
//! that change nothing, and goes when the session does.

use std::time::Instant;

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use cookie::{Cookie, SameSite};
use http::{HeaderMap, HeaderValue, Method, header};
use orghub::{
    auth::{
        ClientInfo, RequestUser, Sessions,
        sessions::{SESSION_DATA_LIFE, Visit},
    },
    config::Config,
    domain::UserId,
    services::Services,
    telemetry::{Phase, current_request_cost},
};
use tower_sessions::{Session, SessionManagerLayer};

use crate::{error_page, state::AppState};

/// The user that the response is for: the layers further out see the response only.
#[derive(Clone, Copy, Debug)]
pub struct ResponseUser {
    pub id: UserId,
    /// Whether the user may see what the request cost.
    pub platform_admin: bool,
}

/// Cookie and id of the session.
///
/// `Lax` and not tower-sessions' `Strict`, with which users who follow a link from their
/// mail would seem signed out. Name and `Secure` come from the configuration: `__Host-` and
/// `Secure` everywhere but in development over plain http, where scripts and some browsers
/// would not send such a cookie back.
pub fn layer(services: &Services) -> SessionManagerLayer<Sessions> {
    SessionManagerLayer::new(services.sessions.clone())
        .with_name(services.config.cookie_name())
        .with_secure(services.config.cookie_is_secure())
        .with_http_only(true)
        .with_same_site(SameSite::Lax)
        .with_path("/")
        .with_expiry(services.sessions.expiry())
}

/// Puts [`RequestUser`] into the request's extensions, where `app` finds it, and
/// [`ResponseUser`] into the response's.
pub async fn resolve_user(
    State(state): State<AppState>,
    mut request: Request,
    next: Next,
) -> Response {
    let started = Instant::now();
    let (sessions, config) = (&state.services.sessions, &state.services.config);
    let session = request.extensions().get::<Session>().cloned();
    let carried = session_data(request.headers(), config).map(str::to_owned);
    let found = match &session {
        Some(session) => {
            let believable = carried.as_deref().filter(|_| request.method().is_safe());
            sessions.authenticate_with(session, believable).await
        }
        None => Ok(Visit::nobodys()),
    };
    if let Some(cost) = current_request_cost() {
        cost.add(Phase::Session, started.elapsed());
    }
    let visit = match found {
        Ok(visit) => visit,
        // Not "signed out": that would send a signed-in user to the sign-in page.
        Err(error) => return error_page::from_error(error),
    };

    let response_user = visit.user.as_ref().map(|user| ResponseUser {
        id: user.id,
        platform_admin: user.platform_admin,
    });
    let address = request
        .extensions()
        .get::<ClientInfo>()
        .and_then(|client| client.address);
    let user = visit.user.clone().map(|user| user.coming_from(address));
    request.extensions_mut().insert(RequestUser(user));

    let id = session.as_ref().and_then(Session::id);
    let is_page_view = *request.method() == Method::GET;
    let mut response = next.run(request).await;
    if let Some(user) = response_user {
        response.extensions_mut().insert(user);
    }
    let is_over = visit.user.is_none() || session.as_ref().and_then(Session::id) != id;
    let is_changed = session.is_some_and(|session| session.is_modified());
    let cookie = if is_over {
        carried.map(|_copy| removal(config))
    } else if is_page_view && !is_changed && is_page(&response) {
        sessions
            .session_data(&visit)
            .map(|copy| session_data_cookie(config, copy))
    } else {
        None
    };
    if let Some(cookie) = cookie.and_then(|cookie| HeaderValue::try_from(cookie.to_string()).ok()) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// The copy that the request carries. The header has one pair of that name at most, as
/// `cookies::keep_ours` left it.
fn session_data<'a>(headers: &'a HeaderMap, config: &Config) -> Option<&'a str> {
    let cookies = headers.get(header::COOKIE)?.to_str().ok()?;
    cookies
        .split("; ")
        .filter_map(|pair| pair.split_once('='))
        .find(|(name, _)| *name == config.session_data_cookie_name())
        .map(|(_, value)| value)
}

/// Lasts as long as what is in it is believed.
fn session_data_cookie(config: &Config, copy: String) -> Cookie<'static> {
    Cookie::build((config.session_data_cookie_name(), copy))
        .path("/")
        .max_age(SESSION_DATA_LIFE)
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(config.cookie_is_secure())
        .build()
}

fn removal(config: &Config) -> Cookie<'static> {
    let mut gone = session_data_cookie(config, String::new());
    gone.make_removal();
    gone
}

/// Pictures, scripts and what islands ask come in numbers; a page comes once.
fn is_page(response: &Response) -> bool {
    let kind = response.headers().get(header::CONTENT_TYPE);
    kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"))
}

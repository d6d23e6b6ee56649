//! From cookie to user, once a request.
//!
//! tower-sessions keeps the cookie and the life of its id; our store keeps the sessions, in
//! PostgreSQL behind the cache. A visitor without a cookie costs nothing, a signed-in one a
//! look into this process's memory. Reading pages writes nothing, except once a day, when
//! the session's end is moved.

use std::{
    net::{IpAddr, SocketAddr},
    time::Instant,
};

use axum::{
    extract::{ConnectInfo, Request, State},
    middleware::Next,
    response::Response,
};
use http::{Extensions, HeaderMap, HeaderName, header};
use orghub::{
    auth::{ClientInfo, RequestUser, Sessions, sessions::EXPIRY},
    config::Config,
    domain::UserId,
    services::Services,
    telemetry::{Phase, current_request_cost},
};
use tower_sessions::{Session, SessionManagerLayer, cookie::SameSite};

use crate::{error_page, state::AppState};

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

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
        .with_expiry(EXPIRY)
}

/// Puts [`RequestUser`] and [`ClientInfo`] into the request's extensions, where `app` finds
/// them, and [`ResponseUser`] into the response's.
pub async fn resolve_user(
    State(state): State<AppState>,
    mut request: Request,
    next: Next,
) -> Response {
    let started = Instant::now();
    let found = match request.extensions().get::<Session>() {
        Some(session) => state.services.sessions.authenticate(session).await,
        None => Ok(None),
    };
    if let Some(cost) = current_request_cost() {
        cost.add(Phase::Session, started.elapsed());
    }
    let user = match found {
        Ok(user) => user,
        // Not "signed out": that would send a signed-in user to the sign-in page.
        Err(error) => return error_page::from_error(error),
    };

    let response_user = user.as_ref().map(|user| ResponseUser {
        id: user.id,
        platform_admin: user.platform_admin,
    });
    let client = client_info(
        request.headers(),
        request.extensions(),
        &state.services.config,
    );
    request.extensions_mut().insert(client);
    request.extensions_mut().insert(RequestUser(user));

    let mut response = next.run(request).await;
    if let Some(user) = response_user {
        response.extensions_mut().insert(user);
    }
    response
}

/// Where the request came from, as far as it can be believed.
fn client_info(headers: &HeaderMap, extensions: &Extensions, config: &Config) -> ClientInfo {
    let peer = extensions
        .get::<ConnectInfo<SocketAddr>>()
        .map(|ConnectInfo(peer)| peer.ip());
    let forwarded = config
        .trust_forwarded_for
        .then(|| forwarded_for(headers))
        .flatten();
    let user_agent = headers
        .get(header::USER_AGENT)
        .and_then(|value| value.to_str().ok())
        .map(str::to_owned);
    ClientInfo {
        address: forwarded.or(peer),
        user_agent,
    }
}

/// The address our proxy saw. It appends it to what the client claims, so only the last one
/// is the proxy's.
fn forwarded_for(headers: &HeaderMap) -> Option<IpAddr> {
    let last_header = headers.get_all(FORWARDED_FOR).iter().next_back()?;
    last_header
        .to_str()
        .ok()?
        .rsplit(',')
        .next()?
        .trim()
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn forwarded(values: &[&'static str]) -> Option<String> {
        let headers = values
            .iter()
            .map(|value| (FORWARDED_FOR, HeaderValue::from_static(value)))
            .collect();
        forwarded_for(&headers).map(|address| address.to_string())
    }

    #[test]
    fn only_the_proxys_address_is_believed() {
        assert_eq!(forwarded(&["203.0.113.7"]).as_deref(), Some("203.0.113.7"));
        assert_eq!(
            forwarded(&["10.0.0.1, 203.0.113.7"]).as_deref(),
            Some("203.0.113.7")
        );
        assert_eq!(
            forwarded(&["10.0.0.1", "203.0.113.7"]).as_deref(),
            Some("203.0.113.7")
        );
        assert_eq!(forwarded(&["2001:db8::1"]).as_deref(), Some("2001:db8::1"));
        assert_eq!(forwarded(&["203.0.113.7, somewhere"]), None);
        assert_eq!(forwarded(&[]), None);
    }
}

//! The device cookie: by which accounts a browser has signed in before.
//!
//! Only attempts to sign in look into it, and only a sign-in writes it, so here it is handed
//! on and handed back. It stays when somebody signs out.

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use cookie::{Cookie, SameSite};
use http::{HeaderMap, HeaderValue, header};
use orghub::{
    auth::{ClientInfo, DEVICE_LIFETIME, DeviceCookie},
    config::Config,
};

use crate::state::AppState;

/// Puts the cookie into the request's [`ClientInfo`], and sets the one that a sign-in left
/// there.
pub async fn recognize(
    State(state): State<AppState>,
    mut request: Request,
    next: Next,
) -> Response {
    let config = &state.services.config;
    let sent = sent(request.headers(), &config.device_cookie_name());
    let device = sent.map_or_else(DeviceCookie::default, DeviceCookie::sent);
    if let Some(client) = request.extensions_mut().get_mut::<ClientInfo>() {
        client.device = device.clone();
    }
    let mut response = next.run(request).await;
    if let Some(value) = device.to_set() {
        let cookie = cookie(config, value).to_string();
        if let Ok(value) = HeaderValue::from_str(&cookie) {
            response.headers_mut().append(header::SET_COOKIE, value);
        }
    }
    response
}

/// The cookie's value. Names are ours by now and come once ([`super::cookies`]).
fn sent(headers: &HeaderMap, name: &str) -> Option<String> {
    let pairs = headers.get(header::COOKIE)?.to_str().ok()?.split("; ");
    let mut values = pairs.filter_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
    values.next().map(str::to_owned)
}

fn cookie<'a>(config: &Config, value: &'a str) -> Cookie<'a> {
    Cookie::build((config.device_cookie_name(), value))
        .path("/")
        .max_age(DEVICE_LIFETIME)
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(config.cookie_is_secure())
        .build()
}

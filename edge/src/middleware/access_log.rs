//! One line for every request, and a span that ties all other lines of the request to it
//! by its id.
//!
//! A line names the route's pattern and never the address as it was sent: an address can
//! hold what a user typed into a search, or a token.

use std::time::Instant;

use axum::{
    extract::{MatchedPath, Request, State},
    middleware::Next,
    response::Response,
};
use http::{HeaderMap, HeaderName, HeaderValue};
use tracing::{Instrument as _, Span, field, info, info_span};
use uuid::Uuid;

use super::{client, org_membership::ResponseOrg, session::ResponseUser};
use crate::{state::AppState, telemetry::traces};

/// The header that carries a request's id in and out.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Logs the request and answers with its id. Leaves [`orghub::auth::ClientInfo`] in the
/// request's extensions.
pub async fn log_request(
    State(state): State<AppState>,
    mut request: Request,
    next: Next,
) -> Response {
    let started = Instant::now();
    let config = &state.services.config;
    // Whoever is not our proxy could give two requests one id.
    let id = config
        .trust_forwarded_for
        .then(|| given_id(request.headers()))
        .flatten()
        .unwrap_or_else(|| Uuid::now_v7().to_string());
    let client = client::info(request.headers(), request.extensions(), config);
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let address = client.address.map(field::display);
    // The last one is there for traces alone.
    let span = info_span!(
        "request",
        request.id = id,
        client.address = address,
        otel.kind = field::Empty,
    );
    traces::begin(
        &span,
        config.trust_forwarded_for.then_some(request.headers()),
    );
    request.extensions_mut().insert(client);

    let answer = async move {
        let response = next.run(request).await;
        let user = response.extensions().get::<ResponseUser>();
        let org = response.extensions().get::<ResponseOrg>();
        let route = route.as_ref().map(MatchedPath::as_str);
        info!(
            http.method = method.as_str(),
            http.route = route.unwrap_or("none"),
            http.status = response.status().as_u16(),
            // To the microsecond: more digits would only look exact.
            duration_ms = (started.elapsed().as_secs_f64() * 1e6).round() / 1e3,
            user.id = user.map(|user| field::display(user.id)),
            org.slug = org.map(|org| field::display(&org.0)),
            "answered",
        );
        traces::end(&Span::current(), &method, route, response.status());
        response
    };
    let mut response = answer.instrument(span).await;
    if let Ok(value) = HeaderValue::try_from(id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}

/// The id that a proxy in front of us gave the request, if it is one: 1 to 64 letters,
/// digits, dashes and underscores. Anything else would be somebody writing in our log.
fn given_id(headers: &HeaderMap) -> Option<String> {
    let id = headers.get(REQUEST_ID)?.to_str().ok()?;
    let is_id = (1..=64).contains(&id.len())
        && id
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
    is_id.then(|| id.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id_of(text: &str) -> Option<String> {
        given_id(&HeaderMap::from_iter([(
            REQUEST_ID,
            HeaderValue::from_str(text).expect("a header's value"),
        )]))
    }

    #[test]
    fn an_id_from_a_proxy_is_kept_and_anything_else_is_not() {
        assert_eq!(id_of("req_01-ab").as_deref(), Some("req_01-ab"));
        for text in ["", "a b", "user.id=1", &"a".repeat(65)] {
            assert_eq!(id_of(text), None, "{text:?}");
        }
        assert_eq!(given_id(&HeaderMap::new()), None);
    }
}

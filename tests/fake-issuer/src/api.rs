//! The endpoints, for browsers and for programs.

use axum::{
    Form, Json, Router,
    extract::{RawQuery, Request, State},
    http::{HeaderMap, StatusCode, header},
    middleware::{self, Next},
    response::{Html, IntoResponse, Redirect, Response},
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    Choice, Endpoint, Failure, Person, Shared,
    authorization::{self, AuthorizationRequest},
    control, page, tokens,
};

const DISCOVERY: &str = "/.well-known/openid-configuration";
const KEYS: &str = "/keys";
const TOKEN: &str = "/token";

/// More than anybody should read.
const HUGE: usize = 1 << 20;

pub(crate) fn router(shared: Shared) -> Router {
    let programs = Router::new()
        .route(DISCOVERY, get(discovery))
        .route(KEYS, get(keys))
        .route(TOKEN, post(token))
        .layer(middleware::from_fn_with_state(shared.clone(), receive));
    Router::new()
        .route("/authorize", get(ask).post(choose))
        .nest("/control", control::router())
        .merge(programs)
        .with_state(shared)
}

/// Comes before every handler for programs: counts the request, applies the failure.
async fn receive(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    let endpoint = match request.uri().path() {
        DISCOVERY => Endpoint::Discovery,
        KEYS => Endpoint::Keys,
        _ => Endpoint::Token,
    };
    let failure = {
        let mut state = shared.state();
        state.requests.push(endpoint);
        state.failures.get(&endpoint).copied()
    };
    let json = [(header::CONTENT_TYPE, "application/json")];
    match failure {
        None => next.run(request).await,
        Some(Failure::Hang) => std::future::pending().await,
        Some(Failure::Huge) => (json, format!("\"{}\"", "a".repeat(HUGE))).into_response(),
        Some(Failure::Garbage) => (json, "{\"issuer\": <html>").into_response(),
        Some(Failure::ServerError) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

async fn discovery(State(shared): State<Shared>) -> Json<Value> {
    let issuer = shared.issuer();
    Json(json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}{TOKEN}"),
        "jwks_uri": format!("{issuer}{KEYS}"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256", "ES256"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": true,
    }))
}

async fn keys(State(shared): State<Shared>) -> Json<Value> {
    let keys: Vec<Value> = shared.state().keys.iter().map(|key| key.public()).collect();
    Json(json!({ "keys": keys }))
}

async fn token(State(shared): State<Shared>, headers: HeaderMap, body: String) -> Response {
    let authorization = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    match tokens::exchange(&shared, authorization, &body) {
        Ok(tokens) => ([(header::CACHE_CONTROL, "no-store")], Json(tokens)).into_response(),
        Err(error) => {
            let status = if error == "invalid_client" {
                StatusCode::UNAUTHORIZED
            } else {
                StatusCode::BAD_REQUEST
            };
            (status, Json(json!({ "error": error }))).into_response()
        }
    }
}

/// The page that asks who one wants to be.
async fn ask(State(shared): State<Shared>, RawQuery(query): RawQuery) -> Response {
    let query = query.unwrap_or_default();
    match AuthorizationRequest::parse(&shared, &query) {
        Ok(_) => Html(page::ask(&shared.state().people, &query)).into_response(),
        Err(problem) => refuse(&problem),
    }
}

/// What was clicked.
#[derive(Deserialize)]
struct Clicked {
    /// The query of the authorization request.
    request: String,
    /// Empty: nobody, they said no.
    subject: String,
    /// Of somebody who was made up on the page.
    email: Option<String>,
    name: Option<String>,
}

async fn choose(State(shared): State<Shared>, Form(clicked): Form<Clicked>) -> Response {
    let choice = match (clicked.subject.as_str(), clicked.email, clicked.name) {
        ("", _, _) => Choice::Deny,
        (subject, Some(email), name) => {
            let made_up = Person::new(subject, &email, &name.unwrap_or_default());
            shared.state().put_person(made_up);
            Choice::Be(subject)
        }
        (subject, None, _) => Choice::Be(subject),
    };
    match authorization::answer(&shared, &clicked.request, choice) {
        Ok(address) => Redirect::to(&address).into_response(),
        Err(problem) => refuse(&problem),
    }
}

fn refuse(problem: &str) -> Response {
    (StatusCode::BAD_REQUEST, Html(page::refuse(problem))).into_response()
}

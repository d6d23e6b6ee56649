//! The application as Axum routes: what each page and server function finds in its Leptos
//! context, and the policy its document is sent with.

use axum::{Router, body::Body, response::Response, routing::get};
use http::{Request, header, request::Parts};
use leptos::{
    context::{provide_context, use_context},
    nonce::Nonce,
    reactive::owner::{take_context, with_context},
};
use leptos_axum::{
    LeptosRoutes as _, ResponseOptions, generate_route_list, render_app_async_with_context,
};
use orghub::{
    domain::{ActivityListQuery, MemberListQuery},
    routes,
};
use orghub_ui::application::Application;

use crate::{
    handlers::{account, activity, csv_download::announce, members},
    state::AppState,
};

/// All pages, each rendered as its route says, all server functions, and the "not found"
/// page for every other address.
pub fn router(state: &AppState) -> Router<AppState> {
    let options = state.leptos.clone();
    let Application {
        pages, document, ..
    } = state.application;
    let document = move || document(options.clone());
    let context = context(state);
    // This runs once here, without any request, to name its routes.
    let routes = generate_route_list(pages);

    let unknown = render_app_async_with_context(context.clone(), document.clone());
    Router::new()
        .route(routes::ACCOUNT_EXPORT, get(account::export))
        .route(
            &format!("{}{{hash}}", routes::PICTURES),
            get(account::picture),
        )
        .route(
            routes::ACTIVITY_FILE,
            get(activity::export).head(announce::<ActivityListQuery>),
        )
        .route(
            routes::MEMBER_FILE,
            get(members::export).head(announce::<MemberListQuery>),
        )
        .leptos_routes_with_context(state, routes, context, document)
        .fallback(move |request: Request<Body>| not_found(unknown.clone(), request))
}

/// What `app` finds besides the request's parts, which hold everything that the middleware
/// put into the extensions.
fn context(state: &AppState) -> impl Fn() + Clone + Send + Sync + 'static {
    let state = state.clone();
    move || {
        provide_context(state.services.clone());
        provide_context(state.foundation.clone());
        // Leptos makes one for each page, of which no two would be the same. The policy does
        // without: it knows the scripts.
        take_context::<Nonce>();
        // What a server function answers has no scripts.
        let is_page =
            with_context(|parts: &Parts| !parts.uri.path().starts_with(routes::api::PREFIX));
        if let (Some(true), Some(response)) = (is_page, use_context::<ResponseOptions>()) {
            response.insert_header(header::CONTENT_SECURITY_POLICY, state.page_policy.clone());
        }
    }
}

/// The application at an address that no route has. It renders its "not found" page; the
/// status is set here as well, so that it cannot be forgotten.
async fn not_found<F>(render: impl FnOnce(Request<Body>) -> F, request: Request<Body>) -> Response
where
    F: Future<Output = Response>,
{
    let mut response = render(request).await;
    if response.status() == http::StatusCode::OK {
        *response.status_mut() = http::StatusCode::NOT_FOUND;
    }
    response
}

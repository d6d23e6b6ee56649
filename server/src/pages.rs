//! The application as Axum routes: what each page and server function finds in its Leptos
//! context, and the policy its document is sent with.

use axum::{Router, body::Body, response::Response};
use http::{Request, header};
use leptos::{
    context::{provide_context, use_context},
    nonce::use_nonce,
};
use leptos_axum::{
    LeptosRoutes as _, ResponseOptions, generate_route_list, render_app_async_with_context,
};
use orghub_app::app::{App, shell};

use crate::{middleware::security_headers, state::AppState};

/// All pages, each rendered as its route says, all server functions, and the "not found"
/// page for every other address.
pub fn router(state: &AppState) -> Router<AppState> {
    let options = state.leptos.clone();
    let document = move || shell(options.clone());
    let context = context(state);
    // `App` runs once here, without any request, to name its routes.
    let routes = generate_route_list(App);

    let unknown = render_app_async_with_context(context.clone(), document.clone());
    Router::new()
        .leptos_routes_with_context(state, routes, context, document)
        .fallback(move |request: Request<Body>| not_found(unknown.clone(), request))
}

/// What `app` finds besides the request's parts, which hold everything that the middleware
/// put into the extensions.
fn context(state: &AppState) -> impl Fn() + Clone + Send + Sync + 'static {
    let state = state.clone();
    move || {
        provide_context(state.services.clone());
        // Leptos makes a nonce for every page it renders, and none for a server function.
        // The policy goes out with the document it was made for.
        if let (Some(nonce), Some(response)) = (use_nonce(), use_context::<ResponseOptions>()) {
            response.insert_header(
                header::CONTENT_SECURITY_POLICY,
                security_headers::page_policy(&nonce, state.reload_port),
            );
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

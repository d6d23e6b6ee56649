//! What a request passes, and the reasons for the order.
//!
//! Three kinds of addresses meet here. Operators, developers and Stripe get handlers of their own, which
//! know no session. Pages and server functions are the application, and only they pass the
//! three layers about users: *which session, which user, which membership*. For any other
//! address there is perhaps a file in the site's folder, and if not, the application's "not
//! found" page. So a picture or a health check never looks up a session, and no page is
//! rendered for somebody who may not see it.
//!
//! A layer sees a request before those written above it, and the response after them: to
//! follow a request in, read from the bottom up.

use std::time::Duration;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    middleware::{from_fn, from_fn_with_state},
    routing::{get, post},
};
use http::{HeaderValue, StatusCode, header};
use orghub::routes;
use tower_http::{
    CompressionLevel, catch_panic::CatchPanicLayer, compression::CompressionLayer,
    services::ServeDir, set_header::SetResponseHeaderLayer, timeout::TimeoutLayer,
};

use crate::{
    error_page,
    handlers::{health, mailbox, metrics, stripe_webhook},
    middleware::{
        access_log, blank_errors, body, cookies, csrf, devices, lookups, org_membership, rendered,
        request_line, security_headers, session, session_failure, timing,
    },
    pages,
    state::AppState,
};

/// When to give up on a request. Statements end after 2 s and calls to Stripe after 10 s by
/// themselves; this is for what nobody thought of.
const TIME_LIMIT: Duration = Duration::from_secs(30);

/// The application's responses hold what one user may see: no cache but that user's own may
/// keep them, and that one must not show them after a sign-out.
const PRIVATE: HeaderValue = HeaderValue::from_static("private, no-store");

/// Files keep their names from build to build, so a browser has to ask whether it still has
/// the right one. It does so with the file's tag or date, and mostly hears "yes".
const ASK_AGAIN: HeaderValue = HeaderValue::from_static("no-cache");

/// One message of the mailbox, by its id.
const MAILBOX_MESSAGE: &str = "/dev/mailbox/{id}";

/// The whole server.
pub fn router(state: AppState) -> Router {
    let application = pages::router(&state)
        // The quickest level makes an eighth of a page (fifty members: 86 KB to 10 KB).
        // Clients that do not ask for it, such as a proxy that compresses, cost nothing.
        .layer(
            CompressionLayer::new()
                .gzip(true)
                .quality(CompressionLevel::Fastest),
        )
        // Needs user and membership. What is kept is compressed already.
        .layer(from_fn_with_state(state.clone(), rendered::send_again))
        // Needs the user. Nothing above runs for somebody who may not see it.
        .layer(from_fn_with_state(
            state.clone(),
            org_membership::resolve_membership,
        ))
        // Needs the session.
        .layer(from_fn_with_state(state.clone(), session::resolve_user))
        .layer(session::layer(&state.services))
        .layer(from_fn(session_failure::explain))
        .layer(from_fn_with_state(state.clone(), devices::recognize))
        .layer(from_fn_with_state(state.clone(), cookies::keep_ours))
        .layer(from_fn(lookups::ask_plainly))
        // Around the session, so that its look-up is measured, too.
        .layer(from_fn_with_state(state.clone(), timing::measure))
        .layer(from_fn(body::read_whole))
        // A foreign write is refused before it is read, or anything is looked up for it.
        .layer(csrf::layer(&state.services.config.app_url))
        // Around all of it: where a redirect leads depends on the user as well.
        .layer(SetResponseHeaderLayer::if_not_present(
            header::CACHE_CONTROL,
            PRIVATE,
        ));

    let files = ServeDir::new(&*state.leptos.site_root)
        .append_index_html_on_directories(false)
        .precompressed_br()
        .precompressed_gzip()
        // No such file: the application says so, in a page.
        .call_fallback_on_method_not_allowed(true)
        .fallback(application.clone().with_state::<()>(state.clone()));

    Router::new()
        .route(routes::HEALTHZ, get(health::is_up))
        .route(routes::READYZ, get(health::is_ready))
        .route(routes::METRICS, get(metrics::show))
        .route(routes::MAILBOX, get(mailbox::list))
        .route(routes::MAILBOX_JSON, get(mailbox::list_json))
        .route(MAILBOX_MESSAGE, get(mailbox::show))
        .route(
            routes::STRIPE_WEBHOOK,
            // Without the session and the check for foreign writes: Stripe is foreign, and
            // signs its events.
            post(stripe_webhook::receive)
                .layer(DefaultBodyLimit::max(stripe_webhook::MAX_EVENT_BYTES)),
        )
        .merge(application.reset_fallback())
        .fallback_service(files)
        .layer(SetResponseHeaderLayer::if_not_present(
            header::CACHE_CONTROL,
            ASK_AGAIN,
        ))
        // Whatever comes further has one spelling.
        .layer(from_fn(request_line::normalize))
        // A defect fails its own request only, with a page and a line in the log.
        .layer(CatchPanicLayer::custom(error_page::from_panic))
        .layer(TimeoutLayer::with_status_code(
            StatusCode::SERVICE_UNAVAILABLE,
            TIME_LIMIT,
        ))
        .layer(from_fn(blank_errors::fill_in))
        // Around everything that can respond: error pages and files get them, too.
        .layer(from_fn_with_state(
            state.clone(),
            security_headers::add_security_headers,
        ))
        // Outermost: it logs whatever the others made of the request.
        .layer(from_fn_with_state(state.clone(), access_log::log_request))
        .with_state(state)
}

//! The only way from the application to the core.
//!
//! The server puts [`Services`] into Leptos' context, and what it found out about the
//! request (the user, the membership) into the request's extensions. Server functions are
//! not below `/orgs/{slug}`, so the membership middleware does not see them; [`org_access`]
//! asks the same cached question for them. Either way a use case gets its proof from here,
//! and nothing is ever protected by what a page shows or hides.

use std::time::Instant;

use leptos::context::use_context;
use orghub::{
    access::OrgAccess,
    auth::{ClientInfo, RequestUser},
    domain::{CurrentUser, OrgSlug},
    services::Services,
    telemetry::{Phase, current_request_cost},
};

use crate::{error::AppError, response};

pub fn services() -> Services {
    use_context().expect("the server provides the services with every request")
}

/// The user, if somebody is signed in.
pub fn current_user() -> Option<CurrentUser> {
    response::request_extension::<RequestUser>()?.0
}

/// # Errors
/// [`AppError::SignedOut`].
pub fn require_user() -> Result<CurrentUser, AppError> {
    current_user().ok_or(AppError::SignedOut)
}

/// The proof that the user is a member of the organization that `slug` names: the
/// middleware's if it looked already, or made now.
///
/// # Errors
/// [`AppError::SignedOut`]; [`AppError::NotFound`], whether there is no such organization
/// or the user is not a member; [`AppError::Unavailable`].
pub async fn org_access(slug: &str) -> Result<OrgAccess, AppError> {
    let user = require_user()?;
    let slug = OrgSlug::parse(slug).map_err(|_not_a_slug| AppError::NotFound)?;
    let found = response::request_extension::<OrgAccess>().filter(|access| access.slug() == &slug);
    match found {
        Some(access) => Ok(access),
        None => Ok(services().access.require(&user, &slug).await?),
    }
}

/// The cookie session of this request.
///
/// # Errors
/// [`AppError::Internal`]: the server left its layer out.
pub fn session() -> Result<tower_sessions::Session, AppError> {
    response::request_extension().ok_or_else(|| {
        tracing::error!(
            "the request carries no session: the session layer is missing from the router"
        );
        AppError::Internal
    })
}

/// Where the request comes from, for rate limits and the list of sessions.
pub fn client_info() -> ClientInfo {
    response::request_extension().unwrap_or(ClientInfo {
        address: None,
        user_agent: None,
    })
}

/// Runs `load`, which gets a page its data, and notes how long it took.
pub async fn timed<T>(load: impl Future<Output = T>) -> T {
    let start = Instant::now();
    let loaded = load.await;
    if let Some(cost) = current_request_cost() {
        cost.add(Phase::Data, start.elapsed());
    }
    loaded
}

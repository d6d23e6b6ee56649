//! What pages, forms and endpoints know of a request, and the proofs that use cases demand.
//!
//! The server puts the [`Foundation`] into Leptos' context, and what it found out about the
//! request (the user, the membership) into the request's extensions: [`page_access`]. Server
//! functions are not below `/orgs/{slug}`, so the membership middleware does not see them;
//! [`org_access`] asks the same cached question for them. Either way a use case gets its proof
//! from here, and nothing is ever protected by what a page shows or hides.
//!
//! Use cases themselves are not known here, so that a change to one leaves this package as it
//! is: pages and endpoints find them in the services, which are in Leptos' context as well.

use std::{sync::Arc, time::Instant};

use http::HeaderMap;
use leptos::context::use_context;
pub use orghub_auth::{Admitted, LinkToken, MailedLink, NewAccount, PlatformAdmin, SignedIn};
use orghub_auth::{
    ClientInfo, ProviderAnswer, RequestUser,
    access::{Access, OrgAccess},
    clock::Clock,
    config::Config,
    submissions::Submissions,
    telemetry::{Phase, current_request_cost},
};
use orghub_domain::{Barred, CurrentUser, OrgSlug};
use time::OffsetDateTime;

use crate::{error::AppError, response, theme::Theme};

/// The program's parts below the use cases, as far as every request may need them.
pub struct Foundation {
    pub config: Arc<Config>,
    pub clock: Clock,
    pub access: Access,
    pub submissions: Submissions,
}

pub(crate) fn foundation() -> Arc<Foundation> {
    use_context().expect("the server provides the foundation with every request")
}

/// The user, if somebody is signed in.
pub fn current_user() -> Option<CurrentUser> {
    signed_in().ok().map(|signed_in| signed_in.user().clone())
}

/// # Errors
/// [`AppError::SignedOut`].
pub fn require_user() -> Result<CurrentUser, AppError> {
    current_user().ok_or(AppError::SignedOut)
}

/// The user with the session they came with, as writes demand it.
///
/// # Errors
/// [`AppError::SignedOut`].
pub fn signed_in() -> Result<SignedIn, AppError> {
    let found = response::request_extension::<RequestUser>();
    found.and_then(|user| user.0).ok_or(AppError::SignedOut)
}

/// The proof that the user is a platform admin with a second factor. Nobody else may know that
/// there is something.
///
/// # Errors
/// [`AppError::NotFound`]; [`AppError::SecondFactorFirst`].
pub fn platform_admin() -> Result<PlatformAdmin, AppError> {
    let user = signed_in().map_err(|_signed_out| AppError::NotFound)?;
    Ok(PlatformAdmin::admit(&user)?)
}

/// The proof that the user is a member of the organization that `slug` names.
///
/// # Errors
/// [`AppError::SignedOut`]; [`AppError::NotFound`], whether there is no such organization
/// or the user is not a member; [`AppError::Unavailable`].
pub async fn org_access(slug: &str) -> Result<OrgAccess, AppError> {
    let user = signed_in()?;
    let slug = OrgSlug::parse(slug).map_err(|_not_a_slug| AppError::NotFound)?;
    Ok(foundation().access.require(&user, &slug).await?)
}

/// The proof that the user is a member of the organization whose page this is. The middleware
/// has looked for it, and has noted in the security log if there is none.
///
/// # Errors
/// [`AppError::NotFound`], as [`org_access`].
pub fn page_access() -> Result<OrgAccess, AppError> {
    response::request_extension().ok_or(AppError::NotFound)
}

/// The current slug of an organization of the user's, by this or a former one.
pub async fn current_slug(slug: &str) -> Option<OrgSlug> {
    let user = signed_in().ok()?;
    let slug = OrgSlug::parse(slug).ok()?;
    let found = foundation().access.current_slug(&user, &slug).await;
    found.ok().flatten()
}

/// Why the member has no access to the organization of the page, if that is so.
pub fn barred() -> Option<Barred> {
    response::request_extension()
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
    response::request_extension().unwrap_or_default()
}

/// The choice of colors that came with the request.
pub fn theme() -> Theme {
    response::from_request(|parts| Some(theme_of(&parts.headers, &foundation().config)))
        .unwrap_or_default()
}

/// The same of a request with these headers.
pub fn theme_of(headers: &HeaderMap, config: &Config) -> Theme {
    let known = Theme::cookie_name(config.cookie_is_secure());
    let theme = response::cookies(headers).find(|cookie| cookie.name() == known);
    theme.map_or_else(Theme::default, |cookie| Theme::parse(cookie.value()))
}

/// What a provider of sign-in has sent the browser back with.
pub fn provider_answer() -> ProviderAnswer {
    ProviderAnswer::from_query(&response::request_query())
}

/// The time, for what a page shows of it; the page looks different from what `ends` says of it.
pub fn now_until(ends: impl FnOnce(OffsetDateTime) -> Option<OffsetDateTime>) -> OffsetDateTime {
    foundation().clock.now_until(ends)
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

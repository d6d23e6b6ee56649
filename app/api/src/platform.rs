//! What platform admins do. Each takes their proof first: to everybody else there is nothing
//! at these addresses, whatever is sent. Every use case asks for a fresh proof and leaves an
//! entry in the platform's log.

use leptos::prelude::*;
use orghub::{
    domain::{Email, Invalid, LimitOverride, OrgId, OrgSlug, UserId, platform::JobChoice},
    routes::{self, AdminPage},
};
use orghub_ui::{
    context,
    error::AppError,
    forms::{self, Done, Form, FormPost, FormUrl, SIGN_OUT_EVERYBODY_WORDS},
    response,
};

use crate::services::services;

/// Gives an organization limits of its own; an empty one is the plan's. Requires a platform
/// admin.
#[server(prefix = "/api", endpoint = "admin_set_limits", input = FormUrl)]
pub async fn admin_set_limits(
    #[server(default)] org: String,
    #[server(default)] members: String,
    #[server(default)] projects: String,
    #[server(default)] storage_gb: String,
) -> Result<(), AppError> {
    on_org(&forms::ADMIN_SET_LIMITS, &org)
        .answer(async {
            let admin = context::platform_admin()?;
            let org = parse_org(&org)?;
            let limits = LimitOverride::parse(&members, &projects, &storage_gb)?;
            let platform = services().platform.clone();
            platform.set_limits(&admin, org, limits).await?;
            Ok(Done::back().saying("Limits saved. They hold from now on."))
        })
        .await
}

/// Takes the deletion of an organization back. Requires a platform admin.
#[server(prefix = "/api", endpoint = "admin_restore_org", input = FormUrl)]
pub async fn admin_restore_org(#[server(default)] org: String) -> Result<(), AppError> {
    on_org(&forms::ADMIN_RESTORE_ORG, &org)
        .answer(async {
            let admin = context::platform_admin()?;
            let org = parse_org(&org)?;
            services().platform.restore_org(&admin, org).await?;
            Ok(Done::back().saying("The organization is restored."))
        })
        .await
}

/// Ends every cached value of an organization. Requires a platform admin.
#[server(prefix = "/api", endpoint = "admin_flush_org", input = FormUrl)]
pub async fn admin_flush_org(
    #[server(default)] slug: String,
    /// The organization whose page has the form, if one has.
    #[server(default)]
    org: String,
) -> Result<(), AppError> {
    on_org(&forms::ADMIN_FLUSH_ORG, &org)
        .answer(async {
            let admin = context::platform_admin()?;
            let slug = OrgSlug::parse(slug.trim())?;
            let platform = services().platform.clone();
            let flushed = platform.flush_org(&admin, &slug).await;
            let missing = "No organization has, or had, this slug.";
            flushed.map_err(|error| missing_at("slug", missing, error.into()))?;
            Ok(Done::back().saying(&format!("The cache of /{slug} is flushed.")))
        })
        .await
}

/// Ends every cached value of a user. Requires a platform admin.
#[server(prefix = "/api", endpoint = "admin_flush_user", input = FormUrl)]
pub async fn admin_flush_user(#[server(default)] email: String) -> Result<(), AppError> {
    FormPost::of(&forms::ADMIN_FLUSH_USER)
        .answer(async {
            let admin = context::platform_admin()?;
            let email = Email::parse(&email)?;
            let platform = services().platform.clone();
            let flushed = platform.flush_user(&admin, &email).await;
            let missing = "Nobody has this address.";
            flushed.map_err(|error| missing_at("email", missing, error.into()))?;
            Ok(Done::back().saying("The cache of this user is flushed."))
        })
        .await
}

/// Ends every cached value. Requires a platform admin.
#[server(prefix = "/api", endpoint = "admin_flush_all", input = FormUrl)]
pub async fn admin_flush_all() -> Result<(), AppError> {
    FormPost::of(&forms::ADMIN_FLUSH_ALL)
        .answer(async {
            let admin = context::platform_admin()?;
            services().platform.flush_all(&admin).await?;
            Ok(Done::back().saying("The whole cache is flushed, on all nodes."))
        })
        .await
}

/// Keeps a user out. Requires a platform admin.
#[server(prefix = "/api", endpoint = "admin_suspend_user", input = FormUrl)]
pub async fn admin_suspend_user(#[server(default)] user: String) -> Result<(), AppError> {
    on_user(&forms::ADMIN_SUSPEND_USER, &user)
        .answer(async {
            let admin = context::platform_admin()?;
            let user = parse_user(&user)?;
            services().platform.suspend_user(&admin, user).await?;
            Ok(Done::back().saying("The user is suspended, and signed out everywhere."))
        })
        .await
}

/// Lets a suspended user in again. Requires a platform admin.
#[server(prefix = "/api", endpoint = "admin_reinstate_user", input = FormUrl)]
pub async fn admin_reinstate_user(#[server(default)] user: String) -> Result<(), AppError> {
    on_user(&forms::ADMIN_REINSTATE_USER, &user)
        .answer(async {
            let admin = context::platform_admin()?;
            let user = parse_user(&user)?;
            let platform = services().platform.clone();
            platform.reinstate_user(&admin, user).await?;
            Ok(Done::back().saying("The user is reinstated and can sign in."))
        })
        .await
}

/// Ends all sessions of a user. Requires a platform admin.
#[server(prefix = "/api", endpoint = "admin_sign_out_user", input = FormUrl)]
pub async fn admin_sign_out_user(#[server(default)] user: String) -> Result<(), AppError> {
    on_user(&forms::ADMIN_SIGN_OUT_USER, &user)
        .answer(async {
            let admin = context::platform_admin()?;
            let user = parse_user(&user)?;
            services().platform.sign_out_user(&admin, user).await?;
            Ok(Done::back().saying("The user is signed out everywhere."))
        })
        .await
}

/// Ends all sessions of everybody, this one included. Requires a platform admin.
#[server(prefix = "/api", endpoint = "sign_out_everybody", input = FormUrl)]
pub async fn sign_out_everybody(#[server(default)] confirmation: String) -> Result<(), AppError> {
    FormPost::of(&forms::SIGN_OUT_EVERYBODY)
        .answer(async {
            let admin = context::platform_admin()?;
            if confirmation.trim() != SIGN_OUT_EVERYBODY_WORDS {
                let message = format!("Type “{SIGN_OUT_EVERYBODY_WORDS}”.");
                return Err(Invalid::new("confirmation", message).into());
            }
            let platform = services().platform.clone();
            platform.sign_out_everybody(&admin).await?;
            Ok(Done::at(routes::SIGN_IN).saying("Everybody is signed out, and so are you."))
        })
        .await
}

/// Runs dead letters again: the one with the number `job`, or all of the kind `kind`. Requires
/// a platform admin.
#[server(prefix = "/api", endpoint = "admin_retry_jobs", input = FormUrl)]
pub async fn admin_retry_jobs(
    #[server(default)] job: String,
    #[server(default)] kind: String,
) -> Result<(), AppError> {
    FormPost::of(&forms::ADMIN_RETRY_JOBS)
        .answer(async {
            let admin = context::platform_admin()?;
            let choice = match (job.as_str(), kind.as_str()) {
                ("", "") => return Err(AppError::BadRequest),
                ("", kind) => JobChoice::Kind(kind.to_owned()),
                (job, _) => JobChoice::One(parse_job(job)?),
            };
            let platform = services().platform.clone();
            let revived = platform.retry_jobs(&admin, &choice).await?;
            Ok(Done::back().saying(&match revived {
                1 => "The job runs again.".to_owned(),
                many => format!("{many} jobs run again."),
            }))
        })
        .await
}

/// Deletes a dead letter. Requires a platform admin.
#[server(prefix = "/api", endpoint = "admin_drop_job", input = FormUrl)]
pub async fn admin_drop_job(#[server(default)] job: String) -> Result<(), AppError> {
    FormPost::of(&forms::ADMIN_DROP_JOB)
        .answer(async {
            let admin = context::platform_admin()?;
            let dropped = services().platform.drop_job(&admin, parse_job(&job)?).await;
            match dropped.map_err(AppError::from) {
                // The list was older than that.
                Err(AppError::NotFound) if !response::wants_json() => {
                    Err(Invalid::form("This job is gone, or it runs again.").into())
                }
                outcome => outcome.map(|()| Done::back().saying("The job is deleted.")),
            }
        })
        .await
}

/// Takes one of Stripe's events up again, as if it had just arrived. Requires a platform admin.
#[server(prefix = "/api", endpoint = "admin_retry_webhook", input = FormUrl)]
pub async fn admin_retry_webhook(#[server(default)] event: String) -> Result<(), AppError> {
    on_event(&event)
        .answer(async {
            let admin = context::platform_admin()?;
            let platform = services().platform.clone();
            platform.retry_webhook_event(&admin, &event).await?;
            Ok(Done::back().saying("The event was taken up again."))
        })
        .await
}

/// A form of the page of one of Stripe's events, which it leads back to.
fn on_event(event: &str) -> FormPost {
    let page = routes::admin_webhook(event);
    let post = FormPost::of(&forms::ADMIN_RETRY_WEBHOOK);
    // Of what cannot be an id there is no page.
    if routes::safe_next(&page) == page {
        post.back_to(page)
    } else {
        post
    }
}

/// A form of an organization's page, which it leads back to.
fn on_org(form: &'static Form, org: &str) -> FormPost {
    match org.parse() {
        Ok(org) => FormPost::of(form).back_to(routes::admin_org(org)),
        Err(_not_an_id) => FormPost::of(form),
    }
}

/// A form of a user's page, which it leads back to.
fn on_user(form: &'static Form, user: &str) -> FormPost {
    match user.parse() {
        Ok(user) => FormPost::of(form).back_to(routes::admin_user(user)),
        Err(_not_an_id) => FormPost::of(form).back_to(AdminPage::Users.path().to_owned()),
    }
}

fn parse_org(text: &str) -> Result<OrgId, AppError> {
    text.parse().map_err(|_not_an_id| AppError::NotFound)
}

fn parse_user(text: &str) -> Result<UserId, AppError> {
    text.parse().map_err(|_not_an_id| AppError::NotFound)
}

fn parse_job(text: &str) -> Result<i64, AppError> {
    text.parse().map_err(|_not_a_number| AppError::NotFound)
}

/// What was typed names nothing: said at its field, to people.
fn missing_at(field: &str, message: &str, error: AppError) -> AppError {
    if error == AppError::NotFound && !response::wants_json() {
        return Invalid::new(field, message).into();
    }
    error
}

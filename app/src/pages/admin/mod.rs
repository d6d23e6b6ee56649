//! `/admin` and the pages below it. For everybody but platform admins they do not exist; a
//! platform admin without a second factor is led to setting one up.
//!
//! Each page is given to [`render_admin`], which takes the proof and draws the frame. What
//! they show is read anew each time.

mod cache;
mod jobs;
mod org;
mod orgs;
mod overview;
mod sessions;
mod user;
mod users;
mod webhooks;

use std::str::FromStr;

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;
use orghub::{
    domain::CurrentUser,
    routes::{self, AccountPage, AdminPage},
};
use orghub_ui::{
    components::{AdminFrame, Card},
    context::{self, PlatformAdmin},
    error::AppError,
    forms::{Flash, FormState},
    response,
};

pub use cache::AdminCachePage;
pub use jobs::AdminJobsPage;
pub use org::AdminOrgPage;
pub use orgs::AdminOrgsPage;
pub use overview::AdminOverviewPage;
pub use sessions::AdminSessionsPage;
pub use user::AdminUserPage;
pub use users::AdminUsersPage;
pub use webhooks::{AdminWebhookPage, AdminWebhooksPage};

use super::render;

/// What a page has to show to whom.
enum Found<T> {
    Data(PlatformAdmin, T),
    /// A platform admin whose password alone would do.
    SecondFactorFirst(CurrentUser),
}

/// A page for platform admins, or one below it: what `load` gets with their proof, as `view`
/// shows it.
fn render_admin<T, L>(
    page: AdminPage,
    load: impl FnOnce(PlatformAdmin) -> L + Send + 'static,
    view: impl FnOnce(&Flash, T) -> AnyView + Send + 'static,
) -> AnyView
where
    T: Send + 'static,
    L: Future<Output = Result<T, AppError>> + Send + 'static,
{
    render(
        async move {
            let admin = match context::platform_admin() {
                Err(AppError::SecondFactorFirst) => {
                    return Ok(Found::SecondFactorFirst(context::require_user()?));
                }
                admin => admin?,
            };
            let data = context::timed(load(admin.clone())).await?;
            Ok(Found::Data(admin, data))
        },
        move |found| {
            let (user, flash, content) = match found {
                Found::Data(admin, data) => {
                    let flash = Flash::take();
                    let content = view(&flash, data);
                    (admin.signed_in().user().clone(), flash, content)
                }
                Found::SecondFactorFirst(user) => (user, Flash::take(), second_factor_first()),
            };
            let title = format!("{} · Platform", page.label());
            view! {
                <Title text=title/>
                <AdminFrame user page flash>{content}</AdminFrame>
            }
            .into_any()
        },
    )
}

fn second_factor_first() -> AnyView {
    response::set_error(&AppError::SecondFactorFirst);
    view! {
        <div class="page-head"><h1 class="page-title">"Set up a second step first"</h1></div>
        <Card id="factor-title" title="Why">
            <p>
                "Whoever sees these pages can change every organization and every account. So a \
                 password alone does not open them. Set up an authenticator app, or have a \
                 passkey asked for at sign-in, and come back."
            </p>
            <div class="form__buttons">
                <a class="button button--primary" href=routes::TOTP>"Set up authenticator app"</a>
                <a class="button" href=AccountPage::Security.path()>"Open account security"</a>
            </div>
        </Card>
    }
    .into_any()
}

/// The id in the address of a record.
fn id_in_path<T: FromStr>() -> Option<T> {
    let id = use_params_map().with_untracked(|params| params.get("id"))?;
    id.parse().ok()
}

/// A form of one button, which asks first where there is a script to ask.
fn act(
    form: &FormState,
    field: &'static str,
    value: String,
    button: &'static str,
    question: String,
    detail: &'static str,
) -> AnyView {
    view! {
        <form
            method="post"
            action=form.action()
            data-confirm=question
            data-confirm-detail=detail
            data-confirm-verb=button
        >
            <input type="hidden" name=field value=value/>
            <button class="button button--danger-quiet">{button}</button>
        </form>
    }
    .into_any()
}

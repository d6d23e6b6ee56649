//! One file a page: what it loads, and what it shows.
//!
//! A page is complete before its first byte leaves, so that status and redirects can
//! depend on what was loaded. [`render`] is how: it waits for the data within the
//! request's own task, where the request's counters are, and shows either the page or the
//! page of the error. Each page waits once, on purpose: what it needs is loaded together,
//! and nothing is streamed in later.
//!
//! A page of an organization is given to [`render_org`], which checks what
//! [`OrgPage::needs`] says and draws the frame, so a page can forget neither.

mod account;
mod activity;
mod admin;
mod barred;
mod bulk_change;
mod change_members;
mod check_mail;
mod error;
mod forgot_password;
mod invitation;
mod invitations;
mod join;
mod joining;
mod landing;
mod mailed_links;
mod members;
mod new_org;
mod orgs;
mod overview;
mod providers;
mod second_factor;
mod settings;
mod sign_in;
mod sign_up;
mod subscription;

use leptos::prelude::*;
use leptos_meta::Title;
use orghub::{
    access::OrgAccess,
    domain::{Membership, text},
    routes::OrgPage,
};
use orghub_ui::{components::OrgFrame, context, error::AppError, forms::Flash};

pub use account::{ConfirmPage, ProfilePage, RecoveryCodesPage, SecurityPage, TotpPage};
pub use activity::ActivityPage;
pub use admin::{
    AdminCachePage, AdminJobsPage, AdminOrgPage, AdminOrgsPage, AdminOverviewPage,
    AdminSessionsPage, AdminUserPage, AdminUsersPage, AdminWebhookPage, AdminWebhooksPage,
};
pub use bulk_change::BulkChangePage;
pub use change_members::ChangeMembersPage;
pub use check_mail::CheckMailPage;
pub use error::NotFoundPage;
pub use forgot_password::ForgotPasswordPage;
pub use invitation::InvitationPage;
pub use invitations::InvitationsPage;
pub use join::JoinPage;
pub use joining::JoiningPage;
pub use landing::LandingPage;
pub use mailed_links::{
    ChangeEmailPage, DeleteAccountPage, ResetPasswordPage, UndoEmailChangePage, VerifyEmailPage,
};
pub use members::MembersPage;
pub use new_org::NewOrgPage;
pub use orgs::OrgsPage;
pub use overview::OverviewPage;
pub use providers::{ConnectPage, LeavePage, ReturnPage};
pub use second_factor::SecondFactorPage;
pub use settings::{RequireSecondFactorPage, SettingsPage};
pub use sign_in::SignInPage;
pub use sign_up::SignUpPage;
pub use subscription::{
    CancelPlanPage, ChangePlanPage, CheckoutDonePage, InvoicesPage, PlansPage, SubscriptionPage,
    ToStripePage,
};

/// Shows what `load` gets with `view`, or why there is nothing to show.
fn render<T: 'static>(
    load: impl Future<Output = Result<T, AppError>> + Send + 'static,
    view: impl FnOnce(T) -> AnyView + Send + 'static,
) -> AnyView {
    Suspend::new(async move {
        match load.await {
            Ok(data) => view(data),
            Err(error) => error::page(&error),
        }
    })
    .into_any()
}

/// What every page of an organization knows of the request.
struct OrgRequest {
    access: OrgAccess,
    flash: Flash,
}

impl OrgRequest {
    fn membership(&self) -> &Membership {
        self.access.membership()
    }
}

/// The page `page` of the organization in the address: first the proof that the reader is
/// a member and may see it, then, with that, what `load` gets, then what `view` makes of it,
/// in the organization's frame.
fn render_org<T, L>(
    page: OrgPage,
    load: impl FnOnce(OrgAccess) -> L + Send + 'static,
    view: impl FnOnce(&OrgRequest, T) -> AnyView + Send + 'static,
) -> AnyView
where
    T: Send + 'static,
    L: Future<Output = Result<T, AppError>> + Send + 'static,
{
    if let Some(barred) = context::barred() {
        return barred::page(barred);
    }
    render(
        async move {
            let access = context::page_access()?;
            access.require(page.needs())?;
            let data = context::timed(load(access.clone())).await?;
            Ok((access, data))
        },
        move |(access, data)| {
            let request = OrgRequest {
                access,
                flash: Flash::take(),
            };
            let content = view(&request, data);
            let OrgRequest { access, flash } = request;
            let membership = access.membership().clone();
            let org_name = text::isolated(&membership.org_name);
            let title = match page {
                OrgPage::Overview => org_name.into_owned(),
                _ => format!("{} · {org_name}", page.label()),
            };
            view! {
                <Title text=title/>
                <OrgFrame user=access.user().clone() membership page flash>{content}</OrgFrame>
            }
            .into_any()
        },
    )
}

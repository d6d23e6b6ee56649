//! The frames of pages: what stands around the content, depending on who reads it. Each
//! has one `main`, reached by the skip link, which begins with what the last form did.

use leptos::prelude::*;
use orghub_domain::{
    CurrentUser, Membership,
    routes::{self, AccountPage, AdminPage, OrgPage},
};

use super::{
    avatar::Avatar,
    brand::Brand,
    command_palette::CommandPalette,
    confirm_dialog::ConfirmDialog,
    icon::{Icon, Symbol},
    message::{NoticeMessage, ProblemMessage},
    org_menu::OrgMenu,
    org_nav::OrgNav,
    second_factor_banner::SecondFactorBanner,
    tabs::Tabs,
    user_menu::UserMenu,
    verify_banner::VerifyBanner,
};
use crate::{
    forms::{self, Flash},
    islands::ThemeSwitch,
};

/// Around pages that nobody needs to be signed in for.
#[component]
pub fn PublicFrame(#[prop(optional)] flash: Flash, children: Children) -> impl IntoView {
    let header = view! {
        <header class="top">
            <Brand href=routes::HOME/>
            <ThemeSwitch/>
        </header>
    };
    view! { <Frame kind="public" header=header.into_any() flash>{children()}</Frame> }
}

/// Around pages of a user outside organizations.
#[component]
pub fn UserFrame(user: CurrentUser, flash: Flash, children: Children) -> impl IntoView {
    let banner = view! { <VerifyBanner user=&user/> }.into_any();
    let header = view! {
        <header class="top">
            <Brand href=routes::ORGS/>
            <UserMenu user/>
        </header>
    };
    view! {
        <Frame kind="user" header=header.into_any() flash>{banner}{children()}</Frame>
        <CommandPalette/>
    }
}

/// Around the pages of a user's own account. Has the dialog that asks before dangerous forms
/// are sent.
#[component]
pub fn AccountFrame(
    user: CurrentUser,
    page: AccountPage,
    flash: Flash,
    children: Children,
) -> impl IntoView {
    let pages = AccountPage::ALL.map(|page| (page.label(), page.path()));
    view! {
        <UserFrame user flash>
            <Tabs area="Account" pages=pages.to_vec() current=page.path()/>
            {children()}
        </UserFrame>
        <ConfirmDialog/>
    }
}

/// Around the pages for platform admins. Has the dialog that asks before dangerous forms are
/// sent.
#[component]
pub fn AdminFrame(
    user: CurrentUser,
    page: AdminPage,
    flash: Flash,
    children: Children,
) -> impl IntoView {
    let pages = AdminPage::ALL.map(|page| (page.label(), page.path()));
    view! {
        <UserFrame user flash>
            <Tabs area="Platform" pages=pages.to_vec() current=page.path()/>
            {children()}
        </UserFrame>
        <ConfirmDialog/>
    }
}

/// Around pages of an organization. Has the dialog that asks before dangerous forms are
/// sent.
#[component]
pub fn OrgFrame(
    user: CurrentUser,
    membership: Membership,
    page: OrgPage,
    flash: Flash,
    children: Children,
) -> impl IntoView {
    let banner = view! { <SecondFactorBanner user=&user membership=&membership/> }.into_any();
    let Membership {
        role,
        org_slug,
        org_name,
        org_logo,
        ..
    } = membership;
    let header = view! {
        <header class="side">
            <button class="bar-button switcher" type="button" popovertarget="org-menu">
                <Avatar name=&org_name picture=org_logo.as_ref().map(routes::picture) square=true/>
                <span class="bar-button__name"><bdi>{org_name.clone()}</bdi></span>
                <span class="visually-hidden">", switch organization"</span>
                <Icon symbol=Symbol::UpDown/>
            </button>
            <OrgMenu/>
            <OrgNav slug=org_slug role current=page/>
            <UserMenu user/>
        </header>
    };
    view! {
        <Frame kind="org" header=header.into_any() flash>{banner}{children()}</Frame>
        <ConfirmDialog/>
        <CommandPalette/>
    }
}

#[component]
fn Frame(
    /// Modifier of the class `frame`.
    kind: &'static str,
    header: AnyView,
    flash: Flash,
    children: Children,
) -> impl IntoView {
    // These forms are part of the frame, and so is what became of them.
    let problem = flash.problem(&[&forms::SIGN_OUT, &forms::RESEND_VERIFICATION]);
    let problem = problem.map(|problem| problem.message().to_owned());
    view! {
        <a class="skip-link" href="#main">"Skip to content"</a>
        <div class=format!("frame frame--{kind}")>
            {header}
            <main class="content" id="main" tabindex="-1">
                {flash.notice().map(|text| view! { <NoticeMessage text=text.to_owned()/> })}
                {problem.map(|text| view! { <ProblemMessage text/> })}
                {children()}
            </main>
        </div>
    }
    .into_any()
}

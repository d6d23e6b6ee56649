//! The frames of pages: what stands around the content, depending on who reads it. Each
//! has one `main`, reached by the skip link, which begins with what the last form did.

use leptos::prelude::*;
use orghub::{
    domain::{CurrentUser, Membership},
    routes::{self, OrgPage},
};

use super::{
    avatar::Avatar,
    brand::Brand,
    icon::{Icon, Symbol},
    message::{NoticeMessage, ProblemMessage},
    org_nav::OrgNav,
    user_menu::UserMenu,
};
use crate::{
    forms::{self, Flash},
    islands::{ConfirmDialog, OrgMenu, ThemeSwitch},
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
    let header = view! {
        <header class="top">
            <Brand href=routes::ORGS/>
            <UserMenu user/>
        </header>
    };
    view! { <Frame kind="user" header=header.into_any() flash>{children()}</Frame> }
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
    let Membership {
        role,
        org_slug,
        org_name,
        org_logo_url,
        ..
    } = membership;
    let header = view! {
        <header class="side">
            <button class="bar-button switcher" type="button" popovertarget="org-menu">
                <Avatar name=&org_name picture=org_logo_url square=true/>
                <span class="bar-button__name">{org_name.clone()}</span>
                <span class="visually-hidden">", switch organization"</span>
                <Icon symbol=Symbol::UpDown/>
            </button>
            <OrgMenu/>
            <OrgNav slug=org_slug role current=page/>
            <UserMenu user/>
        </header>
    };
    view! {
        <Frame kind="org" header=header.into_any() flash>{children()}</Frame>
        <ConfirmDialog/>
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
    // The form that signs out is part of the frame, and so is what became of it.
    let problem = flash.state_of(&forms::SIGN_OUT);
    view! {
        <a class="skip-link" href="#main">"Skip to content"</a>
        <div class=format!("frame frame--{kind}")>
            {header}
            <main class="content" id="main" tabindex="-1">
                {flash.notice().map(|text| view! { <NoticeMessage text=text.to_owned()/> })}
                {problem.message().map(|text| view! { <ProblemMessage text=text.to_owned()/> })}
                {children()}
            </main>
        </div>
    }
    .into_any()
}

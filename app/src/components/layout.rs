//! The frames of pages: what stands around the content, by how much is known of
//! the person. Each has one `main`, reached by the skip link, and the dialog that
//! asks before dangerous forms where there are such forms.

use leptos::prelude::*;
use orghub::{
    access::OrgAccess,
    domain::{CurrentUser, Permission},
    routes,
};

use super::{
    avatar::Avatar,
    icon::{Icon, Symbol},
    message::NoticeMessage,
};
use crate::{
    flash::Notice,
    islands::{ConfirmDialog, OrgMenu, ThemeSwitch},
};

/// A page that needs nobody signed in.
#[component]
pub fn PublicLayout(
    /// What the last form did.
    #[prop(optional_no_strip)]
    notice: Option<Notice>,
    /// What the page shows.
    content: AnyView,
) -> impl IntoView {
    view! {
        <SkipLink/>
        <div class="frame frame--public">
            <header class="top">
                <Brand href=routes::HOME/>
                <ThemeSwitch/>
            </header>
            <main class="content" id="main" tabindex="-1">
                {notice.map(|notice| view! { <NoticeMessage notice/> })}
                {content}
            </main>
        </div>
    }
    .into_any()
}

/// A page of a person, outside any organization.
#[component]
pub fn PersonLayout(
    /// Who is signed in.
    user: CurrentUser,
    /// What the last form did.
    #[prop(optional_no_strip)]
    notice: Option<Notice>,
    /// What the page shows.
    content: AnyView,
) -> impl IntoView {
    view! {
        <SkipLink/>
        <div class="frame frame--person">
            <header class="top">
                <Brand href=routes::ORGS/>
                <PersonMenu user/>
            </header>
            <main class="content" id="main" tabindex="-1">
                {notice.map(|notice| view! { <NoticeMessage notice/> })}
                {content}
            </main>
        </div>
    }
    .into_any()
}

/// A page of an organization, as its navigation names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// Overview.
    Overview,
    /// Members.
    Members,
    /// Subscription.
    Subscription,
    /// Settings; for those who may change something there.
    Settings,
}

impl Section {
    const ALL: [Self; 4] = [
        Self::Overview,
        Self::Members,
        Self::Subscription,
        Self::Settings,
    ];

    /// The section in words for people.
    pub fn label(self) -> &'static str {
        match self {
            Self::Overview => "Overview",
            Self::Members => "Members",
            Self::Subscription => "Subscription",
            Self::Settings => "Settings",
        }
    }

    fn symbol(self) -> Symbol {
        match self {
            Self::Overview => Symbol::Overview,
            Self::Members => Symbol::Members,
            Self::Subscription => Symbol::Subscription,
            Self::Settings => Symbol::Settings,
        }
    }

    fn needs(self) -> Permission {
        match self {
            Self::Overview | Self::Members | Self::Subscription => Permission::Read,
            Self::Settings => Permission::UpdateOrg,
        }
    }

    fn href(self, access: &OrgAccess) -> String {
        match self {
            Self::Overview => routes::org(access.slug()),
            Self::Members => routes::members(access.slug()),
            Self::Subscription => routes::subscription(access.slug()),
            Self::Settings => routes::settings(access.slug()),
        }
    }
}

/// A page of an organization.
#[component]
pub fn OrgLayout(
    /// Who is a member of which organization.
    access: OrgAccess,
    /// Which page it is.
    section: Section,
    /// What the last form did.
    #[prop(optional_no_strip)]
    notice: Option<Notice>,
    /// What the page shows.
    content: AnyView,
) -> impl IntoView {
    let membership = access.membership();
    let links = Section::ALL
        .into_iter()
        .filter(|section| access.role().may(section.needs()))
        .map(|link| {
            let current = (link == section).then_some("page");
            view! {
                <li>
                    <a class="nav__link" href=link.href(&access) aria-current=current>
                        <Icon symbol=link.symbol()/>
                        {link.label()}
                    </a>
                </li>
            }
        });
    view! {
        <SkipLink/>
        <div class="frame frame--org">
            <header class="side">
                <button class="switcher" type="button" popovertarget="org-menu">
                    <Avatar name=&membership.org_name picture=membership.org_logo_url.clone() square=true/>
                    <span class="switcher__name">{membership.org_name.clone()}</span>
                    <span class="visually-hidden">", switch organization"</span>
                    <Icon symbol=Symbol::Switch/>
                </button>
                <OrgMenu/>
                <nav class="nav" aria-label="Organization">
                    <ul class="nav__list">{links.collect_view()}</ul>
                </nav>
                <PersonMenu user=access.user().clone()/>
            </header>
            <main class="content" id="main" tabindex="-1">
                {notice.map(|notice| view! { <NoticeMessage notice/> })}
                {content}
            </main>
        </div>
        <ConfirmDialog/>
    }
    .into_any()
}

#[component]
fn SkipLink() -> impl IntoView {
    view! { <a class="skip-link" href="#main">"Skip to content"</a> }
}

#[component]
fn Brand(href: &'static str) -> impl IntoView {
    view! {
        <a class="brand" href=href>
            <svg class="brand__mark" viewBox="0 0 32 32" aria-hidden="true">
                <rect width="32" height="32" rx="8"></rect>
                <path d="M16 12.5v4M16 16.5 9.5 21M16 16.5 22.5 21"></path>
                <circle cx="16" cy="9.5" r="3.5"></circle>
                <circle cx="8.5" cy="22" r="3"></circle>
                <circle cx="23.5" cy="22" r="3"></circle>
            </svg>
            "Orghub"
        </a>
    }
}

/// Who is signed in, the colors, and the way out.
#[component]
fn PersonMenu(user: CurrentUser) -> impl IntoView {
    view! {
        <button class="person" type="button" popovertarget="person-menu">
            <Avatar name=&user.name/>
            <span class="person__name">{user.name}</span>
            <span class="visually-hidden">", account menu"</span>
        </button>
        <div class="menu menu--end" id="person-menu" popover="auto">
            <p class="menu__text">{user.email.to_string()}</p>
            <ThemeSwitch/>
            <form method="post" action=routes::SIGN_OUT>
                <button class="menu__item">"Sign out"</button>
            </form>
        </div>
    }
}

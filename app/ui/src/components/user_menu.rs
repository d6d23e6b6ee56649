use leptos::prelude::*;
use orghub_domain::{
    CurrentUser,
    routes::{self, AccountPage, AdminPage},
};

use super::avatar::Avatar;
use crate::{forms, islands::ThemeSwitch};

/// Who is signed in, the choice of colors, and signing out.
#[component]
pub fn UserMenu(user: CurrentUser) -> impl IntoView {
    let administration = user.platform_admin.then(|| {
        view! {
            <a class="menu__item" href=AdminPage::Overview.path() data-command="Platform admin">
                "Platform admin"
            </a>
        }
    });
    view! {
        <button class="bar-button user-menu" type="button" popovertarget="user-menu">
            <Avatar name=&user.name picture=user.picture.as_ref().map(routes::picture)/>
            <span class="bar-button__name"><bdi>{user.name}</bdi></span>
            <span class="visually-hidden">", account menu"</span>
        </button>
        <div class="menu menu--end" id="user-menu" popover="auto">
            <p class="menu__text"><bdi>{user.email.to_string()}</bdi></p>
            <ThemeSwitch/>
            <a
                class="menu__item"
                href=AccountPage::Profile.path()
                data-command="Your account"
                data-key="y"
            >
                "Your account"
            </a>
            // Of no use without the palette, which shows it.
            <button class="menu__item" type="button" data-opens-palette hidden>
                "Commands "
                <kbd>"Ctrl K"</kbd>
            </button>
            {administration}
            <form method="post" action=forms::SIGN_OUT.action>
                <button class="menu__item" data-command="Sign out">"Sign out"</button>
            </form>
        </div>
    }
}

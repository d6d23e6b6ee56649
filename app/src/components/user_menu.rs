use leptos::prelude::*;
use orghub::domain::CurrentUser;

use super::avatar::Avatar;
use crate::{forms, islands::ThemeSwitch};

/// Who is signed in, the choice of colors, and signing out.
#[component]
pub fn UserMenu(user: CurrentUser) -> impl IntoView {
    view! {
        <button class="bar-button user-menu" type="button" popovertarget="user-menu">
            <Avatar name=&user.name/>
            <span class="bar-button__name">{user.name}</span>
            <span class="visually-hidden">", account menu"</span>
        </button>
        <div class="menu menu--end" id="user-menu" popover="auto">
            <p class="menu__text">{user.email.to_string()}</p>
            <ThemeSwitch/>
            <form method="post" action=forms::SIGN_OUT.action>
                <button class="menu__item">"Sign out"</button>
            </form>
        </div>
    }
}

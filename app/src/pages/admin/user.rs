//! `/admin/users/{id}`: one user, and what can be done about their account.

use leptos::prelude::*;
use orghub::{
    domain::{
        UserId,
        platform::{UserMembership, UserRecord},
        text,
    },
    routes::{self, AdminPage},
};
use orghub_ui::{
    components::{Badge, Card, Day, Moment, RoleBadge, Tone, grouped},
    error::AppError,
    forms::{self, Flash, FormMessage},
};

use super::{act, id_in_path, render_admin};
use crate::services::services;

/// Memberships, sessions, second factor; suspending, reinstating, signing out everywhere.
#[component]
pub fn AdminUserPage() -> impl IntoView {
    let user: Option<UserId> = id_in_path();
    render_admin(
        AdminPage::Users,
        move |admin| async move {
            let user = user.ok_or(AppError::NotFound)?;
            Ok(services().platform.get_user(&admin, user).await?)
        },
        show,
    )
}

fn show(flash: &Flash, user: UserRecord) -> AnyView {
    let suspended = user
        .suspended_at
        .map(|_| view! { <Badge tone=Tone::Bad text="Suspended"/> });
    let admin = user
        .is_platform_admin
        .then(|| view! { <Badge tone=Tone::Accent text="Platform admin"/> });
    view! {
        <div class="page-head">
            <h1 class="page-title">
                <bdi>{user.name.clone()}</bdi>" "{suspended}" "{admin}
            </h1>
            <p class="page-head__count"><bdi>{user.email.to_string()}</bdi></p>
        </div>
        {facts(&user)}
        {memberships(&user)}
        {sessions(flash, &user)}
        {standing(flash, &user)}
    }
    .into_any()
}

fn facts(user: &UserRecord) -> AnyView {
    let yes = |is: bool| if is { "Yes" } else { "No" };
    let suspended = user.suspended_at.map(|at| {
        view! {
            <div class="facts__fact"><dt>"Suspended"</dt><dd><Moment at/></dd></div>
        }
    });
    view! {
        <dl class="facts">
            <div class="facts__fact"><dt>"Id"</dt><dd>{user.id.to_string()}</dd></div>
            <div class="facts__fact"><dt>"Since"</dt><dd><Day at=user.created_at/></dd></div>
            <div class="facts__fact">
                <dt>"Address verified"</dt>
                <dd>{yes(user.email_verified)}</dd>
            </div>
            <div class="facts__fact"><dt>"Password"</dt><dd>{yes(user.has_password)}</dd></div>
            <div class="facts__fact">
                <dt>"Second factor"</dt>
                <dd>{yes(user.has_second_factor)}</dd>
            </div>
            {suspended}
        </dl>
    }
    .into_any()
}

fn memberships(user: &UserRecord) -> AnyView {
    if user.memberships.is_empty() {
        return view! {
            <Card id="orgs-title" title="Organizations">
                <p class="quiet">"Not a member of any."</p>
            </Card>
        }
        .into_any();
    }
    let rows = user.memberships.iter().map(membership).collect_view();
    view! {
        <section class="card" aria-labelledby="orgs-title">
            <div class="card__head">
                <h2 class="card__title" id="orgs-title">"Organizations"</h2>
            </div>
            <table class="table records">
                <caption class="visually-hidden">"Organizations"</caption>
                <thead>
                    <tr>
                        <th scope="col">"Organization"</th>
                        <th scope="col">"Role"</th>
                        <th scope="col">"Joined (UTC)"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </section>
    }
    .into_any()
}

fn membership(membership: &UserMembership) -> AnyView {
    let deleted = membership
        .is_deleted
        .then(|| view! { <Badge tone=Tone::Bad text="Deleted"/> });
    let suspended = membership
        .is_suspended
        .then(|| view! { <Badge tone=Tone::Warning text="Suspended there"/> });
    view! {
        <tr>
            <th scope="row">
                <span class="records__what">
                    <a href=routes::admin_org(membership.org_id)>
                        <bdi>{membership.org_name.clone()}</bdi>
                    </a>
                    {deleted}
                    {suspended}
                </span>
                <span class="records__quiet">{format!("/{}", membership.slug)}</span>
            </th>
            <td data-label="Role"><RoleBadge role=membership.role/></td>
            <td data-label="Joined (UTC)"><Day at=membership.joined_at/></td>
        </tr>
    }
    .into_any()
}

fn sessions(flash: &Flash, user: &UserRecord) -> AnyView {
    let form = flash.state_of(&forms::ADMIN_SIGN_OUT_USER);
    let sentence = match user.sessions {
        0 => "Signed in nowhere.".to_owned(),
        1 => "Signed in with 1 session.".to_owned(),
        many => format!("Signed in with {} sessions.", grouped(many)),
    };
    let question = format!("Sign {} out everywhere?", text::isolated(&user.name));
    let (id, count) = (user.id.to_string(), user.sessions.to_string());
    view! {
        <Card id="sessions-title" title="Sessions">
            <FormMessage form=&form/>
            <div class="card__split">
                <p data-sessions=count>{sentence}</p>
                {act(
                    &form,
                    "user",
                    id,
                    "Sign out everywhere",
                    question,
                    "All of their browsers are signed out immediately. They can sign in again.",
                )}
            </div>
        </Card>
    }
    .into_any()
}

fn standing(flash: &Flash, user: &UserRecord) -> AnyView {
    let (suspend, reinstate) = (
        flash.state_of(&forms::ADMIN_SUSPEND_USER),
        flash.state_of(&forms::ADMIN_REINSTATE_USER),
    );
    let name = text::isolated(&user.name);
    let id = user.id.to_string();
    let (explanation, button) = match user.suspended_at {
        Some(_) => (
            "Nobody can sign in to this account. Reinstating lets them sign in again.",
            act(
                &reinstate,
                "user",
                id,
                "Reinstate",
                format!("Reinstate {name}?"),
                "They can sign in again immediately.",
            ),
        ),
        None => (
            "Suspending ends all sessions and keeps them from signing in. Memberships and seats \
             stay.",
            act(
                &suspend,
                "user",
                id,
                "Suspend",
                format!("Suspend {name}?"),
                "They are signed out immediately and cannot sign in until reinstated.",
            ),
        ),
    };
    view! {
        <Card id="standing-title" title="Account" is_dangerous=true>
            <FormMessage form=&suspend/>
            <FormMessage form=&reinstate/>
            <div class="card__split">
                <p>{explanation}</p>
                {button}
            </div>
        </Card>
    }
    .into_any()
}

//! `/admin/orgs/{id}`: one organization, and what can be done for it.

use leptos::prelude::*;
use orghub::{
    domain::{
        OrgId, Plan,
        platform::{OrgOwner, OrgRecord},
        text,
    },
    routes::{self, AdminPage},
};
use orghub_ui::{
    components::{Badge, Card, Day, Moment, Seats, Tone, grouped, status_badge},
    error::AppError,
    forms::{self, Field, Flash, FormMessage},
};

use super::{act, id_in_path, render_admin};
use crate::services::services;

/// Plan, seats, owners; limits of its own, restoring it, flushing its cache.
#[component]
pub fn AdminOrgPage() -> impl IntoView {
    let org: Option<OrgId> = id_in_path();
    render_admin(
        AdminPage::Orgs,
        move |admin| async move {
            let org = org.ok_or(AppError::NotFound)?;
            Ok(services().platform.get_org(&admin, org).await?)
        },
        show,
    )
}

fn show(flash: &Flash, org: OrgRecord) -> AnyView {
    let deleted = org.deleted_at.map(|_| {
        view! { <Badge tone=Tone::Bad text="Deleted"/> }
    });
    let address = format!("/{}", org.slug);
    view! {
        <div class="page-head">
            <h1 class="page-title"><bdi>{org.name.clone()}</bdi>" "{deleted}</h1>
            <p class="page-head__count">{address}</p>
        </div>
        {facts(&org)}
        {limits(flash, &org)}
        {org.deleted_at.is_some().then(|| restore(flash, &org))}
        {flush(flash, &org)}
    }
    .into_any()
}

fn facts(org: &OrgRecord) -> AnyView {
    let view = &org.subscription;
    let owners = org.owners.iter().map(owner).collect_view();
    let deleted = org.deleted_at.map(|at| {
        view! {
            <div class="facts__fact"><dt>"Deleted"</dt><dd><Moment at/></dd></div>
        }
    });
    view! {
        <section
            class="card"
            aria-labelledby="facts-title"
            data-plan=view.plan().as_str()
            data-status=view.status().to_owned()
            data-seats-used=view.seats_used.to_string()
            data-seats-limit=view.limits.members.to_string()
        >
            <div class="card__head">
                <h2 class="card__title" id="facts-title">
                    {format!("{} plan", view.plan().label())}
                </h2>
                {status_badge(view)}
            </div>
            <div class="card__body">
                <Seats used=view.seats_used limit=view.limits.members/>
                <dl class="facts">
                    <div class="facts__fact"><dt>"Id"</dt><dd>{org.id.to_string()}</dd></div>
                    <div class="facts__fact"><dt>"Members"</dt><dd>{grouped(org.members)}</dd></div>
                    <div class="facts__fact">
                        <dt>"Created"</dt>
                        <dd><Day at=org.created_at/></dd>
                    </div>
                    {deleted}
                    <div class="facts__fact"><dt>"Owners"</dt><dd>{owners}</dd></div>
                </dl>
            </div>
        </section>
    }
    .into_any()
}

fn owner(owner: &OrgOwner) -> AnyView {
    view! {
        <a href=routes::admin_user(owner.user_id)><bdi>{owner.name.clone()}</bdi></a>
        <span class="facts__more"><bdi>{owner.email.clone()}</bdi></span>
    }
    .into_any()
}

fn limits(flash: &Flash, org: &OrgRecord) -> AnyView {
    let form = flash.state_of(&forms::ADMIN_SET_LIMITS);
    let typed = |limit: Option<u32>| limit.map(|limit| limit.to_string()).unwrap_or_default();
    let own = org.limit_override;
    let [members, projects, storage] = [own.members, own.projects, own.storage_gb].map(typed);
    let (id, plan) = (org.id.to_string(), of_plan(org.subscription.plan()));
    view! {
        <Card id="limits-title" title="Limits of its own">
            <p>
                "They hold at once, for all that is added from now on. An empty field keeps what \
                 the plan says: "
                {plan}
                "."
            </p>
            <FormMessage form=&form/>
            <form class="form" method="post" action=form.action()>
                <input type="hidden" name="org" value=id/>
                <Field
                    form=&form
                    id="limit-members"
                    name="members"
                    label="Members"
                    value=&members
                    optional=true
                    max_length=8
                />
                <Field
                    form=&form
                    id="limit-projects"
                    name="projects"
                    label="Projects"
                    value=&projects
                    optional=true
                    max_length=8
                />
                <Field
                    form=&form
                    id="limit-storage"
                    name="storage_gb"
                    label="Storage in GB"
                    value=&storage
                    optional=true
                    max_length=8
                />
                <div class="form__buttons">
                    <button class="button button--primary">"Save limits"</button>
                </div>
            </form>
        </Card>
    }
    .into_any()
}

fn of_plan(plan: Plan) -> String {
    let limits = plan.limits();
    format!(
        "{} members, {} projects, {} GB",
        grouped(limits.members),
        grouped(limits.projects),
        grouped(limits.storage_gb)
    )
}

fn restore(flash: &Flash, org: &OrgRecord) -> AnyView {
    let form = flash.state_of(&forms::ADMIN_RESTORE_ORG);
    let question = format!("Restore {}?", text::isolated(&org.name));
    let id = org.id.to_string();
    view! {
        <Card id="restore-title" title="Restore">
            <p>
                "Its members have it again, with the roles they had. Its subscription has ended \
                 and does not come back."
            </p>
            <FormMessage form=&form/>
            {act(
                &form,
                "org",
                id,
                "Restore organization",
                question,
                "Its members can open it again immediately.",
            )}
        </Card>
    }
    .into_any()
}

fn flush(flash: &Flash, org: &OrgRecord) -> AnyView {
    let form = flash.state_of(&forms::ADMIN_FLUSH_ORG);
    let problem = form.message_at("slug").map(str::to_owned);
    let (id, slug) = (org.id.to_string(), org.slug.to_string());
    view! {
        <Card id="flush-title" title="Cache">
            <p>"Ends every cached value of the organization, on all nodes. Nothing is lost."</p>
            <FormMessage form=&form/>
            {problem.map(|text| view! { <p class="field__error" role="alert">{text}</p> })}
            <form method="post" action=form.action()>
                <input type="hidden" name="org" value=id/>
                <input type="hidden" name="slug" value=slug/>
                <button class="button">"Flush its cache"</button>
            </form>
        </Card>
    }
    .into_any()
}

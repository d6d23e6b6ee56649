//! `/orgs/{slug}/settings`: for owners and admins.

use leptos::prelude::*;
use leptos_meta::Title;
use orghub::{
    domain::{Permission, slug},
    routes,
};

use super::render_org;
use crate::{
    components::{Field, LeaveForm, OrgLayout, ProblemMessage, Section},
    flash::{Flash, FormName},
    islands::SlugCheck,
};

/// Name and slug, and the way out.
#[component]
pub fn SettingsPage() -> impl IntoView {
    let flash = Flash::take();
    render_org(
        |access| async move { Ok(access.require(Permission::UpdateOrg)?) },
        move |access, ()| {
            let membership = access.membership();
            let notice = flash.as_ref().and_then(Flash::notice);
            let problem = flash
                .as_ref()
                .and_then(|flash| flash.problem(FormName::OrgSettings));
            let stays_because = flash
                .as_ref()
                .and_then(|flash| flash.problem(FormName::Leave))
                .map(|problem| problem.error.message.clone());
            let about_the_form = problem
                .and_then(|problem| problem.beside(&["name", "slug"]))
                .map(str::to_owned);
            let content = view! {
                <div class="page-head"><h1 class="page-title">"Settings"</h1></div>
                <section class="card" aria-labelledby="general-title">
                    <div class="card__head"><h2 class="card__title" id="general-title">"General"</h2></div>
                    <div class="card__body">
                        {about_the_form.map(|text| view! { <ProblemMessage text/> })}
                        <form class="form" method="post" action="/api/update_org">
                            <input type="hidden" name="org" value=access.slug().to_string()/>
                            <Field
                                id="org-name"
                                name="name"
                                label="Name"
                                value=&membership.org_name
                                autocomplete="organization"
                                max_length=100
                                problem
                            />
                            <Field
                                id="org-slug"
                                name="slug"
                                label="Slug"
                                value=access.slug().as_str()
                                prefix=routes::ORG_PREFIX
                                max_length=slug::MAX_LENGTH as u32
                                hint="Addresses with the former slug keep working."
                                problem
                            >
                                <SlugCheck/>
                            </Field>
                            <div class="form__buttons"><button class="button button--primary">"Save changes"</button></div>
                        </form>
                    </div>
                </section>
                <section class="card card--danger" aria-labelledby="danger-title">
                    <div class="card__head"><h2 class="card__title" id="danger-title">"Danger zone"</h2></div>
                    <div class="card__body">
                        {stays_because.map(|text| view! { <ProblemMessage text/> })}
                        <div class="card__split">
                            <p>"Leaving ends your access to this organization at once. Its only owner cannot leave."</p>
                            <LeaveForm return_to=routes::settings(access.slug()) access=access.clone()/>
                        </div>
                    </div>
                </section>
            };
            view! {
                <Title text=format!("Settings · {}", membership.org_name)/>
                <OrgLayout access=access.clone() section=Section::Settings notice content=content.into_any()/>
            }
            .into_any()
        },
    )
}

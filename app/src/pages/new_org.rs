//! `/orgs/new`.

use leptos::prelude::*;
use leptos_meta::Title;
use orghub::{domain::slug, routes};

use super::render;
use crate::{
    components::{Field, PersonLayout, ProblemMessage},
    context,
    flash::{Flash, FormName},
    islands::SlugCheck,
};

/// Name and slug of an organization to be.
#[component]
pub fn NewOrgPage() -> impl IntoView {
    let flash = Flash::take();
    render(async { context::require_user() }, move |user| {
        let problem = flash
            .as_ref()
            .and_then(|flash| flash.problem(FormName::NewOrg));
        let about_the_form = problem
            .and_then(|problem| problem.beside(&["name", "slug"]))
            .map(str::to_owned);
        let content = view! {
            <div class="narrow">
                <h1 class="page-title">"New organization"</h1>
                <p class="lead">"You become its owner. It starts on the Free plan, with three seats."</p>
                {about_the_form.map(|text| view! { <ProblemMessage text/> })}
                <form class="form" method="post" action="/api/create_org">
                    <Field id="org-name" name="name" label="Name" autocomplete="organization" max_length=100 problem/>
                    <Field
                        id="org-slug"
                        name="slug"
                        label="Slug"
                        prefix=routes::ORG_PREFIX
                        max_length=slug::MAX_LENGTH as u32
                        hint="2 to 48 lower-case letters, digits and dashes. It becomes part of the address."
                        problem
                    >
                        <SlugCheck/>
                    </Field>
                    <div class="form__buttons">
                        <button class="button button--primary">"Create organization"</button>
                        <a class="button button--quiet" href=routes::ORGS>"Cancel"</a>
                    </div>
                </form>
            </div>
        };
        view! {
            <Title text="New organization"/>
            <PersonLayout user content=content.into_any()/>
        }
        .into_any()
    })
}

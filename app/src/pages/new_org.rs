//! `/orgs/new`.

use leptos::prelude::*;
use leptos_meta::Title;
use orghub::{domain::slug, routes};
use orghub_ui::{
    components::UserFrame,
    context,
    forms::{self, Field, Flash, FormMessage},
    islands::SlugCheck,
};

use super::render;

/// Name and slug of a new organization.
#[component]
pub fn NewOrgPage() -> impl IntoView {
    render(async { context::require_user() }, |user| {
        let flash = Flash::take();
        let form = flash.state_of(&forms::CREATE_ORG);
        view! {
            <Title text="New organization"/>
            <UserFrame user flash>
                <div class="narrow">
                    <h1 class="page-title">"New organization"</h1>
                    <p class="lead">
                        "You become its owner. It starts on the Free plan, with three seats."
                    </p>
                    <FormMessage form=&form/>
                    <form class="form" method="post" action=form.action()>
                        <Field
                            form=&form
                            id="org-name"
                            name="name"
                            label="Name"
                            autocomplete="organization"
                            max_length=100
                        />
                        <Field
                            form=&form
                            id="org-slug"
                            name="slug"
                            label="Slug"
                            prefix=routes::ORG_PREFIX
                            max_length=slug::MAX_LENGTH as u32
                            optional=true
                            hint="2 to 48 lower-case letters, digits and dashes. It becomes part \
                                  of the address; left empty, it is made from the name."
                        >
                            <SlugCheck/>
                        </Field>
                        <div class="form__buttons">
                            <button class="button button--primary">"Create organization"</button>
                            <a class="button button--quiet" href=routes::ORGS>"Cancel"</a>
                        </div>
                    </form>
                </div>
            </UserFrame>
        }
        .into_any()
    })
}

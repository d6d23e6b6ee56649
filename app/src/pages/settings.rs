//! `/orgs/{slug}/settings`.

use leptos::prelude::*;
use orghub::{
    domain::slug,
    routes::{self, OrgPage},
};

use super::render_org;
use crate::{
    components::LeaveForm,
    forms::{self, Field, FormMessage},
    islands::SlugCheck,
};

/// Name and slug, and leaving.
#[component]
pub fn SettingsPage() -> impl IntoView {
    render_org(
        OrgPage::Settings,
        |_access| async { Ok(()) },
        |request, ()| {
            let (org_name, slug) = (&request.membership().org_name, request.access.slug());
            let form = request.flash.state_of(&forms::UPDATE_ORG);
            let leave = request.flash.state_of(&forms::LEAVE_ORG);
            view! {
                <div class="page-head"><h1 class="page-title">"Settings"</h1></div>
                <section class="card" aria-labelledby="general-title">
                    <div class="card__head">
                        <h2 class="card__title" id="general-title">"General"</h2>
                    </div>
                    <div class="card__body">
                        <FormMessage form=&form/>
                        <form class="form" method="post" action=form.action()>
                            <input type="hidden" name="org" value=slug.to_string()/>
                            <Field
                                form=&form
                                id="org-name"
                                name="name"
                                label="Name"
                                value=org_name
                                autocomplete="organization"
                                max_length=100
                            />
                            <Field
                                form=&form
                                id="org-slug"
                                name="slug"
                                label="Slug"
                                value=slug.as_str()
                                prefix=routes::ORG_PREFIX
                                max_length=slug::MAX_LENGTH as u32
                                hint="Links with the old slug keep working."
                            >
                                <SlugCheck/>
                            </Field>
                            <div class="form__buttons">
                                <button class="button button--primary">"Save changes"</button>
                            </div>
                        </form>
                    </div>
                </section>
                <section class="card card--danger" aria-labelledby="danger-title">
                    <div class="card__head">
                        <h2 class="card__title" id="danger-title">"Danger zone"</h2>
                    </div>
                    <div class="card__body">
                        <LeaveForm
                            form=leave
                            org_name=org_name.clone()
                            slug=slug.clone()
                            page=OrgPage::Settings
                        >
                            <p>
                                "You lose access to this organization immediately. \
                                 Its only owner cannot leave."
                            </p>
                        </LeaveForm>
                    </div>
                </section>
            }
            .into_any()
        },
    )
}

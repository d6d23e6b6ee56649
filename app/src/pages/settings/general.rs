use leptos::prelude::*;
use orghub::{
    domain::{FormerSlugs, slug},
    routes,
};
use orghub_ui::{
    components::Card,
    forms::{self, Field, FormMessage},
    islands::SlugCheck,
};

use super::OrgRequest;

/// Name and slug, and the former slugs.
pub(super) fn card(request: &OrgRequest, former: &FormerSlugs) -> AnyView {
    let (org_name, slug) = (&request.membership().org_name, request.access.slug());
    let form = request.flash.state_of(&forms::UPDATE_ORG);
    let fields = view! {
        <FormMessage form=&form/>
        <form class="form" method="post" action=form.action()>
            <input type="hidden" name="org" value=slug.to_string()/>
            <input type="hidden" name="was_name" value=org_name.clone()/>
            <input type="hidden" name="was_slug" value=slug.to_string()/>
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
    }
    .into_any();
    let former = former_slugs(former);
    view! { <Card id="general-title" title="General">{fields}{former}</Card> }.into_any()
}

fn former_slugs(former: &FormerSlugs) -> Option<AnyView> {
    if former.slugs.is_empty() {
        return None;
    }
    let lines = former
        .slugs
        .iter()
        .map(|slug| {
            view! { <li class="former-slugs__slug">{format!("{}{slug}", routes::ORG_PREFIX)}</li> }
        })
        .collect_view();
    Some(
        view! {
            <div class="former-slugs">
                <h3 class="former-slugs__title" id="former-slugs">"Former addresses"</h3>
                <p class="quiet">
                    "These still lead here, for good. Nobody else can take them, and you can take \
                     them back."
                </p>
                <ul class="former-slugs__list" aria-labelledby="former-slugs">{lines}</ul>
            </div>
        }
        .into_any(),
    )
}

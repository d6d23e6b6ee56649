use leptos::prelude::*;
use orghub::{domain::PictureOf, routes};
use orghub_ui::{
    components::{Avatar, Card},
    forms::{self, FormMessage},
};

use super::OrgRequest;

/// The logo as it is shown, and another one in its place.
pub(super) fn card(request: &OrgRequest) -> AnyView {
    let form = request.flash.state_of(&forms::CHANGE_LOGO);
    let remove = request.flash.state_of(&forms::REMOVE_LOGO);
    let membership = request.membership();
    let slug = membership.org_slug.to_string();
    let address = membership.org_logo.as_ref().map(routes::picture);
    let has_logo = address.is_some();
    let avatar = view! {
        <Avatar name=&membership.org_name picture=address square=true large=true/>
    }
    .into_any();
    let error = form
        .message_at(PictureOf::Organization.field())
        .map(str::to_owned);
    let hint = format!(
        "PNG, JPEG or WebP, at most {} MB. We cut it to a square.",
        PictureOf::Organization.max_megabytes()
    );
    let removal = has_logo.then(|| {
        view! {
            <form method="post" action=remove.action()>
                <input type="hidden" name="org" value=slug.clone()/>
                <button class="button button--quiet">"Remove logo"</button>
            </form>
        }
    });
    view! {
        <Card id="logo-title" title="Logo">
            <FormMessage form=&form/>
            <FormMessage form=&remove/>
            <div class="picture-form">
                {avatar}
                <form class="form" method="post" action=form.action() enctype="multipart/form-data">
                    <input type="hidden" name="org" value=slug/>
                    <div class="field">
                        <label class="field__label" for="logo">"Choose a logo"</label>
                        <input
                            class="input"
                            id="logo"
                            name=PictureOf::Organization.field()
                            type="file"
                            accept="image/png,image/jpeg,image/webp"
                            required
                            aria-describedby="logo-hint"
                            aria-invalid=error.is_some().then_some("true")
                        />
                        <p class="field__hint" id="logo-hint">{hint}</p>
                        {error.map(|text| view! { <p class="field__error" role="alert">{text}</p> })}
                    </div>
                    <div class="form__buttons">
                        <button class="button button--primary">"Save logo"</button>
                    </div>
                </form>
            </div>
            {removal}
        </Card>
    }
    .into_any()
}

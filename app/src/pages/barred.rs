//! A member's own organization, to which they have no access now.

use leptos::prelude::*;
use leptos_meta::Title;
use orghub::{
    domain::{Barred, text},
    routes::{self, AccountPage},
};
use orghub_ui::{
    components::{Day, ErrorView, PublicFrame},
    forms::{self, Flash, FormMessage},
    response,
};

/// Why, and what to do about it. Deleted: 410. A second factor is required: 403.
pub(super) fn page(barred: Barred) -> AnyView {
    response::set_barred(&barred);
    match barred {
        Barred::Deleted {
            slug,
            name,
            restorable_until,
            ..
        } => {
            let flash = Flash::take();
            let form = flash.state_of(&forms::RESTORE_ORG);
            let message = view! { <FormMessage form=&form/> }.into_any();
            view! {
                <Title text="Organization deleted"/>
                <PublicFrame flash>
                    <div class="error-page">
                        <p class="error-page__status">"410"</p>
                        <h1>"This organization was deleted"</h1>
                        <p class="error-page__text">
                            <bdi>{name}</bdi>
                            " can be restored by its owners until "
                            <Day at=restorable_until/>
                            ". Then it is removed for good, with everything in it."
                        </p>
                        {message}
                        <form method="post" action=form.action()>
                            <input type="hidden" name="org" value=slug.to_string()/>
                            <button class="button button--primary">"Restore"</button>
                        </form>
                        <p><a class="button" href=routes::ORGS>"Your organizations"</a></p>
                    </div>
                </PublicFrame>
            }
            .into_any()
        }
        Barred::SecondFactor { name, .. } => {
            let sentence = format!(
                "{} requires a second factor of its members. Set one up, and you are back in.",
                text::isolated(&name)
            );
            view! {
                <Title text="Second factor required"/>
                <PublicFrame>
                    <ErrorView status=403 title="Second factor required" sentence>
                        <a class="button" href=AccountPage::Security.path()>
                            "Set up a second factor"
                        </a>
                    </ErrorView>
                </PublicFrame>
            }
            .into_any()
        }
    }
}

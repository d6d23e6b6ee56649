use leptos::prelude::*;
use orghub_domain::{OrgSlug, routes::OrgPage, text};

use crate::forms::{FormMessage, FormState};

/// Ends the reader's own membership, after a question.
#[component]
pub fn LeaveForm(
    form: FormState,
    org_name: String,
    slug: OrgSlug,
    /// The page that has the form.
    page: OrgPage,
    /// What stands beside the button.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    view! {
        <FormMessage form=&form/>
        <div class="card__split">
            {children.map(|children| children())}
            <form
                method="post"
                action=form.action()
                data-confirm=format!("Leave {}?", text::isolated(&org_name))
                data-confirm-detail="You lose access immediately. \
                                     To come back, you need a new invitation."
                data-confirm-verb="Leave organization"
            >
                <input type="hidden" name="org" value=slug.to_string()/>
                <input type="hidden" name="return_to" value=page.path(&slug)/>
                <button class="button button--danger-quiet">"Leave organization"</button>
            </form>
        </div>
    }
    .into_any()
}

//! The way out of an organization.

use leptos::prelude::*;
use orghub::access::OrgAccess;

/// Ends one's own membership, after a question.
#[component]
pub fn LeaveForm(
    /// Whose membership.
    access: OrgAccess,
    /// The page the form stands on.
    return_to: String,
) -> impl IntoView {
    let name = access.membership().org_name.clone();
    view! {
        <form
            method="post"
            action="/api/leave_org"
            data-confirm=format!("Leave {name}?")
            data-confirm-detail="You lose access at once. To come back you need a new invitation."
            data-confirm-verb="Leave organization"
        >
            <input type="hidden" name="org" value=access.slug().to_string()/>
            <input type="hidden" name="return_to" value=return_to/>
            <button class="button button--danger-quiet">"Leave organization"</button>
        </form>
    }
    .into_any()
}

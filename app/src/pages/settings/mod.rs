//! `/orgs/{slug}/settings`, a file for each of its sections.

mod danger;
mod general;
mod logo;
mod second_factor;

use std::sync::Arc;

use leptos::prelude::*;
use orghub::{
    domain::{FormerSlugs, OwnershipOffer, Permission},
    routes::OrgPage,
};
use orghub_ui::context;

use super::{OrgRequest, render_org};

pub use second_factor::RequireSecondFactorPage;

use crate::services::services;

/// Name, slugs and logo; what is asked of members; and what cannot be undone at once.
#[component]
pub fn SettingsPage() -> impl IntoView {
    render_org(
        OrgPage::Settings,
        |access| async move {
            let services = services();
            let former = services.orgs.list_former_slugs(&access).await?;
            let overview = services.orgs.get_overview(&access).await?;
            let now = context::now_until(|now| overview.offer_ends(now));
            Ok((former, overview.offer_at(now).cloned()))
        },
        |request, (former, offer): (Arc<FormerSlugs>, Option<OwnershipOffer>)| {
            let may_delete = request.access.role().may(Permission::DeleteOrg);
            view! {
                <div class="page-head"><h1 class="page-title">"Settings"</h1></div>
                {general::card(request, &former)}
                {logo::card(request)}
                {may_delete.then(|| second_factor::card(request))}
                {danger::card(request, offer.as_ref())}
            }
            .into_any()
        },
    )
}

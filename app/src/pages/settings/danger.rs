use leptos::prelude::*;
use orghub::{
    domain::{OwnershipOffer, Permission, slug},
    routes::OrgPage,
};
use orghub_ui::{
    components::{Card, LeaveForm, OfferOwnership},
    forms::{self, Field, FormMessage},
};

use super::OrgRequest;

/// Leaving, and, for owners, handing the organization on and deleting it. `offer` is the one
/// that waits for its receiver.
pub(super) fn card(request: &OrgRequest, offer: Option<&OwnershipOffer>) -> AnyView {
    let membership = request.membership();
    let hands_on = request.access.role().may(Permission::ManageOwners);
    let hand_on = hands_on.then(|| {
        view! {
            <OfferOwnership
                offer_form=request.flash.state_of(&forms::OFFER_OWNERSHIP)
                withdraw_form=request.flash.state_of(&forms::WITHDRAW_OWNERSHIP)
                slug=request.access.slug()
                pending=offer
            />
        }
        .into_any()
    });
    let leave = view! {
        <LeaveForm
            form=request.flash.state_of(&forms::LEAVE_ORG)
            org_name=membership.org_name.clone()
            slug=membership.org_slug.clone()
            page=OrgPage::Settings
        >
            <p>
                "You lose access to this organization immediately. \
                 Its only owner cannot leave."
            </p>
        </LeaveForm>
    }
    .into_any();
    let may_delete = request.access.role().may(Permission::DeleteOrg);
    let delete = may_delete.then(|| delete(request));
    view! {
        <Card id="danger-title" title="Danger zone" is_dangerous=true>
            {hand_on}
            {leave}
            {delete}
        </Card>
    }
    .into_any()
}

fn delete(request: &OrgRequest) -> AnyView {
    let form = request.flash.state_of(&forms::DELETE_ORG);
    let slug = request.access.slug().to_string();
    view! {
        <div class="danger-part">
            <h3 class="danger-part__title">"Delete this organization"</h3>
            <p>
                "Everybody loses access immediately, and the subscription is cancelled without a \
                 refund. For 30 days an owner can restore the organization; then it is removed \
                 for good."
            </p>
            <FormMessage form=&form/>
            <form class="form" method="post" action=form.action()>
                <input type="hidden" name="org" value=slug.clone()/>
                <p>"To confirm, type the slug " <strong>{slug}</strong> "."</p>
                <Field
                    form=&form
                    id="delete-confirmation"
                    name="confirmation"
                    label="Confirmation"
                    max_length=slug::MAX_LENGTH as u32
                />
                <div class="form__buttons">
                    <button class="button button--danger">"Delete organization"</button>
                </div>
            </form>
        </div>
    }
    .into_any()
}

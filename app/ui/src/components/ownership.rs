//! Handing an organization on: the owner's form, and the receiver's choice.

use leptos::prelude::*;
use orghub_domain::{OrgSlug, OwnershipOffer};

use super::dates::Day;
use crate::forms::{Field, FormMessage, FormState};

/// In the settings of an owner: the form that offers ownership, or the offer that waits.
#[component]
pub fn OfferOwnership<'a>(
    offer_form: FormState,
    withdraw_form: FormState,
    slug: &'a OrgSlug,
    /// What is on offer already.
    pending: Option<&'a OwnershipOffer>,
) -> impl IntoView + use<> {
    let messages = view! {
        <FormMessage form=&offer_form/>
        <FormMessage form=&withdraw_form/>
    };
    let org = slug.to_string();
    let content = match pending {
        Some(offer) => view! {
            <div class="card__split">
                <p>
                    "Ownership is offered to "
                    <bdi>{offer.to_name.clone()}</bdi>
                    " until "
                    <Day at=offer.expires_at/>
                    ". Nothing changes until it is accepted."
                </p>
                <form method="post" action=withdraw_form.action()>
                    <input type="hidden" name="org" value=org/>
                    <button class="button">"Withdraw the offer"</button>
                </form>
            </div>
        }
        .into_any(),
        None => view! {
            <form class="form" method="post" action=offer_form.action()>
                <input type="hidden" name="org" value=org/>
                <Field
                    form=&offer_form
                    id="new-owner"
                    name="email"
                    label="Hand ownership on to"
                    kind="email"
                    hint="The e-mail address of a member. They become the owner, and you an \
                          admin, when they accept."
                />
                <div class="form__buttons">
                    <button class="button button--danger-quiet">"Offer ownership"</button>
                </div>
            </form>
        }
        .into_any(),
    };
    view! {
        {messages}
        {content}
    }
    .into_any()
}

/// On the overview of whoever is offered ownership.
#[component]
pub fn ReceivedOwnership<'a>(
    accept_form: FormState,
    decline_form: FormState,
    slug: &'a OrgSlug,
    offer: &'a OwnershipOffer,
) -> impl IntoView + use<> {
    let (org, from) = (slug.to_string(), offer.from_name.clone());
    view! {
        <section class="card" aria-labelledby="ownership-title" data-ownership-offer>
            <div class="card__head">
                <h2 class="card__title" id="ownership-title">"Ownership is offered to you"</h2>
            </div>
            <div class="card__body">
                <p>
                    <bdi>{from.clone()}</bdi>
                    " wants to hand this organization on to you. If you accept, you become an \
                     owner, and "
                    <bdi>{from}</bdi>
                    " an admin. The offer is good until "
                    <Day at=offer.expires_at/>
                    "."
                </p>
                <div class="form__buttons">
                    <form
                        method="post"
                        action=accept_form.action()
                        data-confirm="Become the owner?"
                        data-confirm-detail="You can then do everything in this organization, \
                                             and answer for it."
                        data-confirm-verb="Accept ownership"
                    >
                        <input type="hidden" name="org" value=org.clone()/>
                        <button class="button button--primary">"Accept ownership"</button>
                    </form>
                    <form method="post" action=decline_form.action()>
                        <input type="hidden" name="org" value=org/>
                        <button class="button">"Decline"</button>
                    </form>
                </div>
            </div>
        </section>
    }
    .into_any()
}

//! Mails about payments, to the organization's billing contact, or to its owners if it has
//! none. Each is posted in the transaction of the comparison it follows from, once for each
//! kind of news and object at Stripe, however often that is announced.

use super::{Billing, event::Event, letters, sync::Cause};
use crate::{
    db::{
        self, Tx,
        orgs::OrgForChange,
        subscriptions::{self, is_first_notice},
    },
    domain::{OrgId, Subscription, SubscriptionStatus},
    error::Result,
    mail::Letter,
};

/// Owners who are written to if there is no billing contact.
const MOST_OWNERS: i64 = 20;

/// News, with what makes them once.
struct News {
    kind: &'static str,
    object: String,
    letter: Letter,
}

impl Billing {
    /// Tells what has to be told about a comparison, in its transaction.
    pub(super) async fn tell(
        &self,
        tx: &mut Tx,
        org: OrgId,
        before: Option<&Subscription>,
        after: Option<&Subscription>,
        cause: Cause<'_>,
    ) -> Result<()> {
        let Some(found) = db::orgs::find(tx, org).await? else {
            return Ok(());
        };
        // Who deleted the organization knows.
        if found.deleted_at.is_some() {
            return Ok(());
        }
        let mut all = Vec::new();
        if let Some((before, after)) = before.zip(after) {
            all.extend(turn_of_events(&found, before, after));
        }
        if let Some(event) = cause.event() {
            all.extend(announced(&found, event, after));
        }
        let now = self.clock.now();
        for news in all {
            let is_first = is_first_notice(tx, news.kind, &news.object, now).await?;
            // Stripe's own event of it is no news either.
            if is_first && !matches!(cause, Cause::Deletion) {
                self.post(tx, org, &news.letter).await?;
            }
        }
        Ok(())
    }

    async fn post(&self, tx: &mut Tx, org: OrgId, letter: &Letter) -> Result<()> {
        if let Some(contact) = subscriptions::find_contact(tx, org).await? {
            return self.mail.post(tx, &contact, letter).await;
        }
        for owner in db::members::list_owners(tx, org, None, MOST_OWNERS).await? {
            self.mail.post(tx, &owner.email, letter).await?;
        }
        Ok(())
    }
}

/// News that follow from what the mirror shows now and did not before.
fn turn_of_events(org: &OrgForChange, before: &Subscription, after: &Subscription) -> Option<News> {
    let same = before.stripe_id == after.stripe_id;
    let id = &after.stripe_id;
    let at = |moment: Option<time::OffsetDateTime>| {
        moment.map_or(0, time::OffsetDateTime::unix_timestamp)
    };
    let is_unpaid = |status: &SubscriptionStatus| {
        matches!(
            status,
            SubscriptionStatus::PastDue | SubscriptionStatus::Unpaid
        )
    };
    let (kind, object, letter) = if same && after.status.is_final() && !before.status.is_final() {
        ("ended", id.clone(), letters::ended(org, after))
    } else if same && after.is_ending() && !before.is_ending() {
        let object = format!("{id} {}", at(after.canceled_at));
        ("cancelled", object, letters::cancelled(org, after))
    } else if same && before.is_ending() && !after.is_ending() && !after.status.is_final() {
        let object = format!("{id} {}", at(before.canceled_at));
        ("restored", object, letters::restored(org, after))
    } else if same && is_unpaid(&before.status) && after.status == SubscriptionStatus::Active {
        let object = format!("{id} {}", at(before.terms.unpaid_since));
        ("recovered", object, letters::recovered(org, after))
    } else if !same && before.status.is_final() && after.status.grants_plan() {
        ("reactivated", id.clone(), letters::reactivated(org, after))
    } else {
        return None;
    };
    Some(News {
        kind,
        object,
        letter,
    })
}

/// News that Stripe announces and that change nothing by themselves.
fn announced(org: &OrgForChange, event: &Event, after: Option<&Subscription>) -> Option<News> {
    let object = event.object_id.clone()?;
    // A late event about what was paid or ended meanwhile is no news any more.
    let living = after.filter(|after| !after.status.is_final());
    let link = || event.text("hosted_invoice_url");
    let (kind, letter) = match event.event_type.as_str() {
        "customer.subscription.trial_will_end" => {
            let trial = living.filter(|after| {
                after.stripe_id == object && after.status == SubscriptionStatus::Trialing
            })?;
            ("trial_ends", letters::trial_ends(org, trial))
        }
        "invoice.payment_failed" => {
            let unpaid = living.filter(|after| after.status != SubscriptionStatus::Active)?;
            (
                "payment_failed",
                letters::payment_failed(org, unpaid, link()),
            )
        }
        "invoice.payment_action_required" => (
            "action_required",
            letters::action_required(org, living?, link()),
        ),
        "customer.source.expiring" => {
            living?;
            ("card_expires", letters::card_expires(org))
        }
        _ => return None,
    };
    Some(News {
        kind,
        object,
        letter,
    })
}

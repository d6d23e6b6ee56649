use super::{Billing, wishes::record};
use crate::{
    access::OrgAccess,
    boxed,
    cache::keys,
    db::subscriptions,
    domain::{ActivityKind, Email, Invalid, Permission, text},
    error::{Error, Result},
    telemetry::SPANS,
};

impl Billing {
    /// Changes where mails about payments go: from `was`, as the form showed it, to `to`; empty:
    /// to the owners. Stripe is told afterwards.
    ///
    /// # Errors
    /// [`Error::Invalid`] on the field `email`; [`Error::Conflict`] on it if somebody else
    /// changed it since; [`Error::Forbidden`] without [`Permission::ManageSubscription`].
    #[tracing::instrument(level = "debug", target = SPANS, name = "billing.change_contact", skip_all)]
    #[boxed]
    pub async fn change_contact(&self, access: &OrgAccess, was: &str, to: &str) -> Result<()> {
        access.require(Permission::ManageSubscription)?;
        let parse = |text: &str| match text::trimmed(text) {
            "" => Ok(None),
            address => Email::parse(address).map(Some),
        };
        let wanted = parse(to)?;
        let (mut tx, org) = self.begin(access).await?;
        let current = subscriptions::find_contact(&mut tx, access.org_id()).await?;
        // What the form showed was an address, or is not worth comparing.
        let shown = parse(was).ok();
        if wanted == current || Some(&wanted) == shown.as_ref() {
            return Ok(());
        }
        if shown.is_some_and(|shown| shown != current) {
            let current = current.as_ref().map_or("the owners", Email::as_str);
            return Err(Error::Conflict(Invalid::new(
                "email",
                format!(
                    "Somebody changed this to “{current}” while you had the page open. \
                     Save again to replace it."
                ),
            )));
        }
        let now = self.clock.now();
        subscriptions::set_contact(&mut tx, access.org_id(), wanted.as_ref(), now).await?;
        let detail = wanted.as_ref().map_or("the owners", Email::as_str);
        record(&mut tx, access, ActivityKind::BillingContactChanged, detail).await?;
        self.queue_customer_update(&mut tx, access.org_id()).await?;
        self.cache
            .commit(tx, &[keys::subscription(&org.slug)])
            .await
    }
}

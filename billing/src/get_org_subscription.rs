use std::sync::Arc;

use time::OffsetDateTime;

use super::Billing;
use crate::{
    access::OrgAccess,
    cache::{CachedQuery, Key, Scope, keys},
    db::{self, Reader, Stamped},
    domain::{OrgSlug, SubscriptionView},
    error::{Error, Result},
    telemetry::SPANS,
};

impl Billing {
    /// What the subscription page shows, from our row; every member may read it. Never
    /// asks Stripe: a row that was last compared more than five minutes ago is compared in the
    /// background and right on a later look.
    ///
    /// # Errors
    /// [`Error::NotFound`] if the slug does not name the organization any more.
    #[tracing::instrument(level = "debug", target = SPANS, name = "billing.get_org_subscription", skip_all)]
    pub async fn get_org_subscription(&self, access: &OrgAccess) -> Result<Arc<SubscriptionView>> {
        let view = self.find_subscription(access).await?;
        self.refresh_if_old(access.org_id(), &view);
        Ok(view)
    }

    /// The same without a comparison: nobody looks at what is only warmed up.
    ///
    /// # Errors
    /// As [`Self::get_org_subscription`].
    pub async fn find_subscription(&self, access: &OrgAccess) -> Result<Arc<SubscriptionView>> {
        let view = self.cache.get(&self.subscription_of(access.slug())).await?;
        view.filter(|found| found.org_id == access.org_id())
            .ok_or(Error::NotFound)
    }

    pub fn subscription_of(&self, slug: &OrgSlug) -> SubscriptionOf {
        SubscriptionOf {
            slug: slug.clone(),
            now: self.clock.now(),
        }
    }
}

/// What the subscription page of the organization with this current slug shows.
#[derive(Clone, Debug)]
pub struct SubscriptionOf {
    pub slug: OrgSlug,
    /// Decides which pending invitations have expired. Not part of the key: a cached view
    /// counts an invitation's seat until the cached value's own life ends.
    pub now: OffsetDateTime,
}

impl CachedQuery for SubscriptionOf {
    type Answer = SubscriptionView;

    fn key(&self) -> Key {
        keys::subscription(&self.slug)
    }

    fn scopes(&self, answer: Option<&Self::Answer>) -> Vec<Scope> {
        let mut scopes = vec![Scope::Slug(self.slug.clone())];
        if let Some(SubscriptionView { org_id, .. }) = answer {
            // The member list, because members take seats.
            scopes.extend([Scope::Subscription(*org_id), Scope::MemberList(*org_id)]);
        }
        scopes
    }

    async fn load(&self, db: &Reader) -> Result<Stamped<Option<Self::Answer>>> {
        db::subscriptions::find_view(db, &self.slug, self.now).await
    }
}

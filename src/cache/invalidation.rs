//! What a mutation says when it has committed.
//!
//! That copies end is already decided: the triggers logged the change in the
//! mutation's own transaction. What remains is to wait until every node knows
//! ([`Cache::wait_until_applied`]), and good manners: values nobody will use again
//! are removed from memory. Removing logs what goes wrong and never fails.

use std::{
    sync::PoisonError,
    time::{Duration, Instant},
};

use tokio::time::sleep;

use super::{
    Cache,
    hooks::Point,
    keys::{
        CacheKey, MemberPageKey, MembershipKey, OrgSlugKey, Scope, SubscriptionKey, UserOrgsKey,
    },
    relay::LEASE,
};
use crate::{
    db::{CommitId, cache_log},
    domain::{MemberListQuery, OrgId, OrgSlug, UserId},
    error::chain,
};

/// Something a mutation changed, in the words of the product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Which organizations a person belongs to.
    UserOrgs(UserId),
    /// One membership.
    OrgMember(OrgSlug, UserId),
    /// What a slug leads to.
    OrgSlug(OrgSlug),
    /// The member list.
    OrgMembers(OrgSlug),
    /// The subscription.
    OrgSubscription(OrgSlug),
}

impl Cache {
    /// The person's list of organizations changed.
    pub async fn invalidate_user_orgs(&self, user: UserId) {
        self.invalidate(&[Change::UserOrgs(user)]).await;
    }

    /// The person's membership of the organization changed.
    pub async fn invalidate_org_member(&self, slug: &OrgSlug, user: UserId) {
        self.invalidate(&[Change::OrgMember(slug.clone(), user)])
            .await;
    }

    /// What the slug leads to changed.
    pub async fn invalidate_org_slug(&self, slug: &OrgSlug) {
        self.invalidate(&[Change::OrgSlug(slug.clone())]).await;
    }

    /// The organization's subscription changed.
    pub async fn invalidate_org_subscription(&self, slug: &OrgSlug) {
        self.invalidate(&[Change::OrgSubscription(slug.clone())])
            .await;
    }

    /// Ends every copy that depends on the person, wherever it is and however many
    /// there are, by one row in the log.
    pub async fn invalidate_all_user_caches(&self, user: UserId) {
        self.end_scopes(&[
            Scope::Profile(user),
            Scope::UserSessions(user),
            Scope::UserOrgs(user),
        ])
        .await;
    }

    /// Ends every copy that depends on the organization's members: their
    /// memberships, the lists, the totals.
    pub async fn invalidate_all_org_members(&self, org: OrgId) {
        self.end_scopes(&[Scope::Org(org), Scope::MemberList(org)])
            .await;
    }

    /// Removes what the changes made useless, in one round trip.
    pub async fn invalidate(&self, changes: &[Change]) {
        let keys: Vec<String> = changes.iter().map(|change| self.key_of(change)).collect();
        if let Some(near) = &self.inner.near {
            keys.iter().for_each(|key| near.remove(key));
        }
        let Some(redis) = &self.inner.redis else {
            return;
        };
        if keys.is_empty() {
            return;
        }
        if let Err(error) = redis.unlink(&keys).await {
            tracing::debug!(%error, keys = keys.len(), "outdated values stay in Redis until their TTL; they are not used");
        }
    }

    fn key_of(&self, change: &Change) -> String {
        let text = |family, text: String| self.inner.full_text(family, &text);
        match change {
            Change::UserOrgs(user) => text(UserOrgsKey::FAMILY, UserOrgsKey { user: *user }.text()),
            Change::OrgMember(slug, user) => text(
                MembershipKey::FAMILY,
                MembershipKey {
                    slug: slug.clone(),
                    user: *user,
                }
                .text(),
            ),
            Change::OrgSlug(slug) => text(OrgSlugKey::FAMILY, OrgSlugKey::text_of(slug)),
            // The page that is asked for most; the others age out.
            Change::OrgMembers(slug) => text(
                MemberPageKey::FAMILY,
                MemberPageKey::text_of(slug, &MemberListQuery::default()),
            ),
            Change::OrgSubscription(slug) => {
                text(SubscriptionKey::FAMILY, SubscriptionKey::text_of(slug))
            }
        }
    }

    async fn end_scopes(&self, scopes: &[Scope]) {
        let texts: Vec<String> = scopes.iter().map(ToString::to_string).collect();
        match cache_log::write(self.inner.db.pool(), &texts).await {
            Ok(commit) => self.wait_until_applied(commit).await,
            Err(error) => {
                tracing::error!(error = %chain(&error), ?scopes, "an invalidation could not be logged; try again when the database answers")
            }
        }
    }

    /// Returns when no node uses a copy from before `commit` any more: usually
    /// within milliseconds, after two seconds at the latest, because by then the
    /// lease of whoever did not answer has run out.
    pub async fn wait_until_applied(&self, commit: CommitId) {
        self.inner.hooks.pass(Point::Committed).await;
        let began = Instant::now();
        self.inner.bell.notify_one();
        self.ring();
        let mut pause = Duration::from_millis(1);
        let outcome = loop {
            if began.elapsed() >= LEASE {
                break "waited_out";
            }
            match cache_log::somebody_is_behind(self.inner.db.pool(), commit).await {
                Ok(false) => break "applied",
                Ok(true) => {}
                Err(error) => {
                    tracing::warn!(error = %chain(&error), "cannot see which nodes know of a change; waiting their leases out");
                    sleep(LEASE.saturating_sub(began.elapsed())).await;
                    break "unknown";
                }
            }
            sleep(pause).await;
            pause = (pause * 2).min(Duration::from_millis(25));
        };
        self.let_other_leases_end().await;
        metrics::counter!("orghub_cache_barrier_total", "outcome" => outcome).increment(1);
        metrics::histogram!("orghub_cache_barrier_wait_seconds")
            .record(began.elapsed().as_secs_f64());
    }

    /// A database that took over may lack the latest rows of the registry: for the
    /// length of a lease after that, nobody can say who else uses copies.
    async fn let_other_leases_end(&self) {
        let since = *self
            .inner
            .new_world
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(since) = since {
            tokio::time::sleep_until(since + LEASE).await;
        }
    }

    /// Tells the other nodes to look, without waiting for Redis.
    fn ring(&self) {
        let inner = self.inner.clone();
        tokio::spawn(async move {
            if let Some(redis) = &inner.redis
                && let Err(error) = redis.publish(&inner.channel()).await
            {
                tracing::debug!(%error, "the doorbell did not ring; other nodes poll");
            }
        });
    }
}

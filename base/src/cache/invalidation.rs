//! Ending cached values by hand. Mutations do not need this: their triggers and
//! [`Cache::commit`] do it. Operators do, after something bypassed the triggers
//! (docs/runbook.md), and programs that change data of ours in ways of their own.
//!
//! The first four free the memory of single values, in Redis and in this process, and log
//! what goes wrong. The others end every value that depends on something, wherever it is
//! and however many there are, by one row in the change log, and return when every node
//! has applied it.

use super::{Cache, keys, query::Scope, stamp::EVERYTHING};
use crate::{
    db::{self, cache_log},
    domain::{MemberListQuery, OrgId, OrgSlug, UserId},
    error::Result,
};

impl Cache {
    /// Removes the user's list of organizations.
    pub async fn invalidate_user_orgs(&self, user: UserId) {
        self.remove(&[keys::user_orgs(user)]).await;
    }

    /// Removes one membership.
    pub async fn invalidate_org_member(&self, slug: &OrgSlug, user: UserId) {
        self.remove(&[keys::membership(slug, user)]).await;
    }

    /// Removes what the organization's own pages show: overview, first member page, newest
    /// activity.
    pub async fn invalidate_org_slug(&self, slug: &OrgSlug) {
        let first_page = keys::member_page(slug, &MemberListQuery::default());
        let activity = keys::activity_page(slug);
        self.remove(&[keys::org_overview(slug), first_page, activity])
            .await;
    }

    /// Removes the organization's subscription.
    pub async fn invalidate_org_subscription(&self, slug: &OrgSlug) {
        self.remove(&[keys::subscription(slug)]).await;
    }

    /// Ends everything about the user, memberships included: sessions are read anew, not
    /// ended.
    ///
    /// # Errors
    /// [`crate::error::Error::Unavailable`] if the database does not answer: nothing has
    /// ended then.
    pub async fn invalidate_all_user_caches(&self, user: UserId) -> Result<()> {
        let scopes = [
            Scope::Profile(user),
            Scope::UserSessions(user),
            Scope::UserOrgs(user),
        ];
        self.end(scopes.map(|scope| scope.to_string()).to_vec())
            .await
    }

    /// Ends everything about the organization's members, which is everything that its
    /// pages show: memberships, lists, totals, overview, subscription.
    ///
    /// # Errors
    /// As [`Self::invalidate_all_user_caches`].
    pub async fn invalidate_all_org_members(&self, org: OrgId) -> Result<()> {
        let scopes = [Scope::Org(org), Scope::MemberList(org)];
        self.end(scopes.map(|scope| scope.to_string()).to_vec())
            .await
    }

    /// Ends every cached value of an organization, and frees what Redis still holds of its
    /// pages at `slug`.
    ///
    /// # Errors
    /// As [`Self::invalidate_all_user_caches`].
    pub async fn flush_org(&self, org: OrgId, slug: &OrgSlug) -> Result<()> {
        // Every value of an organization depends on one of the two scopes this ends.
        self.invalidate_all_org_members(org).await?;
        self.invalidate_org_slug(slug).await;
        self.invalidate_org_subscription(slug).await;
        Ok(())
    }

    /// Ends every cached value of a user, and frees what Redis still holds of them.
    ///
    /// # Errors
    /// As [`Self::invalidate_all_user_caches`].
    pub async fn flush_user(&self, user: UserId) -> Result<()> {
        self.invalidate_all_user_caches(user).await?;
        let orgs = db::orgs::list_for_user(&self.inner.db.reader(), user).await?;
        for org in orgs.value.unwrap_or_default() {
            self.invalidate_org_member(&org.slug, user).await;
        }
        self.invalidate_user_orgs(user).await;
        Ok(())
    }

    /// Ends every cached value there is.
    ///
    /// # Errors
    /// As [`Self::invalidate_all_user_caches`].
    pub async fn invalidate_everything(&self) -> Result<()> {
        self.end(vec![EVERYTHING.to_owned()]).await
    }

    async fn end(&self, scopes: Vec<String>) -> Result<()> {
        let position = cache_log::write(self.inner.db.pool(), &scopes).await?;
        self.announce(position, &[]).await;
        Ok(())
    }
}

//! Ending cached values by hand. Mutations do not need this: their triggers and
//! [`Cache::commit`] do it. Operators do, after something bypassed the triggers
//! (docs/runbook.md), and programs that change data of ours in ways of their own.
//!
//! The first four remove single values and log what goes wrong. The others end every
//! value that depends on something, wherever it is and however many there are, by one
//! row in the change log, and return when every node has applied it.

use super::{Cache, keys, query::Scope, stamp::EVERYTHING};
use crate::{
    db::cache_log,
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

    /// Removes what the organization's own pages show: overview and first member page.
    pub async fn invalidate_org_slug(&self, slug: &OrgSlug) {
        let first_page = keys::member_page(slug, &MemberListQuery::default());
        self.remove(&[keys::org_overview(slug), first_page]).await;
    }

    /// Removes the organization's subscription.
    pub async fn invalidate_org_subscription(&self, slug: &OrgSlug) {
        self.remove(&[keys::subscription(slug)]).await;
    }

    /// Ends everything about the user: sessions are read anew, not ended.
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

    /// Ends everything about the organization's members: memberships, lists, totals.
    ///
    /// # Errors
    /// As [`Self::invalidate_all_user_caches`].
    pub async fn invalidate_all_org_members(&self, org: OrgId) -> Result<()> {
        let scopes = [Scope::Org(org), Scope::MemberList(org)];
        self.end(scopes.map(|scope| scope.to_string()).to_vec())
            .await
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

use std::sync::Arc;

use super::Joining;
use crate::{
    access::OrgsOf,
    boxed,
    cache::{CachedQuery, Companions, Key, Scope, keys},
    db::{self, Reader, Stamped},
    domain::{CurrentUser, JoinableOrg, MailDomain, UserId},
    error::Result,
    orgs::DeletedOrgsOf,
    telemetry::SPANS,
};

impl Joining {
    /// The organizations that the user can join by their address. Nobody's, if it is not
    /// verified or at a domain where anybody gets one: then nothing is asked.
    ///
    /// The lists of the user's own organizations, and of those that were deleted, are fetched
    /// along with it, because they are shown on the same page.
    #[tracing::instrument(level = "debug", target = SPANS, name = "joining.list_joinable", skip_all)]
    #[boxed]
    pub async fn list_joinable(&self, user: &CurrentUser) -> Result<Vec<JoinableOrg>> {
        let Some(domain) = domain_of(user) else {
            return Ok(Vec::new());
        };
        let query = JoinableOrgsOf {
            user: user.id,
            domain,
        };
        let (own, deleted) = (OrgsOf { user: user.id }, DeletedOrgsOf { user: user.id });
        let companions = || Companions::default().and(own).and(deleted);
        let found = self.cache.get_with(&query, companions).await?;
        let found: Arc<Vec<JoinableOrg>> = found.unwrap_or_default();
        Ok(found
            .iter()
            .filter(|org| !org.is_deleted)
            .cloned()
            .collect())
    }
}

/// The domain by which the user could join something.
pub(super) fn domain_of(user: &CurrentUser) -> Option<MailDomain> {
    MailDomain::of(&user.email).filter(|domain| user.email_verified && !domain.is_public())
}

/// The organizations that a user could join by an address at a domain, those that were deleted
/// among them.
#[derive(Clone, Debug)]
pub struct JoinableOrgsOf {
    pub user: UserId,
    pub domain: MailDomain,
}

impl CachedQuery for JoinableOrgsOf {
    type Answer = Vec<JoinableOrg>;

    fn key(&self) -> Key {
        keys::joinable_orgs(self.user, &self.domain)
    }

    fn scopes(&self, answer: Option<&Self::Answer>) -> Vec<Scope> {
        let orgs = answer.into_iter().flatten().map(|org| Scope::Org(org.id));
        // Those that the user joins, or asks to join, are logged as the user's.
        [
            Scope::MailDomain(self.domain.clone()),
            Scope::UserOrgs(self.user),
        ]
        .into_iter()
        .chain(orgs)
        .collect()
    }

    async fn load(&self, db: &Reader) -> Result<Stamped<Option<Self::Answer>>> {
        db::org_domains::list_joinable(db, self.user, &self.domain).await
    }
}

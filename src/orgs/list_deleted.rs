use std::sync::Arc;

use super::Orgs;
use crate::{
    boxed,
    cache::{CachedQuery, Key, Scope, keys},
    db::{self, Reader, Stamped},
    domain::{CurrentUser, DeletedOrg, UserId},
    error::Result,
    telemetry::SPANS,
};

impl Orgs {
    /// The deleted organizations that the user owns and can still restore, the one deleted
    /// last at the top.
    #[tracing::instrument(level = "debug", target = SPANS, name = "orgs.list_deleted", skip_all)]
    #[boxed]
    pub async fn list_deleted(&self, user: &CurrentUser) -> Result<Vec<DeletedOrg>> {
        let found = self.cache.get(&DeletedOrgsOf { user: user.id }).await?;
        let mut deleted = found.map(Arc::unwrap_or_clone).unwrap_or_default();
        // That their time is over changes no row before they are purged.
        let first_end = |now| {
            let ends = deleted.iter().map(DeletedOrg::restorable_until);
            ends.filter(|end| now < *end).min()
        };
        let now = self.clock.now_until(first_end);
        deleted.retain(|org| now < org.restorable_until());
        Ok(deleted)
    }
}

/// The deleted organizations that a user owns.
#[derive(Clone, Copy, Debug)]
pub struct DeletedOrgsOf {
    pub user: UserId,
}

impl CachedQuery for DeletedOrgsOf {
    type Answer = Vec<DeletedOrg>;

    fn key(&self) -> Key {
        keys::deleted_orgs(self.user)
    }

    fn scopes(&self, answer: Option<&Self::Answer>) -> Vec<Scope> {
        let orgs = answer.into_iter().flatten().map(|org| Scope::Org(org.id));
        std::iter::once(Scope::UserOrgs(self.user))
            .chain(orgs)
            .collect()
    }

    async fn load(&self, db: &Reader) -> Result<Stamped<Option<Self::Answer>>> {
        db::deleted_orgs::list_of_owner(db, self.user).await
    }
}

use std::sync::Arc;

use super::Orgs;
use crate::{
    access::OrgAccess,
    cache::{CachedQuery, Key, Scope, keys},
    db::{self, Reader, Stamped},
    domain::{OrgOverview, OrgSlug},
    error::{Error, Result},
    telemetry::SPANS,
};

impl Orgs {
    /// What the overview shows beyond the membership. Every member may read it.
    ///
    /// # Errors
    /// [`Error::NotFound`] if the slug does not name the organization any more.
    #[tracing::instrument(level = "debug", target = SPANS, name = "orgs.get_overview", skip_all)]
    pub async fn get_overview(&self, access: &OrgAccess) -> Result<Arc<OrgOverview>> {
        let overview = self
            .cache
            .get(&OverviewOf {
                slug: access.slug().clone(),
            })
            .await?;
        overview
            .filter(|found| found.org_id == access.org_id())
            .ok_or(Error::NotFound)
    }
}

/// What the overview of the organization with this current slug shows.
#[derive(Clone, Debug)]
pub struct OverviewOf {
    pub slug: OrgSlug,
}

impl CachedQuery for OverviewOf {
    type Answer = OrgOverview;

    fn key(&self) -> Key {
        keys::org_overview(&self.slug)
    }

    fn scopes(&self, answer: Option<&Self::Answer>) -> Vec<Scope> {
        let mut scopes = vec![Scope::Slug(self.slug.clone())];
        if let Some(OrgOverview { org_id, .. }) = answer {
            scopes.extend([
                Scope::Org(*org_id),
                Scope::MemberList(*org_id),
                Scope::Activity(*org_id),
            ]);
        }
        scopes
    }

    async fn load(&self, db: &Reader) -> Result<Stamped<Option<Self::Answer>>> {
        db::orgs::find_overview(db, &self.slug).await
    }
}

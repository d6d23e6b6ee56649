use std::sync::Arc;

use super::Orgs;
use crate::{
    access::OrgAccess,
    cache::keys::OrgSlugKey,
    db,
    domain::OrgOverview,
    error::{Error, Result},
};

impl Orgs {
    /// What the overview shows beyond the membership. Every member may read it.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the organization was deleted meanwhile;
    /// [`Error::Unavailable`] when neither cache nor database answer.
    pub async fn get_overview(&self, access: &OrgAccess) -> Result<Arc<OrgOverview>> {
        let org = access.org_id();
        let key = OrgSlugKey {
            slug: access.slug().clone(),
            org,
        };
        self.cache
            .get_or_load(&key, move |reader| async move {
                db::orgs::find_overview(&reader, org).await
            })
            .await?
            .ok_or(Error::NotFound)
    }
}

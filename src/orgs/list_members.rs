use std::sync::Arc;

use super::Orgs;
use crate::{
    access::OrgAccess,
    cache::keys::MemberPageKey,
    db::{self, Stamped},
    domain::{MemberListQuery, MemberRow, Page},
    error::{Error, Result},
};

impl Orgs {
    /// A page of the organization's members. Every member may read it.
    ///
    /// A search goes to the database: what people type hardly repeats, and would
    /// push out of the cache what does.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when neither cache nor database answer.
    pub async fn list_members(
        &self,
        access: &OrgAccess,
        query: &MemberListQuery,
    ) -> Result<Arc<Page<MemberRow>>> {
        let org = access.org_id();
        if !query.search.is_empty() {
            return Ok(Arc::new(
                db::members::list_page(&self.db.reader(), org, query)
                    .await?
                    .value,
            ));
        }
        let query = query.clone();
        let key = MemberPageKey {
            slug: access.slug().clone(),
            org,
            query: query.clone(),
        };
        self.cache
            .get_or_load(&key, move |reader| {
                let query = query.clone();
                async move {
                    let page = db::members::list_page(&reader, org, &query).await?;
                    Ok(Stamped {
                        value: Some(page.value),
                        as_of: page.as_of,
                    })
                }
            })
            .await?
            .ok_or(Error::NotFound)
    }
}

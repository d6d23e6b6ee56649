use super::Joining;
use crate::{
    access::OrgAccess,
    boxed, db,
    domain::{DOMAIN_CODE_LIFETIME, PageNumber, Permission, WaysToJoin},
    error::Result,
    telemetry::SPANS,
};

impl Joining {
    /// The organization's links and domains, and a page of those who ask. Needs
    /// [`Permission::Invite`].
    ///
    /// It is not cached: few look at it, and what they see changes with the time.
    ///
    /// # Errors
    /// [`crate::error::Error::Forbidden`].
    #[tracing::instrument(level = "debug", target = SPANS, name = "joining.list_ways", skip_all)]
    #[boxed]
    pub async fn list_ways(&self, access: &OrgAccess, page: PageNumber) -> Result<WaysToJoin> {
        access.require(Permission::Invite)?;
        let (reader, org, now) = (self.db.reader(), access.org_id(), self.clock.now());
        let mailed_after = now - DOMAIN_CODE_LIFETIME;
        let mut pending = db::org_domains::list_pending(&reader, org, mailed_after).await?;
        for domain in &mut pending {
            domain.expires_at += DOMAIN_CODE_LIFETIME;
        }
        Ok(WaysToJoin {
            links: db::join_links::list_live(&reader, org, now).await?,
            domains: db::org_domains::list(&reader, org).await?,
            pending,
            requests: db::join_requests::list_page(&reader, org, page).await?,
        })
    }
}

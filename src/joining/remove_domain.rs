use super::Joining;
use crate::{
    access::OrgAccess,
    boxed, db,
    domain::{ActivityKind, MailDomain},
    error::{Error, Result},
    telemetry::SPANS,
};

impl Joining {
    /// Gives a domain up. Who is a member stays one. Needs
    /// [`crate::domain::Permission::Invite`].
    ///
    /// # Errors
    /// [`Error::NotFound`] if the domain is not the organization's.
    #[tracing::instrument(level = "debug", target = SPANS, name = "joining.remove_domain", skip_all)]
    #[boxed]
    pub async fn remove_domain(&self, access: &OrgAccess, domain: &MailDomain) -> Result<()> {
        let mut change = self.begin_change(access).await?;
        if !db::org_domains::delete(&mut change.tx, change.id, domain).await? {
            return Err(Error::NotFound);
        }
        change
            .record(ActivityKind::DomainRemoved, domain.as_str(), "")
            .await?;
        self.cache.commit(change.tx, &[]).await
    }
}

use super::Joining;
use crate::{
    access::OrgAccess,
    boxed, db,
    domain::{ActivityKind, DomainPolicy, MailDomain},
    error::{Error, Result},
    telemetry::SPANS,
};

impl Joining {
    /// Decides what people with an address at a domain of the organization can do. Who is a
    /// member stays one, and who has asked goes on waiting. Needs
    /// [`crate::domain::Permission::Invite`].
    ///
    /// # Errors
    /// [`Error::NotFound`] if the domain is not the organization's; [`Error::Conflict`] on the
    /// field `policy` if people of the domain join another organization by themselves.
    #[tracing::instrument(level = "debug", target = SPANS, name = "joining.change_domain_policy", skip_all)]
    #[boxed]
    pub async fn change_domain_policy(
        &self,
        access: &OrgAccess,
        domain: &MailDomain,
        policy: DomainPolicy,
    ) -> Result<()> {
        let mut change = self.begin_change(access).await?;
        let before = db::org_domains::find_policy(&mut change.tx, change.id, domain).await?;
        let before = before.ok_or(Error::NotFound)?;
        if before == policy {
            return Ok(());
        }
        db::org_domains::set_policy(&mut change.tx, change.id, domain, policy).await?;
        let in_words = |policy: DomainPolicy| policy.label().to_lowercase();
        let detail = format!("{} → {}", in_words(before), in_words(policy));
        change
            .record(ActivityKind::DomainPolicyChanged, domain.as_str(), &detail)
            .await?;
        self.cache.commit(change.tx, &[]).await
    }
}

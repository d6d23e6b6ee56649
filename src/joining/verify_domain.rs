use super::Joining;
use crate::{
    access::OrgAccess,
    boxed, db,
    domain::{ActivityKind, DOMAIN_CODE_LIFETIME, Invalid, MailDomain, text},
    error::{Error, Result},
    telemetry::SPANS,
};

/// Guesses at one code.
const MOST_TRIES: i32 = 5;

impl Joining {
    /// Takes the code that was mailed to an address at the domain: it is the organization's
    /// then, and nobody joins by it before that is decided. Needs
    /// [`crate::domain::Permission::Invite`].
    ///
    /// # Errors
    /// [`Error::Invalid`] on the field `code` if it is wrong, too old, used, or was guessed at
    /// five times.
    #[tracing::instrument(level = "debug", target = SPANS, name = "joining.verify_domain", skip_all)]
    #[boxed]
    pub async fn verify_domain(
        &self,
        access: &OrgAccess,
        domain: &MailDomain,
        code: &str,
    ) -> Result<()> {
        let wrong = |message: &str| Error::Invalid(Invalid::new("code", message));
        let now = self.clock.now();
        let mut change = self.begin_change(access).await?;
        let since = now - DOMAIN_CODE_LIFETIME;
        let found = db::org_domains::find_code(&mut change.tx, change.id, domain, since).await?;
        let Some(mailed) = found.filter(|mailed| mailed.tries < MOST_TRIES) else {
            return Err(wrong(
                "There is no code for this domain that still works. Have another one mailed.",
            ));
        };
        db::org_domains::count_try(&mut change.tx, mailed.id).await?;
        let code: String = text::trimmed(code).split_whitespace().collect();
        if !self.codes.verify(change.id, domain, &code, &mailed.hash) {
            // The guess counts, and nothing else was done.
            change.tx.commit_unannounced().await?;
            return Err(wrong("This is not the code that was mailed. Check it."));
        }
        db::org_domains::use_code(&mut change.tx, mailed.id, now).await?;
        let (org, user) = (change.id, change.actor.user_id);
        let policy = db::org_domains::find_policy(&mut change.tx, org, domain).await?;
        if policy.is_none() {
            db::org_domains::insert(&mut change.tx, org, domain, user, now).await?;
            change
                .record(ActivityKind::DomainVerified, domain.as_str(), "")
                .await?;
        }
        self.cache.commit(change.tx, &[]).await
    }
}

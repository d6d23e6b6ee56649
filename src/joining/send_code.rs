use time::Duration;

use super::{Joining, letters};
use crate::{
    access::OrgAccess,
    boxed,
    db::{
        self,
        org_domains::{MailedCodes, NewCode},
    },
    domain::{DOMAIN_CODE_LIFETIME, Email, Invalid, MAX_ORG_DOMAINS, MailDomain, Permission},
    error::{Error, Result},
    telemetry::SPANS,
};

/// Codes that are mailed in a day: for an organization, at the wish of one user, and to one
/// address. Whoever has mistyped asks again, and whoever guesses gets nowhere: of a million
/// codes, fifty can be tried.
const PER_DAY: i64 = 10;
const PER_ADDRESS: i64 = 3;

impl Joining {
    /// Mails a code to an address, which shows that its domain belongs to the organization to
    /// whoever enters it. It ends the code before for the same domain. Needs
    /// [`crate::domain::Permission::Invite`].
    ///
    /// # Errors
    /// [`Error::Invalid`] on the field `email` if anybody can get an address there;
    /// [`Error::Conflict`] on it if the domain is verified already; [`Error::LimitReached`].
    #[tracing::instrument(level = "debug", target = SPANS, name = "joining.send_domain_code", skip_all)]
    #[boxed]
    pub async fn send_domain_code(&self, access: &OrgAccess, email: &Email) -> Result<MailDomain> {
        access.require(Permission::Invite)?;
        let invalid = |message: &str| Error::Invalid(Invalid::new("email", message));
        let domain = MailDomain::of(email)
            .ok_or_else(|| invalid("Enter an address at a domain, like name@example.com."))?;
        if domain.is_public() {
            return Err(invalid(&format!(
                "Anybody can get an address at {domain}. Enter one at a domain of your own."
            )));
        }
        let now = self.clock.now();
        let mut change = self.begin_change(access).await?;
        let (org, user) = (change.id, change.actor.user_id);
        let policy = db::org_domains::find_policy(&mut change.tx, org, &domain).await?;
        if policy.is_some() {
            return Err(Error::conflict("email", "This domain is verified already."));
        }
        if db::org_domains::count(&mut change.tx, org).await? >= MAX_ORG_DOMAINS {
            return Err(Error::LimitReached(format!(
                "An organization can have {MAX_ORG_DOMAINS} domains. Remove one, then try again."
            )));
        }
        let since = now - Duration::DAY;
        let mailed = db::org_domains::count_codes(&mut change.tx, org, user, email, since).await?;
        within_limits(&mailed)?;

        let (code, hash) = self.codes.make(org, &domain);
        let new = NewCode {
            org,
            domain: &domain,
            sent_to: email,
            sent_by: user,
            hash: &hash,
            now,
        };
        db::org_domains::insert_code(&mut change.tx, new).await?;
        let letter = letters::domain_code(&change.org.name, &change.actor.name, &domain, &code);
        self.mail
            .post_until(&mut change.tx, email, &letter, now + DOMAIN_CODE_LIFETIME)
            .await?;
        // Nothing cached depends on a code.
        change.tx.commit_unannounced().await?;
        Ok(domain)
    }
}

fn within_limits(mailed: &MailedCodes) -> Result<()> {
    if mailed.of_org < PER_DAY && mailed.by_user < PER_DAY && mailed.to_address < PER_ADDRESS {
        return Ok(());
    }
    Err(Error::LimitReached(
        "Enough codes were mailed for one day. Try again tomorrow, or with another address at \
         the domain."
            .to_owned(),
    ))
}

use super::Joining;
use crate::{
    auth::{LinkToken, SignedIn},
    boxed,
    db::{self, Tx, join_links::OfferedLink},
    domain::{CurrentUser, DECLINED_FOR, JoinOffer, JoinStanding, JoinWay, MailDomain},
    error::{Error, Result},
    telemetry::SPANS,
};

impl Joining {
    /// What a link offers to whoever looks at it, without following it: mail programs and
    /// scanners open links, too.
    ///
    /// # Errors
    /// [`Error::DeadLink`] if it was revoked or used up, has expired, or was never made; and
    /// for somebody who is suspended there.
    #[tracing::instrument(level = "debug", target = SPANS, name = "joining.find_offer", skip_all)]
    #[boxed]
    pub async fn find_offer(
        &self,
        user: Option<&SignedIn>,
        token: &LinkToken,
    ) -> Result<JoinOffer> {
        let now = self.clock.now();
        // Only to read: it is rolled back.
        let mut tx = self.db.begin().await?;
        let link = db::join_links::find_offered(&mut tx, &token.hash(), now).await?;
        let link = link.ok_or(Error::DeadLink)?;
        let standing = match user {
            None => JoinStanding::SignedOut,
            Some(user) => self.standing(&mut tx, user.user(), &link).await?,
        };
        Ok(JoinOffer {
            org_name: link.org_name,
            allowed_domains: link.allowed_domains,
            asks_first: link.asks_first,
            standing,
        })
    }

    async fn standing(
        &self,
        tx: &mut Tx,
        user: &CurrentUser,
        link: &OfferedLink,
    ) -> Result<JoinStanding> {
        let now = self.clock.now();
        match db::members::find_suspension(tx, link.org, user.id).await? {
            Some(true) => return Err(Error::DeadLink),
            Some(false) => return Ok(JoinStanding::Member(link.org_slug.clone())),
            None => {}
        }
        if !user.email_verified {
            return Ok(JoinStanding::Unverified);
        }
        if !is_allowed(&link.allowed_domains, MailDomain::of(&user.email).as_ref()) {
            return Ok(JoinStanding::WrongDomain);
        }
        let way = JoinWay::Link(link.id);
        let asked =
            db::join_requests::find_asked(tx, link.org, user.id, &way, now - DECLINED_FOR).await?;
        if asked.is_open && link.asks_first {
            return Ok(JoinStanding::Asked);
        }
        if asked.was_declined {
            return Ok(JoinStanding::Declined);
        }
        // Whoever asks takes no seat yet.
        if !link.asks_first
            && db::subscriptions::find_seats(tx, link.org, now)
                .await?
                .free()
                < 1
        {
            return Ok(JoinStanding::Full);
        }
        Ok(JoinStanding::Ready)
    }
}

/// Whether somebody with an address at `domain` may follow a link that is for `allowed`.
pub(super) fn is_allowed(allowed: &[MailDomain], domain: Option<&MailDomain>) -> bool {
    allowed.is_empty() || domain.is_some_and(|domain| allowed.contains(domain))
}

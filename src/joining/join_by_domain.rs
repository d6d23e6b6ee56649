use super::{Joining, ask::Asker, follow_link::full_to_strangers};
use crate::{
    auth::SignedIn,
    boxed,
    db::{self, activity::NewActivity},
    domain::{ActivityKind, DomainPolicy, JoinWay, Joined, MailDomain, OrgId},
    error::{Error, Result},
    newcomers::{let_in, outdated_by},
    telemetry::SPANS,
};

impl Joining {
    /// Makes the user a member of an organization that has verified the domain of their
    /// address, or has them ask, as it has decided. Whoever is a member already stays as they
    /// are.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is no such organization, or their address is none that it
    /// lets in, or they are suspended there; [`Error::VerifyFirst`]; [`Error::Conflict`] if
    /// they were declined a short time ago; [`Error::LimitReached`] if there is no seat, or
    /// too many wait for an answer; [`Error::SignedOut`].
    #[tracing::instrument(level = "debug", target = SPANS, name = "joining.join_by_domain", skip_all)]
    #[boxed]
    pub async fn join_by_domain(&self, user: &SignedIn, id: OrgId) -> Result<Joined> {
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        let name = user.hold_verified(&mut tx, now).await?;
        let email = db::users::find_email(&mut tx, user.id).await?;
        let domain = email.as_ref().and_then(MailDomain::of);
        let domain = domain.ok_or(Error::NotFound)?;
        let org = db::orgs::lock(&mut tx, id).await?.ok_or(Error::NotFound)?;
        let policy = db::org_domains::find_policy(&mut tx, id, &domain).await?;
        let policy = policy
            .filter(|policy| *policy != DomainPolicy::Off)
            .ok_or(Error::NotFound)?;
        match db::members::find_suspension(&mut tx, id, user.id).await? {
            Some(true) => return Err(Error::NotFound),
            Some(false) => return Ok(Joined::Member(org.slug)),
            None => {}
        }
        if !policy.lets_join() {
            let (way, asker) = (
                JoinWay::Domain(domain),
                Asker {
                    id: user.id,
                    name: &name,
                },
            );
            self.ask(&mut tx, (id, &org), asker, &way).await?;
            self.cache.commit(tx, &[]).await?;
            return Ok(Joined::Asked);
        }
        let_in(&mut tx, id, user.id, now)
            .await
            .map_err(full_to_strangers)?;
        let activity = NewActivity {
            org: id,
            actor: Some(user.id),
            actor_name: &name,
            kind: ActivityKind::JoinedByDomain,
            subject: domain.as_str(),
            detail: "",
        };
        db::activity::insert(&mut tx, activity).await?;
        self.cache
            .commit(tx, &outdated_by(&org.slug, user.id))
            .await?;
        Ok(Joined::Member(org.slug))
    }
}

use super::letters;
use crate::{
    access::OrgAccess,
    boxed,
    cache::keys,
    db::{self, ownership::Candidate},
    domain::{ActivityKind, Email, Invalid, Permission, Role, ownership::OFFER_LIFE, text},
    error::{Error, Result},
    orgs::Orgs,
    telemetry::SPANS,
};

impl Orgs {
    /// Offers the owner's place to the member with this address, and mails them. Needs
    /// [`Permission::ManageOwners`] and a fresh proof of who one is.
    ///
    /// # Errors
    /// [`Error::Invalid`] on the field `email` if no member has the address, or one who
    /// cannot take it; [`Error::Conflict`] if another offer is waiting;
    /// [`Error::ConfirmFirst`]; [`Error::Forbidden`] without the permission.
    #[tracing::instrument(level = "debug", target = SPANS, name = "orgs.offer_ownership", skip_all)]
    #[boxed]
    pub async fn offer_ownership(&self, access: &OrgAccess, to: &Email) -> Result<()> {
        access.require(Permission::ManageOwners)?;
        let now = self.clock.now();
        let mut change = self.begin_confirmed_change(access).await?;
        if !change.actor.role.may(Permission::ManageOwners) {
            return Err(Error::Forbidden);
        }
        let pending = db::ownership::find_pending(&mut change.tx, change.id, now).await?;
        if let Some(pending) = pending {
            return Err(Error::refused(&format!(
                "Ownership is offered to {} already. Withdraw that offer first.",
                text::isolated(&pending.to_name)
            )));
        }
        let candidate = db::ownership::find_candidate(&mut change.tx, change.id, to).await?;
        let candidate = eligible(candidate)?;
        let between = (change.actor.id, candidate.id);
        let expires_at = now + OFFER_LIFE;
        db::ownership::put(&mut change.tx, change.id, between, now, expires_at).await?;
        change
            .record(ActivityKind::OwnershipOffered, &candidate.name, "")
            .await?;
        let (from, org) = (&change.actor.name, &change.org.name);
        let letter = letters::offered(&candidate.name, from, org, &change.org.slug);
        self.mail
            .post_until(&mut change.tx, &candidate.email, &letter, expires_at)
            .await?;
        let outdated = [keys::org_overview(&change.org.slug)];
        self.cache.commit(change.tx, &outdated).await
    }
}

/// Whoever was found, if they can become an owner.
fn eligible(candidate: Option<Candidate>) -> Result<Candidate, Invalid> {
    let refusal = match &candidate {
        None => "No member of this organization has this address.",
        Some(member) if member.is_suspended => "This member is suspended. Reinstate them first.",
        Some(member) if member.role == Role::Owner => "This member is an owner already.",
        Some(_) => "",
    };
    candidate
        .filter(|_| refusal.is_empty())
        .ok_or_else(|| Invalid::new("email", refusal))
}

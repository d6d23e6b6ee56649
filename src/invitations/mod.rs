//! Inviting people to an organization: one use case per file.
//!
//! An invitation names an address and a role, and takes a seat until it is decided or
//! expires. Its links have 256 random bits each, of which the database has the hash.
//!
//! **What a link proves.** Whoever opens one that was mailed reads that address, but a link
//! can also be copied by an admin and sent in any way. So a link verifies no address: it is
//! accepted by a user who is signed in with the invited address and has verified it by
//! themselves. Without an account at that address a link shows what it is about and can be
//! declined, no more.
//!
//! Everything that adds a member or an invitation holds the organization's row lock and asks
//! `db::subscriptions::find_seats` under it. As in [`crate::orgs`], a write trusts no proof
//! but reads session and role again, and its errors are the same.

mod accept;
mod cancel;
mod check_rows;
mod csv_rows;
mod decline;
mod drafts;
mod find_by_token;
mod invite;
mod invite_many;
mod letters;
mod list;
mod remind;
mod renew_link;
mod resend;
mod send_draft;

use time::{Duration, OffsetDateTime};

pub use invite_many::InvitedMany;

use crate::{
    auth::LinkToken,
    cache::Cache,
    clock::Clock,
    db::{self, Db, invitations::InvitationForChange, invitations::NewInvitation},
    domain::{
        ActivityKind, Email, INVITATION_LIFETIME, InvitationDetails, InvitationId, Permission,
        Role, Seats,
    },
    error::{Error, Result},
    mail::Mail,
    orgs::{Change, Orgs},
};

/// Invitations that an organization can mail in [`A_DAY`]: more than it takes to bring a
/// company in, and little to whoever wants to write to strangers.
const MAILS_PER_DAY: i64 = 500;
const A_DAY: Duration = Duration::DAY;

/// How long to wait until an invitation is mailed again: mail takes a while, and impatience
/// must not fill a mailbox.
const BETWEEN_MAILS: Duration = Duration::MINUTE;

/// The use cases of invitations. Cheap to clone.
#[derive(Clone)]
pub struct Invitations {
    db: Db,
    cache: Cache,
    clock: Clock,
    mail: Mail,
    orgs: Orgs,
}

impl Invitations {
    pub fn new(db: Db, cache: Cache, clock: Clock, mail: Mail, orgs: Orgs) -> Self {
        Self {
            db,
            cache,
            clock,
            mail,
            orgs,
        }
    }

    /// Mails an invitation with a new link, and records it.
    async fn mail_invitation(
        &self,
        change: &mut Change,
        (invitation, kind): (InvitationId, ActivityKind),
        (email, role): (&Email, Role),
        now: OffsetDateTime,
    ) -> Result<()> {
        let token = LinkToken::random();
        db::invitations::insert_token(&mut change.tx, invitation, &token.hash(), now).await?;
        let about = InvitationDetails {
            org_name: change.org.name.clone(),
            invited_by: Some(change.actor.name.clone()),
            email: email.clone(),
            role,
            expires_at: now + INVITATION_LIFETIME,
        };
        let letter = letters::invitation(&about, &token);
        self.mail
            .post_until(&mut change.tx, email, &letter, about.expires_at)
            .await?;
        change.record(kind, email.as_str(), role.as_str()).await
    }

    /// Invites an address, or takes up the invitation that is open, and mails it.
    async fn invite_one(
        &self,
        change: &mut Change,
        email: &Email,
        role: Role,
        now: OffsetDateTime,
    ) -> Result<()> {
        let new = NewInvitation {
            org: change.id,
            email,
            role,
            invited_by: change.actor.user_id,
            now,
            expires_at: now + INVITATION_LIFETIME,
        };
        let id = db::invitations::upsert(&mut change.tx, new).await?;
        self.mail_invitation(
            change,
            (id, ActivityKind::InvitationSent),
            (email, role),
            now,
        )
        .await
    }

    /// Holds the limit on mails, for `more` of them.
    ///
    /// # Errors
    /// [`Error::LimitReached`].
    async fn allow_mails(
        &self,
        change: &mut Change,
        more: usize,
        now: OffsetDateTime,
    ) -> Result<()> {
        let mailed = db::invitations::count_mailed(&mut change.tx, change.id, now - A_DAY).await?;
        if mailed + i64::try_from(more).unwrap_or(i64::MAX) <= MAILS_PER_DAY {
            return Ok(());
        }
        Err(Error::LimitReached(format!(
            "An organization can mail {MAILS_PER_DAY} invitations a day, and this one has mailed \
             {mailed}. Go on tomorrow, or send somebody a link that you copy."
        )))
    }

    /// An invitation of the organization that is open, as somebody who may touch it sees it.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Forbidden`] if it is about an owner, and the actor is
    /// none; [`Error::Conflict`] if it was decided.
    async fn find_open(
        &self,
        change: &mut Change,
        invitation: InvitationId,
        now: OffsetDateTime,
    ) -> Result<InvitationForChange> {
        let (org, tx) = (change.id, &mut change.tx);
        let found = db::invitations::find_in_org(tx, org, invitation, now).await?;
        let found = found.ok_or(Error::NotFound)?;
        if !may_invite(change.actor.role, found.role) {
            return Err(Error::Forbidden);
        }
        if !found.state.is_open() {
            return Err(Error::refused(
                "This invitation is not open any more. To invite this person, send a new one.",
            ));
        }
        Ok(found)
    }
}

/// Whether somebody of this role may offer `role` to others: only owners make owners.
fn may_invite(actor: Role, role: Role) -> bool {
    let offers_ownership = role == Role::Owner;
    actor.may(Permission::Invite) && (!offers_ownership || actor.may(Permission::ManageOwners))
}

/// Why nobody can be invited now, and what to do.
fn no_seat(seats: &Seats) -> Error {
    Error::LimitReached(format!(
        "{} Upgrade the plan or cancel an invitation, then try again.",
        seats.sentence()
    ))
}

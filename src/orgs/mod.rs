//! What users do with organizations: one use case per file.
//!
//! A read takes the proof of membership and answers through the cache. A write takes the
//! same proof and trusts none of it: it reads the actor's session again, locks the
//! organization's row, reads the actor's role again and only then acts, so that nothing a
//! cache holds decides a change. If the session has ended, its error is
//! [`Error::SignedOut`]. It ends with `cache.commit`, which answers when every node has
//! applied the change; whoever was demoted or removed sees it on the next request.

mod bulk;
mod change_logo;
mod change_role;
mod create;
mod delete;
mod delete_old_activity;
mod export_activity;
mod export_members;
mod get_overview;
mod is_slug_free;
mod leave;
mod letters;
mod list_activity;
mod list_deleted;
mod list_former_slugs;
mod list_members;
mod list_mine;
mod ownership;
mod patient_read;
mod purge;
mod reinstate_member;
mod remove_member;
mod require_second_factor;
mod restore;
mod suspend_member;
mod tell;
mod update;

use std::{sync::Arc, time::Duration};

pub use get_overview::OverviewOf;
pub use list_activity::ActivityPageOf;
pub use list_deleted::DeletedOrgsOf;
pub use list_former_slugs::FormerSlugsOf;
pub use list_members::{MemberMarksOf, MemberPageOf, MemberTotalOf};

use crate::{
    access::OrgAccess,
    attempts::{Attempt, Attempts},
    auth::SignedIn,
    billing::Billing,
    cache::Cache,
    clock::Clock,
    config::UserLimits,
    db::{self, Db, Tx, activity::NewActivity, members::MemberForChange, orgs::OrgForChange},
    domain::{ActivityKind, OrgId, Permission, Role, UserId},
    error::{Error, Result},
    mail::Mail,
    pictures::Pictures,
    queue::Queue,
};

/// Questions about slugs that one user may ask in [`A_MINUTE`]: more than somebody asks who
/// is looking for a name. Each answer tells whether there is such an organization, and who
/// asks for thousands is collecting them.
const SLUG_QUESTIONS: u32 = 30;
const A_MINUTE: Duration = Duration::from_secs(60);

/// The use cases of organizations. Cheap to clone.
#[derive(Clone)]
pub struct Orgs {
    db: Db,
    cache: Cache,
    clock: Clock,
    mail: Mail,
    queue: Queue,
    billing: Billing,
    pictures: Pictures,
    limits: UserLimits,
    slug_questions: Arc<Attempts>,
}

/// What the use cases work with.
pub struct Parts {
    pub db: Db,
    pub cache: Cache,
    pub clock: Clock,
    pub mail: Mail,
    pub queue: Queue,
    pub billing: Billing,
    pub pictures: Pictures,
    pub limits: UserLimits,
}

impl Orgs {
    pub fn new(parts: Parts) -> Self {
        Self {
            db: parts.db,
            cache: parts.cache,
            clock: parts.clock,
            mail: parts.mail,
            queue: parts.queue,
            billing: parts.billing,
            pictures: parts.pictures,
            limits: parts.limits,
            slug_questions: Arc::new(Attempts::new(SLUG_QUESTIONS, A_MINUTE)),
        }
    }

    /// Counts a question of `user` about a slug, in whatever form it is asked: a slug that
    /// is refused because it is taken is an answer too.
    ///
    /// # Errors
    /// [`Error::RateLimited`].
    fn ask_about_slug(&self, user: UserId) -> Result<Attempt> {
        self.slug_questions.begin(user, self.clock.now())
    }

    /// Begins a write by `actor`, whose session cannot end before it does; and the name
    /// they have now.
    ///
    /// # Errors
    /// [`Error::SignedOut`] if the session has ended.
    async fn begin(&self, actor: &SignedIn) -> Result<(Tx, String)> {
        let mut tx = self.db.begin().await?;
        let name = actor.hold(&mut tx, self.clock.now()).await?;
        Ok((tx, name))
    }

    /// Begins a change of an organization: takes its row lock, then reads who acts.
    ///
    /// # Errors
    /// [`Error::NotFound`] if the organization is gone by now, or the actor's access to it;
    /// [`Error::SignedOut`].
    pub(crate) async fn begin_change(&self, access: &OrgAccess) -> Result<Change> {
        let (tx, _name) = self.begin(access.signed_in()).await?;
        self.lock(tx, access).await
    }

    /// The same for what somebody at an unlocked screen must not do.
    ///
    /// # Errors
    /// [`Error::ConfirmFirst`] if the last proof of who the actor is has gone stale; as
    /// [`Self::begin_change`].
    pub(crate) async fn begin_confirmed_change(&self, access: &OrgAccess) -> Result<Change> {
        let mut tx = self.db.begin().await?;
        let now = self.clock.now();
        access.signed_in().hold_confirmed(&mut tx, now).await?;
        self.lock(tx, access).await
    }

    /// Only whether the proof is fresh: for what looks at much before it begins.
    async fn require_confirmed(&self, access: &OrgAccess) -> Result<()> {
        let mut tx = self.db.begin().await?;
        let now = self.clock.now();
        access.signed_in().hold_confirmed(&mut tx, now).await?;
        tx.commit_unannounced().await
    }

    /// Locks the organization's row in `tx`, then reads who acts.
    async fn lock(&self, mut tx: Tx, access: &OrgAccess) -> Result<Change> {
        let id = access.org_id();
        let org = db::orgs::lock(&mut tx, id).await?.ok_or(Error::NotFound)?;
        let now = self.clock.now();
        let actor = db::members::find_actor(&mut tx, id, access.user().id, now).await?;
        Ok(Change {
            tx,
            id,
            org,
            actor: actor.ok_or(Error::NotFound)?,
        })
    }
}

/// A transaction that holds an organization's row lock, and what it found there.
pub(crate) struct Change {
    pub(crate) tx: Tx,
    pub(crate) id: OrgId,
    /// The organization as it was when the lock was taken.
    pub(crate) org: OrgForChange,
    /// Who acts, with the role they have now.
    pub(crate) actor: MemberForChange,
}

impl Change {
    /// # Errors
    /// [`Error::Forbidden`] if the actor's role, as it is now, does not have the permission.
    fn require(&self, permission: Permission) -> Result<()> {
        if self.actor.role.may(permission) {
            Ok(())
        } else {
            Err(Error::Forbidden)
        }
    }

    /// Writes the actor's deed into the audit log.
    pub(crate) async fn record(
        &mut self,
        kind: ActivityKind,
        subject: &str,
        detail: &str,
    ) -> Result<()> {
        let (actor, actor_name) = (Some(self.actor.user_id), self.actor.name.as_str());
        let activity = NewActivity {
            org: self.id,
            actor,
            actor_name,
            kind,
            subject,
            detail,
        };
        db::activity::insert(&mut self.tx, activity).await
    }

    /// Holds the rule that an organization always has an owner: refuses to let `member`
    /// stop being one if nobody else is.
    async fn keep_an_owner(&mut self, member: &MemberForChange) -> Result<()> {
        let is_safe = member.role != Role::Owner
            || db::members::has_another_owner(&mut self.tx, self.id, member.id).await?;
        if is_safe {
            return Ok(());
        }
        Err(Error::refused(
            "An organization needs an owner. Make somebody else an owner first, then try again.",
        ))
    }
}

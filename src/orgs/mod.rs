//! What users do with organizations: one use case per file.
//!
//! A read takes the proof of membership and answers through the cache. A write takes the
//! same proof and trusts none of it: it locks the organization's row, reads the actor's
//! role again and only then acts, so that nothing a cache holds decides a change. It ends
//! with `cache.commit`, which answers when every node has applied the change; whoever was
//! demoted or removed sees it on the next request.

mod change_role;
mod create;
mod get_overview;
mod is_slug_free;
mod leave;
mod list_members;
mod list_mine;
mod remove_member;
mod update;

pub use get_overview::OverviewOf;
pub use list_members::MemberPageOf;

use crate::{
    access::OrgAccess,
    cache::Cache,
    db::{self, Db, Tx, activity::NewActivity, members::MemberForChange, orgs::OrgForChange},
    domain::{ActivityKind, OrgId, Role},
    error::{Error, Result},
};

/// The use cases of organizations. Cheap to clone.
#[derive(Clone)]
pub struct Orgs {
    db: Db,
    cache: Cache,
}

impl Orgs {
    pub fn new(db: Db, cache: Cache) -> Self {
        Self { db, cache }
    }

    /// Begins a change of an organization: takes its row lock, then reads who acts.
    ///
    /// # Errors
    /// [`Error::NotFound`] if the organization or the actor's membership is gone by now.
    async fn begin_change(&self, access: &OrgAccess) -> Result<Change> {
        let mut tx = self.db.begin().await?;
        let id = access.org_id();
        let org = db::orgs::lock(&mut tx, id).await?.ok_or(Error::NotFound)?;
        let actor = db::members::find_actor(&mut tx, id, access.user().id).await?;
        Ok(Change {
            tx,
            id,
            org,
            actor: actor.ok_or(Error::NotFound)?,
        })
    }
}

/// A transaction that holds an organization's row lock, and what it found there.
struct Change {
    tx: Tx,
    id: OrgId,
    /// The organization as it was when the lock was taken.
    org: OrgForChange,
    /// Who acts, with the role they have now.
    actor: MemberForChange,
}

impl Change {
    /// Writes the actor's deed into the audit log.
    async fn record(&mut self, kind: ActivityKind, subject: &str, detail: &str) -> Result<()> {
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

//! What people do with organizations: one use case a file.
//!
//! A read takes the proof of membership and answers through the cache. A write
//! takes the same proof and believes none of it: it locks the organization's
//! row, reads the actor's role again and only then acts, so that nothing a cache
//! holds decides a change. After its commit it waits until every node has
//! applied it; whoever was demoted or removed sees it on the next request.

mod change_role;
mod create;
mod get_overview;
mod is_slug_free;
mod leave;
mod list_members;
mod list_mine;
mod remove_member;
mod update;

use crate::{
    access::OrgAccess,
    cache::Cache,
    db::{self, Db, Tx, members::MemberForChange, orgs::OrgForChange},
    domain::{OrgId, Role},
    error::{Error, Result},
};

/// The use cases of organizations. Cheap to clone.
#[derive(Clone)]
pub struct Orgs {
    db: Db,
    cache: Cache,
}

impl Orgs {
    /// The use cases over this database and cache.
    pub fn new(db: Db, cache: Cache) -> Self {
        Self { db, cache }
    }

    /// Begins a change of an organization: takes its row lock, then reads who acts.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the organization or the actor's membership is gone
    /// meanwhile.
    async fn begin_change(&self, access: &OrgAccess) -> Result<Locked> {
        let mut tx = self.db.begin().await?;
        let org = db::orgs::lock(&mut tx, access.org_id())
            .await?
            .ok_or(Error::NotFound)?;
        let actor = db::members::find_actor(&mut tx, access.org_id(), access.user().id)
            .await?
            .ok_or(Error::NotFound)?;
        Ok(Locked { tx, org, actor })
    }
}

/// A transaction that holds an organization's row lock, and what it found there.
struct Locked {
    tx: Tx,
    /// The organization as it is now.
    org: OrgForChange,
    /// Who acts, with the role they have now.
    actor: MemberForChange,
}

/// Holds the rule that an organization always has an owner: refuses to let
/// `member` stop being one if nobody else is. Sound only under the row lock.
async fn keep_an_owner(tx: &mut Tx, org: OrgId, member: &MemberForChange) -> Result<()> {
    if member.role != Role::Owner || db::members::has_another_owner(tx, org, member.id).await? {
        return Ok(());
    }
    Err(Error::conflict(
        "",
        "An organization needs an owner. Make somebody else an owner first, then try again.",
    ))
}

//! Joining an organization without work for its admins: one use case per file.
//!
//! **Links** let in whoever has one, within what its maker has set. **Domains** let in whoever
//! has verified an address at one that the organization has shown to be its own, by a code
//! mailed there. Either can have people ask first: **requests** are answered by those who may
//! invite.
//!
//! **What a domain proves.** That somebody reads one mailbox there, and no more: whoever works
//! at a company can verify its domain for an organization of their own. So several
//! organizations may verify the same domain, none learns of another, and people choose among
//! them. Only one at a time can have them join by themselves ([`crate::newcomers`]), and then
//! they are told by mail. Of domains where anybody gets an address none can be verified.
//!
//! Whoever joins becomes a member and nothing more. All of it holds the organization's row
//! lock and asks for a seat under it ([`crate::newcomers::let_in`]). Somebody who is suspended
//! is told what a stranger with a dead link is told. To keep somebody out, suspend them:
//! whoever was removed can come back by any way that is open to everybody.
//!
//! As in [`crate::orgs`], a write trusts no proof but reads session and role again, and its
//! errors are the same.

mod accept_request;
mod ask;
mod change_policy;
mod codes;
mod decline_request;
mod find_offer;
mod follow_link;
mod join_by_domain;
mod letters;
mod list_joinable;
mod list_ways;
mod make_link;
mod notices;
mod remove_domain;
mod revoke_link;
mod send_code;
mod verify_domain;

pub use list_joinable::JoinableOrgsOf;

use time::Duration;

use crate::{
    access::OrgAccess,
    cache::Cache,
    clock::Clock,
    config::Config,
    db::{self, Db},
    domain::{DECLINED_FOR, Permission},
    error::{Error, Result},
    mail::Mail,
    orgs::{Change, Orgs},
};
use codes::Codes;

/// How many declined requests and codes one statement forgets.
const DELETE_BATCH: i64 = 1_000;

/// The use cases of joining. Cheap to clone.
#[derive(Clone)]
pub struct Joining {
    db: Db,
    cache: Cache,
    clock: Clock,
    mail: Mail,
    orgs: Orgs,
    codes: Codes,
}

impl Joining {
    pub fn new(
        db: Db,
        cache: Cache,
        clock: Clock,
        mail: Mail,
        orgs: Orgs,
        config: &Config,
    ) -> Self {
        Self {
            db,
            cache,
            clock,
            mail,
            orgs,
            codes: Codes::new(&config.factor_keys),
        }
    }

    /// Begins a change by somebody who may let others in.
    ///
    /// # Errors
    /// [`Error::Forbidden`] if their role is another one by now.
    async fn begin_change(&self, access: &OrgAccess) -> Result<Change> {
        access.require(Permission::Invite)?;
        let change = self.orgs.begin_change(access).await?;
        if !change.actor.role.may(Permission::Invite) {
            return Err(Error::Forbidden);
        }
        Ok(change)
    }

    /// Forgets codes of yesterday and whoever may ask again, and says how many.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the database does not answer.
    pub async fn delete_old(&self) -> Result<u64> {
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        let mut total = db::org_domains::delete_codes(&mut tx, now - Duration::DAY).await?;
        tx.commit_unannounced().await?;
        loop {
            let mut tx = self.db.begin().await?;
            let before = now - DECLINED_FOR;
            let deleted = db::join_requests::delete_declined(&mut tx, before, DELETE_BATCH).await?;
            // No page shows who was declined.
            tx.commit_unannounced().await?;
            total += deleted;
            if deleted < DELETE_BATCH.unsigned_abs() {
                return Ok(total);
            }
        }
    }
}

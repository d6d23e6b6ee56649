//! Changing many members at once: everybody whom a list finds gets a role, is suspended or is
//! removed.
//!
//! Thousands of members are too many for a request, and for one transaction, in which nobody
//! else could change anything of the organization. So whoever asks sees first who is meant
//! ([`preview`]); when they confirm it, all who are meant are noted ([`begin`]), and a job works
//! them off ([`run`]), [`STEP`] at a time. Each step is a transaction of its own, under the
//! organization's row lock, and does all that a single change does: it asks again for the right
//! of whoever asked, decides about each member by what they are now, leaves an entry in the
//! audit log for each, and ends by the announced commit.
//!
//! The outcome of each member, the next step's job and the end of this one's are in the same
//! transaction. So a node that dies leaves whole members only, and whoever goes on changes nobody
//! twice. Cancelling is ending it under the same lock ([`cancel`]): no step is half done then,
//! and the next finds that it has ended.
//!
//! For [`UNDO_FOR`] after its end a change can be taken back ([`undo`]), by the same steps in the
//! other direction. Whoever is not as the change left them by then stays as they are.
//!
//! [`UNDO_FOR`]: crate::domain::UNDO_FOR

mod begin;
mod cancel;
mod get;
mod letters;
mod preview;
mod run;
mod undo;

use serde::{Deserialize, Serialize};
use time::Duration;

use super::Orgs;
use crate::{
    db::{self, Tx, bulk_changes::Way},
    domain::{BulkChangeId, OrgId},
    error::{Error, Result},
    queue::{Job, Kind},
};

/// The kind of the job.
const CHANGE_MEMBERS: &str = "orgs.change_members";

/// Members of one step. Each is two scopes of a cached value, and one statement that changes
/// more than 256 ends those of everybody (`cache_log_write`).
const STEP: i64 = 100;

/// How long is kept what became of a change.
const KEPT: Duration = Duration::days(7);

/// Changes that one statement forgets, with all their members.
const FORGOTTEN_AT_ONCE: i64 = 5;

/// What a job is to do.
#[derive(Debug, Serialize, Deserialize)]
struct Step {
    org: OrgId,
    change: BulkChangeId,
    way: Way,
    /// The position behind which to go on.
    after: i32,
}

impl Orgs {
    async fn queue_step(&self, tx: &mut Tx, step: &Step) -> Result<()> {
        let now = self.clock.now();
        self.queue.push(tx, CHANGE_MEMBERS, step, now, None).await?;
        Ok(())
    }

    pub(super) fn bulk_kind(&self) -> Kind {
        let orgs = self.clone();
        let work = move |job: Job| {
            let orgs = orgs.clone();
            async move { orgs.take_step(&job).await }
        };
        Kind::new(CHANGE_MEMBERS, work).places(2)
    }

    /// Forgets changes that ended more than a week ago, and says how many.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the database does not answer.
    pub(crate) async fn delete_old_bulk_changes(&self) -> Result<u64> {
        let before = self.clock.now() - KEPT;
        let mut total = 0;
        loop {
            let mut tx = self.db.begin().await?;
            let deleted =
                db::bulk_changes::delete_before(&mut tx, before, FORGOTTEN_AT_ONCE).await?;
            tx.commit_unannounced().await?;
            total += deleted;
            if deleted < FORGOTTEN_AT_ONCE.unsigned_abs() {
                return Ok(total);
            }
        }
    }
}

fn too_many() -> Error {
    Error::refused(
        "At most 10,000 members can be changed at once. Filter the list, or search it, and do \
         them in parts.",
    )
}

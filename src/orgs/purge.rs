use time::{Duration, OffsetDateTime};

use super::Orgs;
use crate::{
    boxed,
    db::{self, Tx},
    domain::{OrgId, RESTORABLE_FOR},
    error::{Result, chain},
    telemetry::SPANS,
};

/// How much longer than it can be restored an organization is kept: the clocks of nodes
/// differ.
const MARGIN: Duration = Duration::hours(1);

/// Rows that one transaction removes: far from what the limit on a statement allows.
const BATCH: i64 = 1_000;

impl Orgs {
    /// Removes for good what was deleted and cannot be restored any more, and says how many
    /// organizations that were. A subscription that came about after the deletion (a checkout
    /// that was open then) is cancelled first; if Stripe does not answer, the organization
    /// stays until the next time.
    ///
    /// # Errors
    /// [`crate::error::Error::Unavailable`] if the database does not answer. What was removed
    /// until then stays removed, and the next time goes on from there.
    #[tracing::instrument(level = "debug", target = SPANS, name = "orgs.purge_deleted", skip_all)]
    #[boxed]
    pub async fn purge_deleted(&self) -> Result<u64> {
        let deleted_before = self.clock.now() - RESTORABLE_FOR - MARGIN;
        let (mut removed, mut after) = (0, None);
        loop {
            let reader = self.db.reader();
            let next = db::deleted_orgs::find_next(&reader, deleted_before, after).await?;
            let Some(org) = next else {
                return Ok(removed);
            };
            after = Some(org);
            if let Err(error) = self.billing.end_subscription(org).await {
                let error = chain(&error);
                tracing::warn!(org.id = %org, error, "an organization is not removed yet: its subscription could not be cancelled");
                continue;
            }
            removed += u64::from(self.purge(org, deleted_before).await?);
        }
    }

    /// Removes members and invitations in batches, each in a transaction of its own, and then
    /// the rest with the organization. (The audit log is of the rest: the server's role has no
    /// right to delete from it but by that, which may take a while.) `false`: it was gone, or
    /// restored.
    async fn purge(&self, org: OrgId, deleted_before: OffsetDateTime) -> Result<bool> {
        loop {
            let mut tx = self.db.begin().await?;
            if !db::deleted_orgs::lock(&mut tx, org, deleted_before).await? {
                return Ok(false);
            }
            let is_last = delete_some(&mut tx, org).await? == 0;
            if is_last {
                db::orgs::delete(&mut tx, org).await?;
            }
            self.cache.commit(tx, &[]).await?;
            if is_last {
                return Ok(true);
            }
        }
    }
}

async fn delete_some(tx: &mut Tx, org: OrgId) -> Result<u64> {
    let mut deleted = db::deleted_orgs::delete_members(tx, org, BATCH).await?;
    if deleted == 0 {
        deleted = db::deleted_orgs::delete_invitations(tx, org, BATCH).await?;
    }
    Ok(deleted)
}

use time::Duration;

use super::{Joining, letters};
use crate::{
    boxed,
    db::{self, Tx, orgs::OrgForChange},
    domain::OrgId,
    error::Result,
    telemetry::SPANS,
};

/// Those who answer are mailed at most so often, however many ask.
const BETWEEN_NOTICES: Duration = Duration::DAY;

/// Owners and admins who are mailed.
const MOST_MAILED: i64 = 20;

/// Organizations that one run looks after.
const BATCH: i64 = 100;

impl Joining {
    /// Mails owners and admins that people wait for an answer, unless they were mailed less
    /// than a day ago. The caller holds the organization's row lock.
    pub(super) async fn notify(&self, tx: &mut Tx, id: OrgId, org: &OrgForChange) -> Result<bool> {
        let now = self.clock.now();
        if !db::join_requests::take_notice(tx, id, now, now - BETWEEN_NOTICES).await? {
            return Ok(false);
        }
        for answerer in db::join_requests::list_answerers(tx, id, MOST_MAILED).await? {
            let letter = letters::somebody_asks(&answerer.name, org);
            self.mail.post(tx, &answerer.email, &letter).await?;
        }
        Ok(true)
    }

    /// Mails those who have not heard of somebody who asked later than their last mail, and
    /// says how many organizations there were.
    ///
    /// # Errors
    /// [`crate::error::Error::Unavailable`] if the database does not answer.
    #[tracing::instrument(level = "debug", target = SPANS, name = "joining.send_notices", skip_all)]
    #[boxed]
    pub async fn send_notices(&self) -> Result<u64> {
        let since = self.clock.now() - BETWEEN_NOTICES;
        let due = db::join_requests::list_to_notify(&self.db.reader(), since, BATCH).await?;
        let mut sent = 0;
        for id in due {
            let mut tx = self.db.begin().await?;
            let Some(org) = db::orgs::lock(&mut tx, id).await? else {
                continue;
            };
            sent += u64::from(self.notify(&mut tx, id, &org).await?);
            // Nothing cached depends on what was mailed.
            tx.commit_unannounced().await?;
        }
        Ok(sent)
    }
}

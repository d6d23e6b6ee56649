use time::{UtcOffset, format_description::well_known::Rfc3339};

use super::Orgs;
use crate::{
    access::OrgAccess,
    boxed,
    csv_file::{BYTE_ORDER_MARK, CsvLines, CsvPiece},
    db,
    domain::{ActivityEntry, ActivityListQuery, ActivityPosition, Permission},
    error::Result,
    telemetry::SPANS,
};

/// Entries that are read, and held, at a time.
const BATCH: usize = 500;

const HEADINGS: [&str; 6] = ["time", "who", "what", "subject", "detail", "address"];

impl Orgs {
    /// The next piece of a file with the part of the audit log that `query` asks for, newest
    /// first. It takes [`Permission::ReadActivity`], for each piece anew.
    ///
    /// A file is as long as the log, so it is made piece by piece as it is taken. Each piece is
    /// a heavy read of its own: whoever takes their time keeps no connection waiting.
    ///
    /// # Errors
    /// [`crate::error::Error::Forbidden`]; [`crate::error::Error::TooManyAtOnce`] and
    /// [`crate::error::Error::Busy`] if there was no place for several seconds.
    #[tracing::instrument(level = "debug", target = SPANS, name = "orgs.export_activity", skip_all)]
    #[boxed]
    pub async fn export_activity(
        &self,
        access: &OrgAccess,
        query: &ActivityListQuery,
    ) -> Result<CsvPiece<ActivityListQuery>> {
        access.require(Permission::ReadActivity)?;
        let mut entries = self.next_entries(access, query).await?;
        let is_last = entries.len() <= BATCH;
        entries.truncate(BATCH);
        let end = entries.last().map(ActivityPosition::of);
        Ok(CsvPiece {
            lines: lines(&entries),
            next: end.filter(|_| !is_last).map(|end| query.before(Some(end))),
        })
    }

    /// What such a file begins with.
    pub fn head_of_activity_export(&self) -> Vec<u8> {
        let mut headings = CsvLines::default();
        headings.push(HEADINGS);
        [BYTE_ORDER_MARK, &headings.into_bytes()].concat()
    }

    async fn next_entries(
        &self,
        access: &OrgAccess,
        query: &ActivityListQuery,
    ) -> Result<Vec<ActivityEntry>> {
        let org = access.org_id();
        let read = |reader| {
            let query = query.clone();
            async move {
                let limit = i64::try_from(BATCH).unwrap_or(i64::MAX) + 1;
                db::activity::list(&reader, org, &query, limit).await
            }
        };
        self.patient_read(access.user().id, read).await
    }
}

fn lines(entries: &[ActivityEntry]) -> Vec<u8> {
    let mut lines = CsvLines::default();
    for ActivityEntry { activity, address } in entries {
        let at = activity.at.to_offset(UtcOffset::UTC);
        let at = at
            .format(&Rfc3339)
            .expect("dates here are between the years 0 and 9999");
        lines.push([
            at.as_str(),
            &activity.actor,
            activity.kind.as_str(),
            &activity.subject,
            &activity.detail,
            address.as_deref().unwrap_or_default(),
        ]);
    }
    lines.into_bytes()
}

use time::{OffsetDateTime, UtcOffset, format_description::well_known::Rfc3339};

use super::Orgs;
use crate::{
    access::OrgAccess,
    boxed,
    cache::keys,
    csv_file::{BYTE_ORDER_MARK, CsvLines, CsvPiece},
    db::{self, member_export::ExportedMember},
    domain::{ActivityKind, MemberExport, MemberListQuery, Permission},
    error::Result,
    routes,
    telemetry::SPANS,
};

/// Members that are read, and held, at a time.
const BATCH: usize = 500;

const HEADINGS: [&str; 7] = [
    "name",
    "e-mail",
    "role",
    "status",
    "joined",
    "last active",
    "second factor",
];

impl Orgs {
    /// Begins a file with all members of the list that `query` asks for, in its order, whatever
    /// its page: notes in the audit log who takes it away, and returns its first line and what
    /// to ask for next. Needs [`Permission::ExportMembers`].
    ///
    /// # Errors
    /// [`crate::error::Error::Forbidden`]; [`crate::error::Error::NotFound`] if organization or
    /// membership are gone by now.
    #[tracing::instrument(level = "debug", target = SPANS, name = "orgs.begin_member_export", skip_all)]
    #[boxed]
    pub async fn begin_member_export(
        &self,
        access: &OrgAccess,
        query: &MemberListQuery,
    ) -> Result<(Vec<u8>, MemberExport)> {
        access.require(Permission::ExportMembers)?;
        let mut change = self.begin_change(access).await?;
        change.require(Permission::ExportMembers)?;
        let query = query
            .at_page(Default::default())
            .for_reader(change.actor.role);
        let asked = routes::with_query(String::new(), &query.to_params());
        let detail = asked.trim_start_matches('?');
        change
            .record(ActivityKind::MembersExported, "", detail)
            .await?;
        let outdated = [keys::activity_page(&change.org.slug)];
        self.cache.commit(change.tx, &outdated).await?;
        let mut headings = CsvLines::default();
        headings.push(HEADINGS);
        let head = [BYTE_ORDER_MARK, &headings.into_bytes()].concat();
        Ok((head, MemberExport { query, after: None }))
    }

    /// The next piece of such a file. It takes the right for each piece anew.
    ///
    /// # Errors
    /// As [`Self::export_activity`].
    #[tracing::instrument(level = "debug", target = SPANS, name = "orgs.export_members", skip_all)]
    #[boxed]
    pub async fn export_members(
        &self,
        access: &OrgAccess,
        export: &MemberExport,
    ) -> Result<CsvPiece<MemberExport>> {
        access.require(Permission::ExportMembers)?;
        let org = access.org_id();
        let read = |reader| {
            let MemberExport { query, after } = export.clone();
            async move {
                let limit = i64::try_from(BATCH).unwrap_or(i64::MAX) + 1;
                db::member_export::list(&reader, org, &query, after.as_ref(), limit).await
            }
        };
        let mut members = self.patient_read(access.user().id, read).await?;
        let is_last = members.len() <= BATCH;
        members.truncate(BATCH);
        let after = members.last().map(|member| member.place(export.query.sort));
        let next = MemberExport {
            query: export.query.clone(),
            after,
        };
        Ok(CsvPiece {
            lines: lines(&members),
            next: (!is_last).then_some(next),
        })
    }
}

fn lines(members: &[ExportedMember]) -> Vec<u8> {
    let mut lines = CsvLines::default();
    for member in members {
        let joined = moment(member.joined_at);
        let last_active = member.last_active_at.map(moment);
        let has_second_factor = if member.has_second_factor {
            "yes"
        } else {
            "no"
        };
        let status = if member.suspended_at.is_some() {
            "suspended"
        } else {
            "active"
        };
        lines.push([
            member.name.as_str(),
            &member.email,
            member.role.as_str(),
            status,
            &joined,
            last_active.as_deref().unwrap_or_default(),
            has_second_factor,
        ]);
    }
    lines.into_bytes()
}

fn moment(at: OffsetDateTime) -> String {
    at.to_offset(UtcOffset::UTC)
        .format(&Rfc3339)
        .expect("dates here are between the years 0 and 9999")
}

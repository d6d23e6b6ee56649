use time::{OffsetDateTime, UtcOffset, format_description::well_known::Rfc3339};

use super::Orgs;
use crate::{
    access::OrgAccess,
    boxed,
    cache::keys,
    csv_file::{BYTE_ORDER_MARK, CsvLines, CsvPiece},
    db::{self, members::Known},
    domain::{
        ActivityKind, ListFrom, MemberListQuery, MemberRow, PageNumber, PageSize, Permission,
    },
    error::{Error, Result},
    routes,
    telemetry::SPANS,
};

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
    /// its page: notes in the audit log who takes it away, and returns its first line and the
    /// first page to ask for. Needs [`Permission::ExportMembers`].
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
    ) -> Result<(Vec<u8>, MemberListQuery)> {
        access.require(Permission::ExportMembers)?;
        let mut change = self.begin_change(access).await?;
        change.require(Permission::ExportMembers)?;
        let query = query
            .at_page(PageNumber::FIRST)
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
        Ok((head, query.with_size(PageSize::OF_FILE)))
    }

    /// The next piece of such a file, a page of the list, which is not cached. It takes the right
    /// for each piece anew.
    ///
    /// # Errors
    /// As [`Self::export_activity`]; [`Error::NotFound`] if the slug does not name the
    /// organization any more.
    #[tracing::instrument(level = "debug", target = SPANS, name = "orgs.export_members", skip_all)]
    #[boxed]
    pub async fn export_members(
        &self,
        access: &OrgAccess,
        query: &MemberListQuery,
    ) -> Result<CsvPiece<MemberListQuery>> {
        access.require(Permission::ExportMembers)?;
        let read = |reader| {
            let (slug, query) = (access.slug().clone(), query.clone());
            async move { db::members::list_page(&reader, &slug, &query, &Known::default()).await }
        };
        let found = self.patient_read(access.user().id, read).await?.value;
        let found = found.filter(|found| found.org_id == access.org_id());
        let found = found.ok_or(Error::NotFound)?;
        let next = |place| query.from_place(PageNumber::FIRST, ListFrom::After(place));
        Ok(CsvPiece {
            lines: lines(&found.page.rows),
            next: found.after.map(next),
        })
    }
}

fn lines(members: &[MemberRow]) -> Vec<u8> {
    let mut lines = CsvLines::default();
    for member in members {
        let joined = moment(member.joined_at);
        let last_active = member.last_active_at.map(moment);
        let has_second_factor = match member.has_second_factor {
            Some(true) => "yes",
            Some(false) => "no",
            None => "",
        };
        lines.push([
            member.name.as_str(),
            &member.email,
            member.role.as_str(),
            member.status().as_str(),
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

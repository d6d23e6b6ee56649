//! The list of an organization's invitations, page by page.

use time::OffsetDateTime;

use crate::{
    boxed,
    db::Reader,
    domain::{
        COUNT_CAP, Email, InvitationId, InvitationListQuery, InvitationPage, InvitationRow,
        InvitationState, OrgId, PAGE_SIZE, Page, PageSize, Role,
    },
    error::Result,
    telemetry::SPANS,
};

/// One row of a page. Of an empty page there is one row, in which only the total is set.
struct Row {
    total: i64,
    id: Option<InvitationId>,
    email: Option<Email>,
    role: Option<Role>,
    invited_by: Option<String>,
    sent_at: Option<OffsetDateTime>,
    expires_at: Option<OffsetDateTime>,
}

impl Row {
    fn invitation(self, state: InvitationState) -> Option<InvitationRow> {
        Some(InvitationRow {
            id: self.id?,
            email: self.email?,
            role: self.role?,
            state,
            invited_by: self.invited_by,
            sent_at: self.sent_at?,
            expires_at: self.expires_at?,
        })
    }
}

/// A page of the organization's invitations in one state, newest first, by
/// `invitation_list_idx`; a search reads all of them.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.invitations.list_page", skip_all)]
#[boxed]
pub async fn list_page(
    reader: &Reader,
    org: OrgId,
    query: &InvitationListQuery,
    now: OffsetDateTime,
) -> Result<InvitationPage> {
    let stored = match query.state {
        InvitationState::Expired => InvitationState::Pending,
        state => state,
    };
    let is_expired = match query.state {
        InvitationState::Pending => Some(false),
        InvitationState::Expired => Some(true),
        _ => None,
    };
    let rows = sqlx::query_as!(
        Row,
        r#"
        select
            counted.total as "total!",
            page.id as "id?: InvitationId",
            page.email as "email?: Email",
            page.role as "role?: Role",
            users.name as "invited_by?",
            page.sent_at as "sent_at?",
            page.expires_at as "expires_at?"
        from (
            select count(*) as total
            from (
                select
                from invitation
                where organization_id = $1
                    and state = $2
                    and ($3::boolean is null or (expires_at <= $4) = $3)
                    and ($5 = '' or strpos(email, text_folded($5)) > 0)
                limit $6
            ) as capped
        ) as counted
        left join lateral (
            select
                id,
                email,
                role,
                invited_by,
                created_at,
                sent_at,
                expires_at
            from invitation
            where organization_id = $1
                and state = $2
                and ($3::boolean is null or (expires_at <= $4) = $3)
                and ($5 = '' or strpos(email, text_folded($5)) > 0)
            order by created_at desc, id desc
            limit $7
            offset $8
        ) as page on true
        left join users on users.id = page.invited_by
        order by page.created_at desc, page.id desc
        "#,
        org as OrgId,
        stored as InvitationState,
        is_expired,
        now,
        query.search,
        COUNT_CAP + 1,
        i64::from(PAGE_SIZE),
        query.page.offset(),
    )
    .fetch_all(reader.conn())
    .await?;
    let total = rows.first().map_or(0, |row| row.total);
    let invitations = rows
        .into_iter()
        .filter_map(|row| row.invitation(query.state));
    Ok(Page::of_counted(total, query.page, PageSize::default()).with(invitations.collect()))
}

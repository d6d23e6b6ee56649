//! People who ask to join. Triggers end what they ask when they become a member, or are
//! banned.

use time::OffsetDateTime;

use crate::{
    boxed,
    db::{Reader, Tx},
    domain::{
        Email, JoinLinkId, JoinRequest, JoinRequestId, JoinWay, MailDomain, OrgId, PAGE_SIZE, Page,
        PageNumber, PageSize, PictureHash, UserId,
    },
    error::Result,
    telemetry::SPANS,
};

fn columns(way: &JoinWay) -> (Option<JoinLinkId>, Option<&MailDomain>) {
    match way {
        JoinWay::Link(link) => (Some(*link), None),
        JoinWay::Domain(domain) => (None, Some(domain)),
    }
}

/// Stores that somebody asks. `false`: they have asked already, by whichever way.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.join_requests.insert", skip_all)]
#[boxed]
pub async fn insert(
    tx: &mut Tx,
    org: OrgId,
    user: UserId,
    way: &JoinWay,
    now: OffsetDateTime,
) -> Result<bool> {
    let (link, domain) = columns(way);
    let inserted = sqlx::query!(
        r#"
        insert into join_request (id, organization_id, user_id, join_link_id, domain, created_at)
        values ($1, $2, $3, $4, $5, $6)
        on conflict (organization_id, user_id) where declined_at is null do nothing
        "#,
        JoinRequestId::new() as JoinRequestId,
        org as OrgId,
        user as UserId,
        link as Option<JoinLinkId>,
        domain as Option<&MailDomain>,
        now,
    )
    .execute(tx.conn())
    .await?;
    Ok(inserted.rows_affected() > 0)
}

/// What somebody has asked before.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    /// And nobody answered yet.
    pub is_open: bool,
    /// By this way, after then.
    pub was_declined: bool,
}

#[tracing::instrument(level = "debug", target = SPANS, name = "sql.join_requests.find_asked", skip_all)]
#[boxed]
pub async fn find_asked(
    tx: &mut Tx,
    org: OrgId,
    user: UserId,
    way: &JoinWay,
    declined_after: OffsetDateTime,
) -> Result<Asked> {
    let (link, domain) = columns(way);
    Ok(sqlx::query_as!(
        Asked,
        r#"
        select
            coalesce(bool_or(declined_at is null), false) as "is_open!",
            coalesce(
                bool_or(
                    declined_at > $5
                    and join_link_id is not distinct from $3
                    and domain is not distinct from $4
                ),
                false
            ) as "was_declined!"
        from join_request
        where organization_id = $1
            and user_id = $2
        "#,
        org as OrgId,
        user as UserId,
        link as Option<JoinLinkId>,
        domain as Option<&MailDomain>,
        declined_after,
    )
    .fetch_one(tx.conn())
    .await?)
}

/// How many wait for an answer, by nobody's count more than `most`.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.join_requests.count_open", skip_all)]
#[boxed]
pub async fn count_open(tx: &mut Tx, org: OrgId, most: i64) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"
        select count(*) as "open!"
        from (
            select
            from join_request
            where organization_id = $1
                and declined_at is null
            limit $2
        ) as capped
        "#,
        org as OrgId,
        most,
    )
    .fetch_one(tx.conn())
    .await?)
}

/// A page of those who wait for an answer, the longest waiting first.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.join_requests.list_page", skip_all)]
#[boxed]
pub async fn list_page(
    reader: &Reader,
    org: OrgId,
    number: PageNumber,
) -> Result<Page<JoinRequest>> {
    struct Row {
        total: i64,
        id: Option<JoinRequestId>,
        name: Option<String>,
        email: Option<Email>,
        picture: Option<PictureHash>,
        domain: Option<MailDomain>,
        asked_at: Option<OffsetDateTime>,
    }

    impl Row {
        fn request(self) -> Option<JoinRequest> {
            Some(JoinRequest {
                id: self.id?,
                name: self.name?,
                email: self.email?,
                picture: self.picture,
                domain: self.domain,
                asked_at: self.asked_at?,
            })
        }
    }

    let rows = sqlx::query_as!(
        Row,
        r#"
        select
            counted.total as "total!",
            page.id as "id?: JoinRequestId",
            users.name as "name?",
            users.email as "email?: Email",
            users.picture as "picture?: PictureHash",
            page.domain as "domain?: MailDomain",
            page.created_at as "asked_at?"
        from (
            select count(*) as total
            from join_request
            where organization_id = $1
                and declined_at is null
        ) as counted
        left join lateral (
            select *
            from join_request
            where organization_id = $1
                and declined_at is null
            order by created_at, id
            limit $2
            offset $3
        ) as page on true
        left join users on users.id = page.user_id
        order by page.created_at, page.id
        "#,
        org as OrgId,
        i64::from(PAGE_SIZE),
        number.offset(),
    )
    .fetch_all(reader.conn())
    .await?;
    let total = rows.first().map_or(0, |row| row.total);
    Ok(Page::of_exactly(total, number, PageSize::default())
        .with(rows.into_iter().filter_map(Row::request).collect()))
}

/// A request as an answer to it sees it.
#[derive(Clone, Debug)]
pub struct OpenRequest {
    pub id: JoinRequestId,
    pub user_id: UserId,
    pub name: String,
    pub email: Email,
}

/// An open request to this very organization. Ask only under its row lock.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.join_requests.find_open", skip_all)]
#[boxed]
pub async fn find_open(
    tx: &mut Tx,
    org: OrgId,
    request: JoinRequestId,
) -> Result<Option<OpenRequest>> {
    // No more of a lock on the user than a membership needs: whoever holds one may wait for the
    // organization's.
    Ok(sqlx::query_as!(
        OpenRequest,
        r#"
        select
            join_request.id as "id: JoinRequestId",
            join_request.user_id as "user_id: UserId",
            users.name,
            users.email as "email: Email"
        from join_request
        join users on users.id = join_request.user_id
        where join_request.id = $2
            and join_request.organization_id = $1
            and join_request.declined_at is null
            and users.banned_at is null
            and users.email_verified_at is not null
        for key share of users
        "#,
        org as OrgId,
        request as JoinRequestId,
    )
    .fetch_optional(tx.conn())
    .await?)
}

#[tracing::instrument(level = "debug", target = SPANS, name = "sql.join_requests.decline", skip_all)]
#[boxed]
pub async fn decline(tx: &mut Tx, request: JoinRequestId, now: OffsetDateTime) -> Result<()> {
    sqlx::query!(
        r#"
        update join_request
        set declined_at = $2
        where id = $1
        "#,
        request as JoinRequestId,
        now,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Takes the turn to mail the admins that somebody asks. `false`: they were mailed after
/// `since`, or nobody waits who came later than that mail.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.join_requests.take_notice", skip_all)]
#[boxed]
pub async fn take_notice(
    tx: &mut Tx,
    org: OrgId,
    now: OffsetDateTime,
    since: OffsetDateTime,
) -> Result<bool> {
    let taken = sqlx::query!(
        r#"
        insert into join_request_notice (organization_id, sent_at)
        values ($1, $2)
        on conflict (organization_id) do update
            set sent_at = excluded.sent_at
            where join_request_notice.sent_at <= $3
                and exists (
                    select
                    from join_request
                    where join_request.organization_id = $1
                        and join_request.declined_at is null
                        and join_request.created_at > join_request_notice.sent_at
                )
        "#,
        org as OrgId,
        now,
        since,
    )
    .execute(tx.conn())
    .await?;
    Ok(taken.rows_affected() > 0)
}

/// Organizations whose admins have not heard of somebody who asks, although they were not
/// mailed after `since`.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.join_requests.list_to_notify", skip_all)]
#[boxed]
pub async fn list_to_notify(
    reader: &Reader,
    since: OffsetDateTime,
    most: i64,
) -> Result<Vec<OrgId>> {
    Ok(sqlx::query_scalar!(
        r#"
        select notice.organization_id as "org: OrgId"
        from join_request_notice as notice
        join organization on organization.id = notice.organization_id
        where notice.sent_at <= $1
            and organization.deleted_at is null
            and exists (
                select
                from join_request
                where join_request.organization_id = notice.organization_id
                    and join_request.declined_at is null
                    and join_request.created_at > notice.sent_at
            )
        order by notice.sent_at
        limit $2
        "#,
        since,
        most,
    )
    .fetch_all(reader.conn())
    .await?)
}

/// Somebody who may answer.
#[derive(Clone, Debug)]
pub struct Answerer {
    pub name: String,
    pub email: Email,
}

/// Up to `most` of the owners and admins who can be reached, those longest there first.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.join_requests.list_answerers", skip_all)]
#[boxed]
pub async fn list_answerers(tx: &mut Tx, org: OrgId, most: i64) -> Result<Vec<Answerer>> {
    Ok(sqlx::query_as!(
        Answerer,
        r#"
        select
            users.name,
            users.email as "email: Email"
        from member
        join users on users.id = member.user_id
        where member.organization_id = $1
            and member.role in ('owner', 'admin')
            and member.suspended_at is null
            and users.banned_at is null
            and users.email_verified_at is not null
        order by member.created_at, member.id
        limit $2
        "#,
        org as OrgId,
        most,
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Forgets who was declined before then, and says how many.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.join_requests.delete_declined", skip_all)]
#[boxed]
pub async fn delete_declined(tx: &mut Tx, before: OffsetDateTime, most: i64) -> Result<u64> {
    let deleted = sqlx::query!(
        r#"
        delete from join_request
        where id in (
            select id
            from join_request
            where declined_at <= $1
            limit $2
        )
        "#,
        before,
        most,
    )
    .execute(tx.conn())
    .await?;
    Ok(deleted.rows_affected())
}

use time::OffsetDateTime;

use crate::{
    boxed,
    db::Tx,
    domain::{ActivityKind, Email, InvitationId, InvitationState, OrgId, Role, UserId},
    error::Result,
    telemetry::SPANS,
};

/// An invitation as a change to it sees it.
#[derive(Clone, Debug)]
pub struct InvitationForChange {
    pub id: InvitationId,
    pub email: Email,
    pub role: Role,
    pub state: InvitationState,
    /// When it was last mailed by somebody.
    pub sent_at: OffsetDateTime,
}

/// What is known of an address that somebody wants to invite.
#[derive(Clone, Debug)]
pub struct Invitee {
    pub email: Email,
    /// Of this organization, suspended or not.
    pub is_member: bool,
    /// Of the invitation that is open, if there is one.
    pub invited_role: Option<Role>,
    /// Whether that one can be accepted, and so has a seat.
    pub has_seat: bool,
    pub sent_at: Option<OffsetDateTime>,
}

pub struct NewInvitation<'a> {
    pub org: OrgId,
    pub email: &'a Email,
    pub role: Role,
    pub invited_by: UserId,
    pub now: OffsetDateTime,
    pub expires_at: OffsetDateTime,
}

/// What is known of each of these addresses, in their order. Ask only under the
/// organization's row lock, unless it is only to be shown.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.invitations.find_invitees", skip_all)]
#[boxed]
pub async fn find_invitees(
    tx: &mut Tx,
    org: OrgId,
    emails: &[Email],
    now: OffsetDateTime,
) -> Result<Vec<Invitee>> {
    let emails: Vec<String> = emails.iter().map(ToString::to_string).collect();
    Ok(sqlx::query_as!(
        Invitee,
        r#"
        select
            asked.email as "email!: Email",
            exists (
                select
                from users
                join member on member.user_id = users.id
                where users.email = asked.email
                    and member.organization_id = $1
            ) as "is_member!",
            invitation.role as "invited_role?: Role",
            coalesce(invitation.expires_at > $3, false) as "has_seat!",
            invitation.sent_at as "sent_at?"
        from unnest($2::text[]) with ordinality as asked (email, place)
        left join invitation
            on invitation.organization_id = $1
            and invitation.email = asked.email
            and invitation.state = 'pending'
        order by asked.place
        "#,
        org as OrgId,
        &emails,
        now,
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Invites somebody, or takes up the invitation that is open: it gets this role and begins
/// anew.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.invitations.upsert", skip_all)]
pub async fn upsert(tx: &mut Tx, new: NewInvitation<'_>) -> Result<InvitationId> {
    Ok(sqlx::query_scalar!(
        r#"
        insert into invitation
            (id, organization_id, email, role, invited_by, created_at, sent_at, expires_at)
        values ($1, $2, $3, $4, $5, $6, $6, $7)
        on conflict (organization_id, email) where state = 'pending' do update
            set role = excluded.role,
                invited_by = excluded.invited_by,
                sent_at = excluded.sent_at,
                expires_at = excluded.expires_at,
                reminded_at = null
        returning id as "id: InvitationId"
        "#,
        InvitationId::new() as InvitationId,
        new.org as OrgId,
        new.email as &Email,
        new.role as Role,
        new.invited_by as UserId,
        new.now,
        new.expires_at,
    )
    .fetch_one(tx.conn())
    .await?)
}

/// An invitation of this very organization. Ask only under the organization's row lock.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.invitations.find_in_org", skip_all)]
#[boxed]
pub async fn find_in_org(
    tx: &mut Tx,
    org: OrgId,
    invitation: InvitationId,
    now: OffsetDateTime,
) -> Result<Option<InvitationForChange>> {
    Ok(sqlx::query_as!(
        InvitationForChange,
        r#"
        select
            id as "id: InvitationId",
            email as "email: Email",
            role as "role: Role",
            case
                when state = 'pending' and expires_at <= $3 then 'expired'
                else state
            end as "state!: InvitationState",
            sent_at
        from invitation
        where id = $2
            and organization_id = $1
        "#,
        org as OrgId,
        invitation as InvitationId,
        now,
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// Lets an open invitation begin anew: it was sent once more.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.invitations.renew", skip_all)]
#[boxed]
pub async fn renew(
    tx: &mut Tx,
    invitation: InvitationId,
    now: OffsetDateTime,
    expires_at: OffsetDateTime,
) -> Result<()> {
    sqlx::query!(
        r#"
        update invitation
        set sent_at = $2,
            expires_at = $3,
            reminded_at = null
        where id = $1
        "#,
        invitation as InvitationId,
        now,
        expires_at,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Notes how an open invitation was decided, and ends its links. `false`: it was decided
/// already.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.invitations.decide", skip_all)]
#[boxed]
pub async fn decide(
    tx: &mut Tx,
    invitation: InvitationId,
    state: InvitationState,
    now: OffsetDateTime,
) -> Result<bool> {
    let decided = sqlx::query!(
        r#"
        with ended as (
            delete from invitation_token
            where invitation_id = $1
        )
        update invitation
        set state = $2,
            decided_at = $3
        where id = $1
            and state = 'pending'
        "#,
        invitation as InvitationId,
        state as InvitationState,
        now,
    )
    .execute(tx.conn())
    .await?;
    Ok(decided.rows_affected() > 0)
}

/// Cancels what invites the address that a user has now, and ends its links: whoever was
/// removed must not come back by an invitation that was left open.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.invitations.cancel_for_user", skip_all)]
#[boxed]
pub async fn cancel_for_user(
    tx: &mut Tx,
    org: OrgId,
    user: UserId,
    now: OffsetDateTime,
) -> Result<()> {
    sqlx::query!(
        r#"
        with cancelled as (
            update invitation
            set state = 'cancelled',
                decided_at = $3
            from users
            where users.id = $2
                and invitation.organization_id = $1
                and invitation.email = users.email
                and invitation.state = 'pending'
            returning invitation.id
        )
        delete from invitation_token
        using cancelled
        where invitation_token.invitation_id = cancelled.id
        "#,
        org as OrgId,
        user as UserId,
        now,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// How many invitations the organization has mailed since then, by its audit log. Ask only
/// under the organization's row lock.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.invitations.count_mailed", skip_all)]
#[boxed]
pub async fn count_mailed(tx: &mut Tx, org: OrgId, since: OffsetDateTime) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"
        select count(*) as "mailed!"
        from activity
        where organization_id = $1
            and created_at > $2
            and kind in ($3, $4)
        "#,
        org as OrgId,
        since,
        ActivityKind::InvitationSent as ActivityKind,
        ActivityKind::InvitationResent as ActivityKind,
    )
    .fetch_one(tx.conn())
    .await?)
}

//! Users.

use time::OffsetDateTime;

use crate::{
    boxed,
    db::{Reader, Tx},
    domain::{Email, UserId, UserName},
    error::Result,
    telemetry::SPANS,
};

#[tracing::instrument(level = "debug", target = SPANS, name = "sql.users.find_id_by_email", skip_all)]
#[boxed]
pub async fn find_id_by_email(reader: &Reader, email: &Email) -> Result<Option<UserId>> {
    Ok(sqlx::query_scalar!(
        r#"
        select id as "id: UserId"
        from users
        where email = $1
        "#,
        email as &Email,
    )
    .fetch_optional(reader.conn())
    .await?)
}

/// The address the user has now. Ask only with the user held or locked.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.users.find_email", skip_all)]
#[boxed]
pub async fn find_email(tx: &mut Tx, user: UserId) -> Result<Option<Email>> {
    Ok(sqlx::query_scalar!(
        r#"
        select email as "email: Email"
        from users
        where id = $1
        "#,
        user as UserId,
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// Somebody whose address is known to be theirs.
#[derive(Clone, Debug)]
pub struct VerifiedUser {
    pub name: String,
    pub email: Email,
}

/// The user, kept from changing until the transaction ends. `None`: there is none, or they were
/// banned, or have not verified their address.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.users.hold_verified", skip_all)]
#[boxed]
pub async fn hold_verified(tx: &mut Tx, user: UserId) -> Result<Option<VerifiedUser>> {
    Ok(sqlx::query_as!(
        VerifiedUser,
        r#"
        select
            name,
            email as "email: Email"
        from users
        where id = $1
            and banned_at is null
            and email_verified_at is not null
        for share
        "#,
        user as UserId,
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// Locks a user until the transaction ends: whoever creates something for the same user
/// meanwhile waits, so that what is counted then stays so.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.users.lock", skip_all)]
#[boxed]
pub async fn lock(tx: &mut Tx, user: UserId) -> Result<()> {
    sqlx::query!(
        r#"
        select id
        from users
        where id = $1
        for no key update
        "#,
        user as UserId,
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(())
}

/// The user who has this address, if they may sign in.
#[derive(Clone, Debug)]
pub struct Reachable {
    pub id: UserId,
    pub name: String,
}

/// `None`: nobody has this address, or somebody who was banned.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.users.find_reachable", skip_all)]
#[boxed]
pub async fn find_reachable(tx: &mut Tx, email: &Email) -> Result<Option<Reachable>> {
    Ok(sqlx::query_as!(
        Reachable,
        r#"
        select
            id as "id: UserId",
            name
        from users
        where email = $1
            and banned_at is null
        "#,
        email as &Email,
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// Makes an account whose address is not verified yet. `None`: somebody has it already.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.users.insert", skip_all)]
#[boxed]
pub async fn insert(
    tx: &mut Tx,
    name: &UserName,
    email: &Email,
    password_hash: &str,
) -> Result<Option<UserId>> {
    let id = UserId::new();
    let inserted = sqlx::query!(
        r#"
        insert into users (id, name, email, password_hash)
        values ($1, $2, $3, $4)
        on conflict (email) do nothing
        "#,
        id as UserId,
        name.as_str(),
        email as &Email,
        password_hash,
    )
    .execute(tx.conn())
    .await?;
    Ok((inserted.rows_affected() == 1).then_some(id))
}

/// Makes an account without a password, whose address somebody else has verified. `None`:
/// somebody has it already.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.users.insert_verified", skip_all)]
#[boxed]
pub async fn insert_verified(
    tx: &mut Tx,
    name: &UserName,
    email: &Email,
    now: OffsetDateTime,
) -> Result<Option<UserId>> {
    let id = UserId::new();
    let inserted = sqlx::query!(
        r#"
        insert into users (id, name, email, email_verified_at)
        values ($1, $2, $3, $4)
        on conflict (email) do nothing
        "#,
        id as UserId,
        name.as_str(),
        email as &Email,
        now,
    )
    .execute(tx.conn())
    .await?;
    Ok((inserted.rows_affected() == 1).then_some(id))
}

/// Notes that the address is the user's own, unless it is another one by now.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.users.verify_email", skip_all)]
#[boxed]
pub async fn verify_email(
    tx: &mut Tx,
    user: UserId,
    email: &Email,
    now: OffsetDateTime,
) -> Result<bool> {
    let verified = sqlx::query!(
        r#"
        update users
        set email_verified_at = coalesce(email_verified_at, $3)
        where id = $1
            and email = $2
        "#,
        user as UserId,
        email as &Email,
        now,
    )
    .execute(tx.conn())
    .await?;
    Ok(verified.rows_affected() == 1)
}

/// Gives the user an address that has been verified.
///
/// # Errors
/// [`crate::error::Error::Conflict`] on the field `email` if somebody else has it.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.users.set_email", skip_all)]
#[boxed]
pub async fn set_email(
    tx: &mut Tx,
    user: UserId,
    email: &Email,
    now: OffsetDateTime,
) -> Result<()> {
    sqlx::query!(
        r#"
        update users
        set email = $2,
            email_verified_at = $3
        where id = $1
        "#,
        user as UserId,
        email as &Email,
        now,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

#[tracing::instrument(level = "debug", target = SPANS, name = "sql.users.set_name", skip_all)]
#[boxed]
pub async fn set_name(tx: &mut Tx, user: UserId, name: &UserName) -> Result<()> {
    sqlx::query!(
        r#"
        update users
        set name = $2
        where id = $1
        "#,
        user as UserId,
        name.as_str(),
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Removes a user with everything that is only theirs. Their memberships and sessions end.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.users.delete", skip_all)]
#[boxed]
pub async fn delete(tx: &mut Tx, user: UserId) -> Result<()> {
    sqlx::query!(
        r#"
        delete from users
        where id = $1
        "#,
        user as UserId,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Removes up to `limit` accounts made before `made_before` whose address was never
/// verified, and says how many. Nobody was ever a member with one.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.users.delete_unverified", skip_all)]
#[boxed]
pub async fn delete_unverified(
    tx: &mut Tx,
    made_before: OffsetDateTime,
    limit: i64,
) -> Result<u64> {
    let deleted = sqlx::query!(
        r#"
        delete from users
        where id in (
            select id
            from users
            where email_verified_at is null
                and created_at < $1
                and not exists (select from member where member.user_id = users.id)
            limit $2
            for update skip locked
        )
        "#,
        made_before,
        limit,
    )
    .execute(tx.conn())
    .await?;
    Ok(deleted.rows_affected())
}

/// What is kept about a user, as the text of a JSON object.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.users.export", skip_all)]
#[boxed]
pub async fn export(tx: &mut Tx, user: UserId) -> Result<String> {
    Ok(sqlx::query_scalar!(
        r#"
        select json_build_object(
            'account', json_build_object(
                'id', users.id,
                'name', users.name,
                'email', users.email,
                'email_verified_at', users.email_verified_at,
                'created_at', users.created_at,
                'picture', (
                    select encode(user_picture.content, 'base64')
                    from user_picture
                    where user_picture.user_id = users.id
                )
            ),
            'memberships', (
                select coalesce(json_agg(json_build_object(
                    'organization', organization.name,
                    'slug', organization.slug,
                    'role', member.role,
                    'since', member.created_at,
                    'suspended_at', member.suspended_at,
                    'last_active_at', member_use.last_active_at
                ) order by member.created_at), '[]')
                from member
                join organization on organization.id = member.organization_id
                left join member_use on member_use.member_id = member.id
                where member.user_id = users.id
            ),
            'sessions', (
                select coalesce(json_agg(json_build_object(
                    'browser', session.user_agent,
                    'address', session.address,
                    'began_at', session.created_at,
                    'ends_at', session.expires_at
                ) order by session.created_at), '[]')
                from session
                where session.user_id = users.id
            ),
            'providers', (
                select coalesce(json_agg(json_build_object(
                    'issuer', identity.issuer,
                    'subject', identity.subject,
                    'email', identity.email,
                    'connected_at', identity.created_at,
                    'last_used_at', identity.last_used_at
                ) order by identity.created_at), '[]')
                from identity
                where identity.user_id = users.id
            ),
            'activity', (
                select coalesce(json_agg(json_build_object(
                    'organization', organization.name,
                    'kind', activity.kind,
                    'subject', activity.subject,
                    'detail', activity.detail,
                    'at', activity.created_at
                ) order by activity.created_at), '[]')
                from activity
                join organization on organization.id = activity.organization_id
                where activity.actor_id = users.id
            )
        )::text as "json!"
        from users
        where users.id = $1
        "#,
        user as UserId,
    )
    .fetch_one(tx.conn())
    .await?)
}

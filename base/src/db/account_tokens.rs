//! Tokens of links that were mailed, by their SHA-256.

use time::OffsetDateTime;

use crate::{
    boxed,
    db::{Reader, Tx},
    domain::{Email, TokenKind, UserId},
    error::Result,
    telemetry::SPANS,
};

pub struct NewToken<'a> {
    pub hash: &'a [u8; 32],
    pub user: UserId,
    pub kind: TokenKind,
    /// The address that the link verifies, or brings back.
    pub email: &'a Email,
    /// The page to go on at; empty: it was not said.
    pub next: &'a str,
    pub created_at: OffsetDateTime,
}

/// A token, and the user as they are now.
#[derive(Clone, Debug)]
pub struct Token {
    pub user: UserId,
    /// As when it was mailed.
    pub email: Email,
    pub next: String,
    pub created_at: OffsetDateTime,
    pub user_name: String,
    pub user_email: Email,
}

/// Stores a token, which ends the one before of the same kind.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.account_tokens.insert", skip_all)]
pub async fn insert(tx: &mut Tx, token: NewToken<'_>) -> Result<()> {
    sqlx::query!(
        r#"
        insert into account_token (token_hash, user_id, kind, email, next, created_at, expires_at)
        values ($1, $2, $3, $4, $5, $6, $7)
        on conflict (user_id, kind) where kind <> 'undo_email_change' do update
            set token_hash = excluded.token_hash,
                email = excluded.email,
                next = excluded.next,
                created_at = excluded.created_at,
                expires_at = excluded.expires_at
        "#,
        token.hash.as_slice(),
        token.user as UserId,
        <&str>::from(token.kind),
        token.email as &Email,
        token.next,
        token.created_at,
        token.created_at + token.kind.lifetime(),
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// `None`: there is no such token of this kind any more, or of a user who was banned.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.account_tokens.find", skip_all)]
#[boxed]
pub async fn find(
    reader: &Reader,
    hash: &[u8; 32],
    kind: TokenKind,
    now: OffsetDateTime,
) -> Result<Option<Token>> {
    Ok(sqlx::query_as!(
        Token,
        r#"
        select
            account_token.user_id as "user: UserId",
            account_token.email as "email: Email",
            account_token.next,
            account_token.created_at,
            users.name as user_name,
            users.email as "user_email: Email"
        from account_token
        join users on users.id = account_token.user_id
        where account_token.token_hash = $1
            and account_token.kind = $2
            and account_token.expires_at > $3
            and users.banned_at is null
        "#,
        hash.as_slice(),
        <&str>::from(kind),
        now,
    )
    .fetch_optional(reader.conn())
    .await?)
}

/// Uses a token up: of several at once one gets it. Locks the user.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.account_tokens.take", skip_all)]
#[boxed]
pub async fn take(
    tx: &mut Tx,
    hash: &[u8; 32],
    kind: TokenKind,
    now: OffsetDateTime,
) -> Result<Option<Token>> {
    Ok(sqlx::query_as!(
        Token,
        r#"
        with owner as (
            select users.id, users.name, users.email
            from users
            join account_token on account_token.user_id = users.id
            where account_token.token_hash = $1
                and users.banned_at is null
            for no key update of users
        )
        delete from account_token
        using owner
        where account_token.user_id = owner.id
            and account_token.token_hash = $1
            and account_token.kind = $2
            and account_token.expires_at > $3
        returning
            account_token.user_id as "user: UserId",
            account_token.email as "email: Email",
            account_token.next,
            account_token.created_at,
            owner.name as user_name,
            owner.email as "user_email: Email"
        "#,
        hash.as_slice(),
        <&str>::from(kind),
        now,
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// Ends the user's tokens of these kinds.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.account_tokens.delete", skip_all)]
#[boxed]
pub async fn delete(tx: &mut Tx, user: UserId, kinds: &[TokenKind]) -> Result<()> {
    let kinds: Vec<String> = kinds
        .iter()
        .map(|kind| <&str>::from(*kind).to_owned())
        .collect();
    sqlx::query!(
        r#"
        delete from account_token
        where user_id = $1
            and kind = any ($2)
        "#,
        user as UserId,
        &kinds,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Removes up to `limit` tokens that expired before `now`, and says how many.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.account_tokens.delete_expired", skip_all)]
#[boxed]
pub async fn delete_expired(tx: &mut Tx, now: OffsetDateTime, limit: i64) -> Result<u64> {
    let deleted = sqlx::query!(
        r#"
        delete from account_token
        where token_hash in (
            select token_hash
            from account_token
            where expires_at <= $1
            order by expires_at
            limit $2
            for update skip locked
        )
        "#,
        now,
        limit,
    )
    .execute(tx.conn())
    .await?;
    Ok(deleted.rows_affected())
}

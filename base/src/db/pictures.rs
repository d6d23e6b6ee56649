//! Pictures of users, and logos of organizations.

use crate::{
    boxed,
    db::{Reader, Tx},
    domain::{OrgId, PictureHash, UserId},
    error::Result,
    telemetry::SPANS,
};

#[tracing::instrument(level = "debug", target = SPANS, name = "sql.pictures.find", skip_all)]
#[boxed]
pub async fn find(reader: &Reader, hash: &PictureHash) -> Result<Option<Vec<u8>>> {
    Ok(sqlx::query_scalar!(
        r#"
        select content as "content!"
        from (
            select content
            from user_picture
            where hash = $1
            union all
            select content
            from organization_logo
            where hash = $1
        ) as picture
        limit 1
        "#,
        hash.0.as_slice(),
    )
    .fetch_optional(reader.conn())
    .await?)
}

/// Gives the user a picture in place of the one they have.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.pictures.set_of_user", skip_all)]
#[boxed]
pub async fn set_of_user(
    tx: &mut Tx,
    user: UserId,
    hash: &PictureHash,
    content: &[u8],
) -> Result<()> {
    sqlx::query!(
        r#"
        with named as (
            update users
            set picture = $2
            where id = $1
        )
        insert into user_picture (user_id, hash, content)
        values ($1, $2, $3)
        on conflict (user_id) do update
            set hash = excluded.hash,
                content = excluded.content
        "#,
        user as UserId,
        hash.0.as_slice(),
        content,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

#[tracing::instrument(level = "debug", target = SPANS, name = "sql.pictures.remove_of_user", skip_all)]
#[boxed]
pub async fn remove_of_user(tx: &mut Tx, user: UserId) -> Result<()> {
    sqlx::query!(
        r#"
        with unnamed as (
            update users
            set picture = null
            where id = $1
        )
        delete from user_picture
        where user_id = $1
        "#,
        user as UserId,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Gives the organization a logo in place of the one it has.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.pictures.set_of_org", skip_all)]
#[boxed]
pub async fn set_of_org(tx: &mut Tx, org: OrgId, hash: &PictureHash, content: &[u8]) -> Result<()> {
    sqlx::query!(
        r#"
        with named as (
            update organization
            set logo = $2,
                updated_at = now()
            where id = $1
        )
        insert into organization_logo (organization_id, hash, content)
        values ($1, $2, $3)
        on conflict (organization_id) do update
            set hash = excluded.hash,
                content = excluded.content
        "#,
        org as OrgId,
        hash.0.as_slice(),
        content,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// `false`: it had none.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.pictures.remove_of_org", skip_all)]
#[boxed]
pub async fn remove_of_org(tx: &mut Tx, org: OrgId) -> Result<bool> {
    let removed = sqlx::query!(
        r#"
        with unnamed as (
            update organization
            set logo = null,
                updated_at = now()
            where id = $1
                and logo is not null
        )
        delete from organization_logo
        where organization_id = $1
        "#,
        org as OrgId,
    )
    .execute(tx.conn())
    .await?;
    Ok(removed.rows_affected() == 1)
}

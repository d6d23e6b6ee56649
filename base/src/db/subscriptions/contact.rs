use time::OffsetDateTime;

use crate::{
    boxed,
    db::Tx,
    domain::{Email, OrgId},
    error::Result,
    telemetry::SPANS,
};

/// Where mails about payments go; `None`: to the owners.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.subscriptions.find_contact", skip_all)]
#[boxed]
pub async fn find_contact(tx: &mut Tx, org: OrgId) -> Result<Option<Email>> {
    Ok(sqlx::query_scalar!(
        r#"
        select email as "email: Email"
        from billing_contact
        where organization_id = $1
        "#,
        org as OrgId,
    )
    .fetch_optional(tx.conn())
    .await?)
}

#[tracing::instrument(level = "debug", target = SPANS, name = "sql.subscriptions.set_contact", skip_all)]
#[boxed]
pub async fn set_contact(
    tx: &mut Tx,
    org: OrgId,
    email: Option<&Email>,
    at: OffsetDateTime,
) -> Result<()> {
    match email {
        Some(email) => {
            sqlx::query!(
                r#"
                insert into billing_contact (organization_id, email, updated_at)
                values ($1, $2, $3)
                on conflict (organization_id) do update
                    set email = excluded.email,
                        updated_at = excluded.updated_at
                "#,
                org as OrgId,
                email as &Email,
                at,
            )
            .execute(tx.conn())
            .await?;
        }
        None => {
            sqlx::query!(
                r#"
                delete from billing_contact
                where organization_id = $1
                "#,
                org as OrgId,
            )
            .execute(tx.conn())
            .await?;
        }
    }
    Ok(())
}

/// Whether the news of this kind about an object at Stripe are told for the first time. Asked
/// in the transaction of the mail.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.subscriptions.is_first_notice", skip_all)]
#[boxed]
pub async fn is_first_notice(
    tx: &mut Tx,
    kind: &str,
    object: &str,
    at: OffsetDateTime,
) -> Result<bool> {
    let told = sqlx::query!(
        r#"
        insert into billing_notice (kind, object_id, created_at)
        values ($1, $2, $3)
        on conflict do nothing
        "#,
        kind,
        object,
        at,
    )
    .execute(tx.conn())
    .await?;
    Ok(told.rows_affected() == 1)
}

/// Keeps why a subscription was cancelled.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.subscriptions.keep_cancellation", skip_all)]
#[boxed]
pub async fn keep_cancellation(
    tx: &mut Tx,
    org: OrgId,
    subscription: &str,
    feedback: &str,
    comment: &str,
    at: OffsetDateTime,
) -> Result<()> {
    sqlx::query!(
        r#"
        insert into billing_cancellation
            (organization_id, stripe_subscription_id, feedback, comment, created_at)
        values ($1, $2, $3, $4, $5)
        on conflict do nothing
        "#,
        org as OrgId,
        subscription,
        feedback,
        comment,
        at,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

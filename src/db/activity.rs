//! The audit log.

use crate::{
    db::Tx,
    domain::{ActivityId, ActivityKind, OrgId, UserId},
    error::Result,
    telemetry::SPANS,
};

/// An entry to be written; [`ActivityKind`] says what subject and detail hold.
pub struct NewActivity<'a> {
    pub org: OrgId,
    /// `None`: nobody of ours, such as Stripe.
    pub actor: Option<UserId>,
    pub actor_name: &'a str,
    pub kind: ActivityKind,
    pub subject: &'a str,
    pub detail: &'a str,
}

/// Writes the entry in the transaction of the change it records.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.activity.insert", skip_all)]
pub async fn insert(tx: &mut Tx, activity: NewActivity<'_>) -> Result<()> {
    sqlx::query!(
        r#"
        insert into activity (id, organization_id, actor_id, actor_name, kind, subject, detail)
        values ($1, $2, $3, $4, $5, $6, $7)
        "#,
        ActivityId::new() as ActivityId,
        activity.org as OrgId,
        activity.actor as Option<UserId>,
        activity.actor_name,
        activity.kind as ActivityKind,
        activity.subject,
        activity.detail,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

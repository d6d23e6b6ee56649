//! The audit log.

use crate::{
    db::Tx,
    domain::{ActivityId, ActivityKind, OrgId, UserId},
    error::Result,
};

/// An entry to be written.
pub struct NewActivity<'a> {
    /// The organization it belongs to.
    pub org: OrgId,
    /// Who did it.
    pub actor: UserId,
    /// The actor's name at this moment.
    pub actor_name: &'a str,
    /// What was done.
    pub kind: ActivityKind,
    /// To whom or what; [`ActivityKind`] says what each kind keeps here.
    pub subject: &'a str,
    /// What more there is to say.
    pub detail: &'a str,
}

/// Writes the entry, in the transaction of the change it tells of.
///
/// # Errors
/// [`crate::error::Error::Unavailable`] when the database cannot be reached.
pub async fn insert(tx: &mut Tx, activity: NewActivity<'_>) -> Result<()> {
    sqlx::query!(
        r#"
        insert into activity (id, organization_id, actor_id, actor_name, kind, subject, detail)
        values ($1, $2, $3, $4, $5, $6, $7)
        "#,
        ActivityId::new().0,
        activity.org.0,
        activity.actor.0,
        activity.actor_name,
        activity.kind.as_str(),
        activity.subject,
        activity.detail,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

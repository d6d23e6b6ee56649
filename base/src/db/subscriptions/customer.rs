use time::OffsetDateTime;

use crate::{
    boxed,
    db::{Reader, Tx},
    domain::{OrgId, WishKind},
    error::Result,
    telemetry::SPANS,
};

/// The customer at Stripe that an organization pays as; `None`: it never did.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.subscriptions.find_customer", skip_all)]
#[boxed]
pub async fn find_customer(reader: &Reader, org: OrgId) -> Result<Option<String>> {
    Ok(sqlx::query_scalar!(
        r#"
        select stripe_customer_id
        from billing_customer
        where organization_id = $1
        "#,
        org as OrgId,
    )
    .fetch_optional(reader.conn())
    .await?)
}

/// The organization that pays as a customer; `None`: none of ours.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.subscriptions.find_org_of_customer", skip_all)]
#[boxed]
pub async fn find_org_of_customer(reader: &Reader, customer: &str) -> Result<Option<OrgId>> {
    Ok(sqlx::query_scalar!(
        r#"
        select organization_id as "id: OrgId"
        from billing_customer
        where stripe_customer_id = $1
        "#,
        customer,
    )
    .fetch_optional(reader.conn())
    .await?)
}

/// The billing row of an organization, locked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BillingRow {
    pub customer: String,
    pub trial_used_at: Option<OffsetDateTime>,
}

/// Locks an organization's billing row until the transaction ends; `None`: it has none yet.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.subscriptions.lock_billing", skip_all)]
#[boxed]
pub async fn lock_billing(tx: &mut Tx, org: OrgId) -> Result<Option<BillingRow>> {
    Ok(sqlx::query_as!(
        BillingRow,
        r#"
        select
            stripe_customer_id as customer,
            trial_used_at
        from billing_customer
        where organization_id = $1
        for update
        "#,
        org as OrgId,
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// Makes `customer` the one that `org` pays as, in the place of any other. `false`: there is
/// no such organization, or another one pays as this customer.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.subscriptions.attach_customer", skip_all)]
#[boxed]
pub async fn attach_customer(tx: &mut Tx, org: OrgId, customer: &str) -> Result<bool> {
    let attached = sqlx::query!(
        r#"
        insert into billing_customer (organization_id, stripe_customer_id)
        select organization.id, $2
        from organization
        where organization.id = $1
            and not exists (
                select
                from billing_customer as other
                where other.stripe_customer_id = $2
                    and other.organization_id <> $1
            )
        on conflict (organization_id) do update
            set stripe_customer_id = excluded.stripe_customer_id
        "#,
        org as OrgId,
        customer,
    )
    .execute(tx.conn())
    .await?;
    Ok(attached.rows_affected() == 1)
}

/// Notes that the organization has used its one trial, unless that is known.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.subscriptions.note_trial", skip_all)]
#[boxed]
pub async fn note_trial(tx: &mut Tx, org: OrgId, at: OffsetDateTime) -> Result<()> {
    sqlx::query!(
        r#"
        update billing_customer
        set trial_used_at = $2
        where organization_id = $1
            and trial_used_at is null
        "#,
        org as OrgId,
        at,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Notes what was asked of Stripe, until it is seen.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.subscriptions.note_wish", skip_all)]
#[boxed]
pub async fn note_wish(tx: &mut Tx, org: OrgId, wish: WishKind, at: OffsetDateTime) -> Result<()> {
    sqlx::query!(
        r#"
        update billing_customer
        set wish = $2,
            wish_since = $3
        where organization_id = $1
        "#,
        org as OrgId,
        wish.as_str(),
        at,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Takes back what was noted as asked of Stripe.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.subscriptions.forget_wish", skip_all)]
#[boxed]
pub async fn forget_wish(tx: &mut Tx, org: OrgId, wish: WishKind) -> Result<()> {
    sqlx::query!(
        r#"
        update billing_customer
        set wish = null,
            wish_since = null
        where organization_id = $1
            and wish = $2
        "#,
        org as OrgId,
        wish.as_str(),
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Notes that Stripe was asked at `asked_at`, and that the mirror has what it answered: what
/// was asked of it before is seen, and nothing is delayed. A checkout is seen by a
/// subscription that lives.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.subscriptions.note_seen", skip_all)]
#[boxed]
pub async fn note_seen(
    tx: &mut Tx,
    org: OrgId,
    asked_at: OffsetDateTime,
    lives: bool,
) -> Result<()> {
    sqlx::query!(
        r#"
        update billing_customer
        set delayed_since = null,
            wish = case when seen.is_seen then null else wish end,
            wish_since = case when seen.is_seen then null else wish_since end
        from (
            select
                organization_id as id,
                coalesce(wish_since <= $2 and (wish <> 'checkout' or $3), false) as is_seen
            from billing_customer
            where organization_id = $1
        ) as seen
        where organization_id = seen.id
            and (delayed_since is not null or seen.is_seen)
        "#,
        org as OrgId,
        asked_at,
        lives,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Notes that something Stripe announced of `customer` could not be taken over. The
/// organization, if it is one of ours and that was not known.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.subscriptions.note_delay", skip_all)]
#[boxed]
pub async fn note_delay(tx: &mut Tx, customer: &str, at: OffsetDateTime) -> Result<Option<OrgId>> {
    Ok(sqlx::query_scalar!(
        r#"
        update billing_customer
        set delayed_since = $2
        where stripe_customer_id = $1
            and delayed_since is null
        returning organization_id as "id: OrgId"
        "#,
        customer,
        at,
    )
    .fetch_optional(tx.conn())
    .await?)
}

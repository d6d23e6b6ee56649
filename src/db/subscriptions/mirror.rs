use time::OffsetDateTime;

use crate::{
    db::{Reader, Tx},
    domain::{BillingInterval, OrgId, Plan, Subscription, SubscriptionStatus},
    error::Result,
    telemetry::SPANS,
};

/// The customer at Stripe that an organization pays as; `None`: it never did.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.subscriptions.find_customer", skip_all)]
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

/// What is mirrored of a customer's subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mirrored {
    pub stripe_id: String,
    pub plan: Plan,
    pub interval: BillingInterval,
    /// Its status when it was last compared.
    pub status: SubscriptionStatus,
    pub synced_at: OffsetDateTime,
}

#[tracing::instrument(level = "debug", target = SPANS, name = "sql.subscriptions.find_mirrored", skip_all)]
pub async fn find_mirrored(reader: &Reader, customer: &str) -> Result<Option<Mirrored>> {
    Ok(sqlx::query_as!(
        Mirrored,
        r#"
        select
            subscription.stripe_subscription_id as stripe_id,
            subscription.plan as "plan: Plan",
            subscription.billing_interval as "interval: BillingInterval",
            subscription.status as "status: SubscriptionStatus",
            subscription.synced_at
        from billing_customer
        join subscription on subscription.organization_id = billing_customer.organization_id
        where billing_customer.stripe_customer_id = $1
        "#,
        customer,
    )
    .fetch_optional(reader.conn())
    .await?)
}

/// The organization a customer stands for, its billing row locked until the
/// transaction ends; `None`: none of ours.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.subscriptions.lock_org_of_customer", skip_all)]
pub async fn lock_org_of_customer(tx: &mut Tx, customer: &str) -> Result<Option<OrgId>> {
    Ok(sqlx::query_scalar!(
        r#"
        select organization_id as "id: OrgId"
        from billing_customer
        where stripe_customer_id = $1
        for update
        "#,
        customer,
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// Makes `customer` the one that `org` pays as. `false`: there is no such
/// organization, or it pays as another customer already.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.subscriptions.attach_customer", skip_all)]
pub async fn attach_customer(tx: &mut Tx, org: OrgId, customer: &str) -> Result<bool> {
    let attached = sqlx::query!(
        r#"
        insert into billing_customer (organization_id, stripe_customer_id)
        select organization.id, $2
        from organization
        where organization.id = $1
        on conflict do nothing
        "#,
        org as OrgId,
        customer,
    )
    .execute(tx.conn())
    .await?;
    Ok(attached.rows_affected() == 1)
}

/// What is mirrored of an organization's subscription, read under the lock of its
/// billing row.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.subscriptions.find_mirrored_of_org", skip_all)]
pub async fn find_mirrored_of_org(tx: &mut Tx, org: OrgId) -> Result<Option<Mirrored>> {
    Ok(sqlx::query_as!(
        Mirrored,
        r#"
        select
            stripe_subscription_id as stripe_id,
            plan as "plan: Plan",
            billing_interval as "interval: BillingInterval",
            status as "status: SubscriptionStatus",
            synced_at
        from subscription
        where organization_id = $1
        "#,
        org as OrgId,
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// The outcome of a comparison with Stripe.
pub struct MirrorWrite<'a> {
    pub subscription: &'a Subscription,
    pub current_period_start: Option<OffsetDateTime>,
    /// When the event that led to the comparison was made, if one did.
    pub event_created: Option<OffsetDateTime>,
}

/// Writes what Stripe has over what is mirrored. The caller holds the lock of the
/// billing row and has decided that it may.
///
/// # Errors
/// [`crate::error::Error::Internal`] if the subscription is another organization's.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.subscriptions.write_mirror", skip_all)]
pub async fn write_mirror(tx: &mut Tx, org: OrgId, write: MirrorWrite<'_>) -> Result<()> {
    let MirrorWrite {
        subscription,
        current_period_start,
        event_created,
    } = write;
    sqlx::query!(
        r#"
        insert into subscription (
            organization_id,
            stripe_subscription_id,
            plan,
            billing_interval,
            status,
            current_period_start,
            current_period_end,
            trial_end,
            cancel_at_period_end,
            canceled_at,
            synced_at,
            last_event_created
        )
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
        on conflict (organization_id) do update set
            stripe_subscription_id = excluded.stripe_subscription_id,
            plan = excluded.plan,
            billing_interval = excluded.billing_interval,
            status = excluded.status,
            current_period_start = excluded.current_period_start,
            current_period_end = excluded.current_period_end,
            trial_end = excluded.trial_end,
            cancel_at_period_end = excluded.cancel_at_period_end,
            canceled_at = excluded.canceled_at,
            synced_at = excluded.synced_at,
            last_event_created = greatest(
                subscription.last_event_created,
                excluded.last_event_created
            ),
            updated_at = now()
        "#,
        org as OrgId,
        subscription.stripe_id,
        subscription.plan as Plan,
        subscription.interval as BillingInterval,
        subscription.status.as_str(),
        current_period_start,
        subscription.current_period_end,
        subscription.trial_end,
        subscription.cancel_at_period_end,
        subscription.canceled_at,
        subscription.synced_at,
        event_created,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Notes that the organization has used its one trial, unless that is known.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.subscriptions.note_trial", skip_all)]
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

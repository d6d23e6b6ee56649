use time::OffsetDateTime;

use super::view::terms;
use crate::{
    boxed,
    db::{Reader, Tx},
    domain::{BillingInterval, OrgId, Plan, Subscription, SubscriptionStatus},
    error::{Error, Result},
    telemetry::SPANS,
};

/// A subscription as it is mirrored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mirrored {
    pub subscription: Subscription,
    pub price_id: Option<String>,
}

/// What is mirrored of an organization's subscription; `None`: it never had one.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.subscriptions.find_mirrored", skip_all)]
#[boxed]
pub async fn find_mirrored(reader: &Reader, org: OrgId) -> Result<Option<Mirrored>> {
    let row = sqlx::query_as!(
        Row,
        r#"
        select
            stripe_subscription_id as stripe_id,
            stripe_price_id as price_id,
            plan as "plan: Plan",
            billing_interval as "interval: BillingInterval",
            status as "status: SubscriptionStatus",
            current_period_start,
            current_period_end,
            trial_end,
            cancel_at_period_end,
            canceled_at,
            terms,
            synced_at
        from subscription
        where organization_id = $1
        "#,
        org as OrgId,
    )
    .fetch_optional(reader.conn())
    .await?;
    Ok(row.map(Row::mirrored))
}

/// The same under the lock of the billing row.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.subscriptions.find_mirrored_of_org", skip_all)]
#[boxed]
pub async fn find_mirrored_of_org(tx: &mut Tx, org: OrgId) -> Result<Option<Mirrored>> {
    let row = sqlx::query_as!(
        Row,
        r#"
        select
            stripe_subscription_id as stripe_id,
            stripe_price_id as price_id,
            plan as "plan: Plan",
            billing_interval as "interval: BillingInterval",
            status as "status: SubscriptionStatus",
            current_period_start,
            current_period_end,
            trial_end,
            cancel_at_period_end,
            canceled_at,
            terms,
            synced_at
        from subscription
        where organization_id = $1
        "#,
        org as OrgId,
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(Row::mirrored))
}

struct Row {
    stripe_id: String,
    price_id: Option<String>,
    plan: Option<Plan>,
    interval: Option<BillingInterval>,
    status: SubscriptionStatus,
    current_period_start: Option<OffsetDateTime>,
    current_period_end: Option<OffsetDateTime>,
    trial_end: Option<OffsetDateTime>,
    cancel_at_period_end: bool,
    canceled_at: Option<OffsetDateTime>,
    terms: serde_json::Value,
    synced_at: OffsetDateTime,
}

impl Row {
    fn mirrored(self) -> Mirrored {
        Mirrored {
            price_id: self.price_id,
            subscription: Subscription {
                stripe_id: self.stripe_id,
                plan: self.plan,
                interval: self.interval,
                status: self.status,
                current_period_start: self.current_period_start,
                current_period_end: self.current_period_end,
                trial_end: self.trial_end,
                cancel_at_period_end: self.cancel_at_period_end,
                canceled_at: self.canceled_at,
                terms: terms(self.terms),
                synced_at: self.synced_at,
            },
        }
    }
}

/// Writes what Stripe has over what is mirrored. The caller holds the lock of the
/// billing row and has decided that it may. `event_created`: when the event that led to the
/// comparison was made, if one did.
///
/// # Errors
/// [`Error::Internal`] if the subscription is another organization's.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.subscriptions.write_mirror", skip_all)]
#[boxed]
pub async fn write_mirror(
    tx: &mut Tx,
    org: OrgId,
    subscription: &Subscription,
    price_id: Option<&str>,
    event_created: Option<OffsetDateTime>,
) -> Result<()> {
    let terms = serde_json::to_value(&subscription.terms).map_err(Error::internal)?;
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
            last_event_created,
            stripe_price_id,
            terms
        )
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
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
            stripe_price_id = excluded.stripe_price_id,
            terms = excluded.terms,
            updated_at = now()
        "#,
        org as OrgId,
        subscription.stripe_id,
        subscription.plan as Option<Plan>,
        subscription.interval as Option<BillingInterval>,
        subscription.status.as_str(),
        subscription.current_period_start,
        subscription.current_period_end,
        subscription.trial_end,
        subscription.cancel_at_period_end,
        subscription.canceled_at,
        subscription.synced_at,
        event_created,
        price_id,
        terms,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Organizations that pay as a customer, by id, behind `after`: with a subscription that has
/// not ended, or none that is known.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.subscriptions.list_to_compare", skip_all)]
#[boxed]
pub async fn list_to_compare(
    reader: &Reader,
    after: Option<OrgId>,
    limit: i64,
) -> Result<Vec<OrgId>> {
    Ok(sqlx::query_scalar!(
        r#"
        select billing_customer.organization_id as "id: OrgId"
        from billing_customer
        left join subscription
            on subscription.organization_id = billing_customer.organization_id
        where ($1::uuid is null or billing_customer.organization_id > $1)
            and (
                subscription.status is null
                or subscription.status not in ('canceled', 'incomplete_expired')
            )
        order by billing_customer.organization_id
        limit $2
        "#,
        after as Option<OrgId>,
        limit,
    )
    .fetch_all(reader.conn())
    .await?)
}

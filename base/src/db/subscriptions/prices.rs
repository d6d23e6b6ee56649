use time::OffsetDateTime;

use crate::{
    boxed,
    db::{Reader, Tx},
    domain::{BillingInterval, Currency, ListedPrice, Money, Plan},
    error::Result,
    telemetry::SPANS,
};

/// A price of our list, as Stripe shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownPrice {
    pub listed: ListedPrice,
    pub product_id: String,
}

/// Keeps what Stripe lists: these are the prices that new subscriptions pay, all others that
/// ever were are not any more.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.subscriptions.keep_prices", skip_all)]
#[boxed]
pub async fn keep_prices(tx: &mut Tx, current: &[KnownPrice], at: OffsetDateTime) -> Result<()> {
    let ids: Vec<String> = current
        .iter()
        .map(|price| price.listed.price_id.clone())
        .collect();
    sqlx::query!(
        r#"
        update stripe_price
        set is_current = false
        where is_current
            and not id = any($1)
        "#,
        &ids,
    )
    .execute(tx.conn())
    .await?;
    for price in current {
        sqlx::query!(
            r#"
            insert into stripe_price
                (id, product_id, plan, billing_interval, currency, unit_amount, is_current, seen_at)
            values ($1, $2, $3, $4, $5, $6, true, $7)
            on conflict (id) do update set
                product_id = excluded.product_id,
                plan = excluded.plan,
                billing_interval = excluded.billing_interval,
                currency = excluded.currency,
                unit_amount = excluded.unit_amount,
                is_current = true,
                seen_at = excluded.seen_at
            "#,
            price.listed.price_id,
            price.product_id,
            price.listed.plan as Plan,
            price.listed.interval as BillingInterval,
            price.listed.amount.currency.as_str(),
            price.listed.amount.minor,
            at,
        )
        .execute(tx.conn())
        .await?;
    }
    Ok(())
}

/// The prices that new subscriptions pay, as they were last seen, and when.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.subscriptions.list_current_prices", skip_all)]
#[boxed]
pub async fn list_current_prices(
    reader: &Reader,
) -> Result<(Vec<ListedPrice>, Option<OffsetDateTime>)> {
    let rows = sqlx::query!(
        r#"
        select
            id,
            plan as "plan: Plan",
            billing_interval as "interval: BillingInterval",
            currency,
            unit_amount,
            seen_at
        from stripe_price
        where is_current
        order by id
        "#,
    )
    .fetch_all(reader.conn())
    .await?;
    let seen_at = rows.iter().map(|row| row.seen_at).max();
    let mut prices = Vec::with_capacity(rows.len());
    for row in rows {
        prices.push(ListedPrice {
            plan: row.plan,
            interval: row.interval,
            price_id: row.id,
            amount: Money::new(row.unit_amount, Currency::parse(&row.currency)?),
        });
    }
    Ok((prices, seen_at))
}

/// The plan that a price was on our list for, by its id or by its product; `None`: it never
/// was. Two plans of one product are told apart by the price only.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.subscriptions.find_plan_of_price", skip_all)]
#[boxed]
pub async fn find_plan_of_price(
    reader: &Reader,
    price: &str,
    product: Option<&str>,
) -> Result<Option<Plan>> {
    Ok(sqlx::query_scalar!(
        r#"
        select plan as "plan: Plan"
        from stripe_price
        where id = $1
        union all
        select min(plan) as "plan: Plan"
        from stripe_price
        where product_id = $2
        having count(distinct plan) = 1
        limit 1
        "#,
        price,
        product,
    )
    .fetch_optional(reader.conn())
    .await?
    .flatten())
}

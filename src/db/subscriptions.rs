//! Subscriptions: what the page shows, and what billing mirrors from Stripe.

use std::time::Duration;

use sqlx::{Connection as _, PgConnection};
use time::OffsetDateTime;

use super::{Db, Reader, Stamped, Tx};
use crate::{
    domain::{
        ActivityId, ActivityKind, BillingInterval, Limits, OrgId, Plan, Subscription,
        SubscriptionStatus, SubscriptionView,
    },
    error::{Error, Result},
};

/// How long a lock's own connection may take to be made.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// What the subscription page shows; `None`: there is no such organization.
///
/// Everything by primary key, but the pending invitations, of which an
/// organization has 100 at most. An invitation's expiry is no change of a row:
/// a cached view counts it until the copy's own life ends.
///
/// # Errors
/// [`Error::Unavailable`] when the database cannot be reached;
/// [`Error::Internal`] when the row names a plan this program does not know.
pub async fn find_view(
    reader: &Reader,
    org: OrgId,
    now: OffsetDateTime,
) -> Result<Stamped<Option<SubscriptionView>>> {
    let row = sqlx::query_as!(
        ViewRow,
        r#"
        select
            pg_snapshot_xmin(pg_current_snapshot())::text::bigint as "as_of!",
            view.stripe_subscription_id as "stripe_subscription_id?",
            view.plan as "plan?",
            view.billing_interval as "billing_interval?",
            view.status as "status?",
            view.current_period_end as "current_period_end?",
            view.trial_end as "trial_end?",
            view.cancel_at_period_end as "cancel_at_period_end?",
            view.canceled_at as "canceled_at?",
            view.synced_at as "synced_at?",
            view.override_members as "override_members?",
            view.override_projects as "override_projects?",
            view.override_storage_gb as "override_storage_gb?",
            view.seats_used as "seats_used?"
        from (select 1) as one
        left join lateral (
            select
                subscription.stripe_subscription_id,
                subscription.plan,
                subscription.billing_interval,
                subscription.status,
                subscription.current_period_end,
                subscription.trial_end,
                subscription.cancel_at_period_end,
                subscription.canceled_at,
                subscription.synced_at,
                limit_override.members as override_members,
                limit_override.projects as override_projects,
                limit_override.storage_gb as override_storage_gb,
                coalesce(organization_member_count.members, 0) + (
                    select count(*)
                    from invitation
                    where invitation.organization_id = organization.id
                        and invitation.state = 'pending'
                        and invitation.expires_at > $2
                ) as seats_used
            from organization
            left join subscription on subscription.organization_id = organization.id
            left join limit_override on limit_override.organization_id = organization.id
            left join organization_member_count on organization_member_count.organization_id = organization.id
            where organization.id = $1
        ) as view on true
        "#,
        org.0,
        now,
    )
    .fetch_one(reader.conn())
    .await?;
    let as_of = row.as_of;
    Ok(Stamped::new(row.view()?, as_of))
}

struct ViewRow {
    as_of: i64,
    stripe_subscription_id: Option<String>,
    plan: Option<String>,
    billing_interval: Option<String>,
    status: Option<String>,
    current_period_end: Option<OffsetDateTime>,
    trial_end: Option<OffsetDateTime>,
    cancel_at_period_end: Option<bool>,
    canceled_at: Option<OffsetDateTime>,
    synced_at: Option<OffsetDateTime>,
    override_members: Option<i32>,
    override_projects: Option<i32>,
    override_storage_gb: Option<i32>,
    seats_used: Option<i64>,
}

impl ViewRow {
    fn view(self) -> Result<Option<SubscriptionView>> {
        let Some(seats_used) = self.seats_used else {
            return Ok(None);
        };
        let overrides = [
            self.override_members,
            self.override_projects,
            self.override_storage_gb,
        ];
        let mut view = SubscriptionView {
            subscription: self.subscription()?,
            limits: Plan::Free.limits(),
            limits_overridden: overrides.iter().any(Option::is_some),
            seats_used,
        };
        view.limits = overlaid(view.plan().limits(), overrides);
        Ok(Some(view))
    }

    fn subscription(self) -> Result<Option<Subscription>> {
        let (Some(stripe_id), Some(plan), Some(interval), Some(status), Some(synced_at)) = (
            self.stripe_subscription_id,
            self.plan,
            self.billing_interval,
            self.status,
            self.synced_at,
        ) else {
            return Ok(None);
        };
        Ok(Some(Subscription {
            stripe_id,
            plan: parse_plan(&plan)?,
            interval: parse_interval(&interval)?,
            status: SubscriptionStatus::parse(&status),
            current_period_end: self.current_period_end,
            trial_end: self.trial_end,
            cancel_at_period_end: self.cancel_at_period_end.unwrap_or_default(),
            canceled_at: self.canceled_at,
            synced_at,
        }))
    }
}

/// The plan's limits, each replaced by the organization's own where it has one.
fn overlaid(plan: Limits, [members, projects, storage_gb]: [Option<i32>; 3]) -> Limits {
    // A check of the table keeps overrides from being negative.
    let or = |limit: u32, over: Option<i32>| over.map_or(limit, i32::cast_unsigned);
    Limits {
        members: or(plan.members, members),
        projects: or(plan.projects, projects),
        storage_gb: or(plan.storage_gb, storage_gb),
    }
}

fn parse_plan(text: &str) -> Result<Plan> {
    Plan::parse(text)
        .ok_or_else(|| Error::internal(format!("the database names the unknown plan `{text}`")))
}

fn parse_interval(text: &str) -> Result<BillingInterval> {
    BillingInterval::parse(text).ok_or_else(|| {
        Error::internal(format!(
            "the database names the unknown billing interval `{text}`"
        ))
    })
}

/// The customer at Stripe that an organization pays as; `None`: it never did.
///
/// # Errors
/// [`Error::Unavailable`] when the database cannot be reached.
pub async fn find_customer(reader: &Reader, org: OrgId) -> Result<Option<String>> {
    Ok(sqlx::query_scalar!(
        r#"
        select stripe_customer_id
        from billing_customer
        where organization_id = $1
        "#,
        org.0,
    )
    .fetch_optional(reader.conn())
    .await?)
}

/// What is mirrored of a customer's subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mirrored {
    /// Stripe's id.
    pub stripe_id: String,
    /// The plan.
    pub plan: Plan,
    /// How often is paid.
    pub interval: BillingInterval,
    /// Its status when it was last compared.
    pub status: SubscriptionStatus,
    /// When that was.
    pub synced_at: OffsetDateTime,
}

struct MirroredRow {
    stripe_subscription_id: String,
    plan: String,
    billing_interval: String,
    status: String,
    synced_at: OffsetDateTime,
}

impl TryFrom<MirroredRow> for Mirrored {
    type Error = Error;

    fn try_from(row: MirroredRow) -> Result<Self> {
        Ok(Self {
            stripe_id: row.stripe_subscription_id,
            plan: parse_plan(&row.plan)?,
            interval: parse_interval(&row.billing_interval)?,
            status: SubscriptionStatus::parse(&row.status),
            synced_at: row.synced_at,
        })
    }
}

/// What is mirrored of a customer's subscription, if anything is.
///
/// # Errors
/// [`Error::Unavailable`] when the database cannot be reached;
/// [`Error::Internal`] when the row names a plan this program does not know.
pub async fn find_mirrored(reader: &Reader, customer: &str) -> Result<Option<Mirrored>> {
    sqlx::query_as!(
        MirroredRow,
        r#"
        select
            subscription.stripe_subscription_id,
            subscription.plan,
            subscription.billing_interval,
            subscription.status,
            subscription.synced_at
        from billing_customer
        join subscription on subscription.organization_id = billing_customer.organization_id
        where billing_customer.stripe_customer_id = $1
        "#,
        customer,
    )
    .fetch_optional(reader.conn())
    .await?
    .map(TryInto::try_into)
    .transpose()
}

/// The organization a customer stands for, its billing row locked until the
/// transaction ends; `None`: no organization of ours.
///
/// # Errors
/// [`Error::Unavailable`] when the database cannot be reached.
pub async fn lock_org_of_customer(tx: &mut Tx, customer: &str) -> Result<Option<OrgId>> {
    Ok(sqlx::query_scalar!(
        r#"
        select organization_id
        from billing_customer
        where stripe_customer_id = $1
        for update
        "#,
        customer,
    )
    .fetch_optional(tx.conn())
    .await?
    .map(OrgId))
}

/// Makes `customer` the one that `org` pays as. `false`: there is no such
/// organization, or it pays as another customer already.
///
/// # Errors
/// [`Error::Unavailable`] when the database cannot be reached.
pub async fn attach_customer(tx: &mut Tx, org: OrgId, customer: &str) -> Result<bool> {
    let attached = sqlx::query!(
        r#"
        insert into billing_customer (organization_id, stripe_customer_id)
        select organization.id, $2
        from organization
        where organization.id = $1
        on conflict do nothing
        "#,
        org.0,
        customer,
    )
    .execute(tx.conn())
    .await?;
    Ok(attached.rows_affected() == 1)
}

/// What is mirrored of an organization's subscription, read under the lock of
/// its billing row.
///
/// # Errors
/// [`Error::Unavailable`] when the database cannot be reached;
/// [`Error::Internal`] when the row names a plan this program does not know.
pub async fn find_mirrored_of_org(tx: &mut Tx, org: OrgId) -> Result<Option<Mirrored>> {
    sqlx::query_as!(
        MirroredRow,
        r#"
        select
            stripe_subscription_id,
            plan,
            billing_interval,
            status,
            synced_at
        from subscription
        where organization_id = $1
        "#,
        org.0,
    )
    .fetch_optional(tx.conn())
    .await?
    .map(TryInto::try_into)
    .transpose()
}

/// A comparison with Stripe, to be written down.
pub struct NewMirror<'a> {
    /// What Stripe has.
    pub subscription: &'a Subscription,
    /// Start of the paid period.
    pub current_period_start: Option<OffsetDateTime>,
    /// When the event that led to the comparison was made, if one did.
    pub event_created: Option<OffsetDateTime>,
}

/// Writes what Stripe has over what is mirrored. The caller holds the lock of
/// the billing row and has decided that it may.
///
/// # Errors
/// [`Error::Unavailable`] when the database cannot be reached;
/// [`Error::Internal`] when the subscription is another organization's.
pub async fn write_mirror(tx: &mut Tx, org: OrgId, mirror: NewMirror<'_>) -> Result<()> {
    let NewMirror {
        subscription,
        current_period_start,
        event_created,
    } = mirror;
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
            last_event_created = greatest(subscription.last_event_created, excluded.last_event_created),
            updated_at = now()
        "#,
        org.0,
        subscription.stripe_id,
        subscription.plan.as_str(),
        subscription.interval.as_str(),
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

/// Notes that the organization has had its trial, if that was not known yet: it
/// is granted once.
///
/// # Errors
/// [`Error::Unavailable`] when the database cannot be reached.
pub async fn note_trial(tx: &mut Tx, org: OrgId, at: OffsetDateTime) -> Result<()> {
    sqlx::query!(
        r#"
        update billing_customer
        set trial_used_at = $2
        where organization_id = $1
            and trial_used_at is null
        "#,
        org.0,
        at,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Writes into the audit log what Stripe changed. Nobody of ours did it, so the
/// entry names no person.
///
/// # Errors
/// [`Error::Unavailable`] when the database cannot be reached.
pub async fn record_change(tx: &mut Tx, org: OrgId, detail: &str) -> Result<()> {
    sqlx::query!(
        r#"
        insert into activity (id, organization_id, actor_id, actor_name, kind, subject, detail)
        values ($1, $2, null, 'Stripe', $3, '', $4)
        "#,
        ActivityId::new().0,
        org.0,
        ActivityKind::SubscriptionChanged.as_str(),
        detail,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The right to ask Stripe about one customer and to write the answer.
///
/// It spans a call to Stripe, so it must not be a transaction: one left open for
/// seconds holds back the cache's position. It is an advisory lock of a database
/// session that belongs to nothing else, so that it ends when this value does,
/// whatever became of the task that held it, and never follows a connection back
/// into the pool.
pub struct CustomerLock {
    session: PgConnection,
    customer: String,
}

impl CustomerLock {
    /// Opens the session that is to hold the lock; holds nothing yet.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the database cannot be reached.
    pub async fn open(db: &Db, customer: &str) -> Result<Self> {
        let options = db.pool.connect_options();
        let session = tokio::time::timeout(CONNECT_TIMEOUT, PgConnection::connect_with(&options))
            .await
            .map_err(|elapsed| Error::unavailable("the database", elapsed))??;
        Ok(Self {
            session,
            customer: customer.to_owned(),
        })
    }

    /// Takes the lock if nobody else has it. Never waits inside the database:
    /// a waiting statement is an open transaction.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the database cannot be reached.
    pub async fn try_take(&mut self) -> Result<bool> {
        Ok(sqlx::query_scalar!(
            r#"select pg_try_advisory_lock(hashtextextended('stripe customer ' || $1, 0)) as "taken!""#,
            self.customer,
        )
        .fetch_one(&mut self.session)
        .await?)
    }

    /// Makes sure that the session, and so the lock, is still there.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when it is not.
    pub async fn confirm(&mut self) -> Result<()> {
        Ok(self.session.ping().await?)
    }

    /// Gives the lock back. Dropping it does too, as soon as the server notices.
    pub async fn release(self) {
        if let Err(error) = self.session.close().await {
            tracing::debug!(%error, "the session of a customer's lock did not close in good order");
        }
    }
}

use time::OffsetDateTime;

use crate::{
    boxed,
    db::{Reader, Stamped},
    domain::{
        BillingInterval, Email, Limits, OrgId, OrgSlug, PendingWish, Plan, Subscription,
        SubscriptionStatus, SubscriptionView, Terms,
    },
    error::Result,
    telemetry::SPANS,
};

/// What the subscription page of the organization with this current slug shows.
/// `None`: no such organization.
///
/// Everything by unique indexes, but for the pending invitations, of which an
/// organization has as many as seats. The expiry of an invitation changes no row: a cached
/// view counts it until the cached value's own life ends.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.subscriptions.find_view", skip_all)]
#[boxed]
pub async fn find_view(
    reader: &Reader,
    slug: &OrgSlug,
    now: OffsetDateTime,
) -> Result<Stamped<Option<SubscriptionView>>> {
    let row = sqlx::query_as!(
        Row,
        r#"
        select
            pg_snapshot_xmin(pg_current_snapshot())::text::bigint as "as_of!",
            view.org_id as "org_id?: OrgId",
            view.stripe_subscription_id as "stripe_subscription_id?",
            view.plan as "plan?: Plan",
            view.billing_interval as "billing_interval?: BillingInterval",
            view.status as "status?: SubscriptionStatus",
            view.current_period_start as "current_period_start?",
            view.current_period_end as "current_period_end?",
            view.trial_end as "trial_end?",
            view.cancel_at_period_end as "cancel_at_period_end?",
            view.canceled_at as "canceled_at?",
            view.terms as "terms?",
            view.synced_at as "synced_at?",
            view.trial_used_at as "trial_used_at?",
            view.billing_contact as "billing_contact?: Email",
            view.wish as "wish?",
            view.wish_since as "wish_since?",
            view.delayed_since as "delayed_since?",
            view.override_members as "override_members?",
            view.override_projects as "override_projects?",
            view.override_storage_gb as "override_storage_gb?",
            view.seats_used as "seats_used?"
        from (select 1) as one
        left join lateral (
            select
                organization.id as org_id,
                subscription.stripe_subscription_id,
                subscription.plan,
                subscription.billing_interval,
                subscription.status,
                subscription.current_period_start,
                subscription.current_period_end,
                subscription.trial_end,
                subscription.cancel_at_period_end,
                subscription.canceled_at,
                subscription.terms,
                subscription.synced_at,
                billing_customer.trial_used_at,
                billing_customer.wish,
                billing_customer.wish_since,
                billing_customer.delayed_since,
                billing_contact.email as billing_contact,
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
            left join billing_customer on billing_customer.organization_id = organization.id
            left join billing_contact on billing_contact.organization_id = organization.id
            left join limit_override on limit_override.organization_id = organization.id
            left join organization_member_count
                on organization_member_count.organization_id = organization.id
            where organization.slug = $1
        ) as view on true
        "#,
        slug as &OrgSlug,
        now,
    )
    .fetch_one(reader.conn())
    .await?;
    let as_of = row.as_of;
    Ok(Stamped::new(row.view(), as_of))
}

struct Row {
    as_of: i64,
    org_id: Option<OrgId>,
    stripe_subscription_id: Option<String>,
    plan: Option<Plan>,
    billing_interval: Option<BillingInterval>,
    status: Option<SubscriptionStatus>,
    current_period_start: Option<OffsetDateTime>,
    current_period_end: Option<OffsetDateTime>,
    trial_end: Option<OffsetDateTime>,
    cancel_at_period_end: Option<bool>,
    canceled_at: Option<OffsetDateTime>,
    terms: Option<serde_json::Value>,
    synced_at: Option<OffsetDateTime>,
    trial_used_at: Option<OffsetDateTime>,
    billing_contact: Option<Email>,
    wish: Option<String>,
    wish_since: Option<OffsetDateTime>,
    delayed_since: Option<OffsetDateTime>,
    override_members: Option<i32>,
    override_projects: Option<i32>,
    override_storage_gb: Option<i32>,
    seats_used: Option<i64>,
}

impl Row {
    fn view(mut self) -> Option<SubscriptionView> {
        let overrides = [
            self.override_members,
            self.override_projects,
            self.override_storage_gb,
        ];
        let mut view = SubscriptionView {
            org_id: self.org_id?,
            limits: Plan::Free.limits(),
            limits_overridden: overrides.iter().any(Option::is_some),
            seats_used: self.seats_used?,
            trial_available: self.trial_used_at.is_none(),
            billing_contact: self.billing_contact.take(),
            wish: self.wish(),
            delayed_since: self.delayed_since,
            subscription: self.subscription(),
        };
        view.limits = overlaid(view.plan().limits(), overrides);
        Some(view)
    }

    /// A newer program's kind of wish is not shown.
    fn wish(&self) -> Option<PendingWish> {
        Some(PendingWish {
            kind: self.wish.as_deref()?.parse().ok()?,
            since: self.wish_since?,
        })
    }

    fn subscription(self) -> Option<Subscription> {
        Some(Subscription {
            stripe_id: self.stripe_subscription_id?,
            plan: self.plan,
            interval: self.billing_interval,
            status: self.status?,
            current_period_start: self.current_period_start,
            current_period_end: self.current_period_end,
            trial_end: self.trial_end,
            cancel_at_period_end: self.cancel_at_period_end?,
            canceled_at: self.canceled_at,
            terms: terms(self.terms?),
            synced_at: self.synced_at?,
        })
    }
}

/// Of terms that another version of the program wrote nothing is shown until the next
/// comparison: status and dates stand in columns of their own.
pub(super) fn terms(value: serde_json::Value) -> Terms {
    serde_json::from_value(value).unwrap_or_default()
}

/// Seats under the plan, or the organization's own number where it has one.
pub(super) fn members_limit(plan: Plan, over: Option<i32>) -> u32 {
    overlaid(plan.limits(), [over, None, None]).members
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

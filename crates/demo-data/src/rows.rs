//! Bulk inserts for the demo data: many rows a statement, from arrays.

use std::collections::HashSet;

use orghub::domain::{
    ActivityKind, BillingInterval, Charge, Currency, Cycle, Email, Money, OrgId, OrgSlug, Plan,
    Role, SubscriptionStatus, Terms, UserId,
};
use sqlx::{PgConnection, Result};
use time::OffsetDateTime;
use uuid::Uuid;

/// A user to be added.
pub struct User {
    /// The id they get if they are new.
    pub id: UserId,
    /// Sign-in address.
    pub email: Email,
    /// Display name.
    pub name: String,
    /// Whether they may use `/admin`.
    pub platform_admin: bool,
    /// When they signed up.
    pub created_at: OffsetDateTime,
}

/// An organization to be added.
pub struct Org {
    /// Its id.
    pub id: OrgId,
    /// Its slug.
    pub slug: OrgSlug,
    /// Its name.
    pub name: String,
    /// When it was made.
    pub created_at: OffsetDateTime,
}

/// A membership to be added.
pub struct Member {
    /// Its id.
    pub id: Uuid,
    /// The organization.
    pub org: OrgId,
    /// The user.
    pub user: UserId,
    /// Their role.
    pub role: Role,
    /// When they joined.
    pub joined_at: OffsetDateTime,
}

/// An entry of an audit log to be added.
pub struct Entry {
    /// Its id.
    pub id: Uuid,
    /// The organization.
    pub org: OrgId,
    /// Who did it.
    pub actor: UserId,
    /// The actor's name.
    pub actor_name: String,
    /// What.
    pub kind: ActivityKind,
    /// To whom or what.
    pub subject: String,
    /// What more there is to say.
    pub detail: String,
    /// When.
    pub at: OffsetDateTime,
}

/// An invitation to be added, pending.
pub struct Invitation {
    /// Its id.
    pub id: Uuid,
    /// The organization.
    pub org: OrgId,
    /// Whom it was sent to.
    pub email: Email,
    /// The role it offers.
    pub role: Role,
    /// SHA-256 of the secret in its link.
    pub token_hash: [u8; 32],
    /// Who sent it.
    pub invited_by: UserId,
    /// When it was sent.
    pub created_at: OffsetDateTime,
    /// When it ends.
    pub expires_at: OffsetDateTime,
}

/// A subscription to be added, with its customer.
pub struct Subscription {
    /// The organization.
    pub org: OrgId,
    /// Stripe's id of the customer.
    pub customer_id: String,
    /// Stripe's id of the subscription.
    pub subscription_id: String,
    /// What is paid for.
    pub plan: Plan,
    /// How often.
    pub interval: BillingInterval,
    /// Where it stands.
    pub status: SubscriptionStatus,
    /// Start of the paid period.
    pub period_start: OffsetDateTime,
    /// End of the paid period.
    pub period_end: OffsetDateTime,
    /// End of the trial, if there is one.
    pub trial_end: Option<OffsetDateTime>,
    /// Whether it ends with the period.
    pub cancel_at_period_end: bool,
    /// When the row was compared with Stripe.
    pub synced_at: OffsetDateTime,
}

/// Which of the slugs are some organization's already.
pub async fn taken_slugs(db: &mut PgConnection, slugs: &[OrgSlug]) -> Result<HashSet<String>> {
    let slugs: Vec<&str> = slugs.iter().map(OrgSlug::as_str).collect();
    let taken = sqlx::query_scalar!(
        r#"
        select slug
        from organization_slug
        where slug = any($1)
        "#,
        &slugs as &[&str],
    )
    .fetch_all(&mut *db)
    .await?;
    Ok(taken.into_iter().collect())
}

/// Adds users, all with one password, and returns everybody's id in the given
/// order: those whose address is known already keep theirs.
pub async fn insert_users(
    db: &mut PgConnection,
    users: &[User],
    password_hash: &str,
) -> Result<(u64, Vec<UserId>)> {
    let emails: Vec<&str> = users.iter().map(|user| user.email.as_str()).collect();
    let inserted = sqlx::query!(
        r#"
        insert into users (id, email, name, password_hash, email_verified_at, platform_admin, created_at, updated_at)
        select id, email, name, $6, created_at, platform_admin, created_at, created_at
        from unnest($1::uuid[], $2::text[], $3::text[], $4::boolean[], $5::timestamptz[])
            as new (id, email, name, platform_admin, created_at)
        on conflict (email) do nothing
        "#,
        &users.iter().map(|user| user.id.0).collect::<Vec<_>>(),
        &emails as &[&str],
        &users.iter().map(|user| user.name.as_str()).collect::<Vec<_>>() as &[&str],
        &users.iter().map(|user| user.platform_admin).collect::<Vec<_>>(),
        &users.iter().map(|user| user.created_at).collect::<Vec<_>>(),
        password_hash,
    )
    .execute(&mut *db)
    .await?;
    let ids = sqlx::query_scalar!(
        r#"
        select users.id
        from unnest($1::text[]) with ordinality as given (email, position)
        join users on users.email = given.email
        order by given.position
        "#,
        &emails as &[&str],
    )
    .fetch_all(&mut *db)
    .await?;
    Ok((
        inserted.rows_affected(),
        ids.into_iter().map(UserId).collect(),
    ))
}

/// Adds organizations.
pub async fn insert_orgs(db: &mut PgConnection, orgs: &[Org]) -> Result<()> {
    sqlx::query!(
        r#"
        insert into organization (id, slug, name, created_at, updated_at)
        select id, slug, name, created_at, created_at
        from unnest($1::uuid[], $2::text[], $3::text[], $4::timestamptz[])
            as org (id, slug, name, created_at)
        "#,
        &orgs.iter().map(|org| org.id.0).collect::<Vec<_>>(),
        &orgs.iter().map(|org| org.slug.as_str()).collect::<Vec<_>>() as &[&str],
        &orgs.iter().map(|org| org.name.as_str()).collect::<Vec<_>>() as &[&str],
        &orgs.iter().map(|org| org.created_at).collect::<Vec<_>>(),
    )
    .execute(&mut *db)
    .await?;
    Ok(())
}

/// Adds memberships, and says how many were new: who is a member already stays one
/// as they are.
pub async fn insert_members(db: &mut PgConnection, members: &[Member]) -> Result<u64> {
    let inserted = sqlx::query!(
        r#"
        insert into member (id, organization_id, user_id, role, created_at)
        select id, organization_id, user_id, role, created_at
        from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::timestamptz[])
            as membership (id, organization_id, user_id, role, created_at)
        on conflict (user_id, organization_id) do nothing
        "#,
        &members.iter().map(|member| member.id).collect::<Vec<_>>(),
        &members
            .iter()
            .map(|member| member.org.0)
            .collect::<Vec<_>>(),
        &members
            .iter()
            .map(|member| member.user.0)
            .collect::<Vec<_>>(),
        &members
            .iter()
            .map(|member| member.role.as_str())
            .collect::<Vec<_>>() as &[&str],
        &members
            .iter()
            .map(|member| member.joined_at)
            .collect::<Vec<_>>(),
    )
    .execute(&mut *db)
    .await?;
    Ok(inserted.rows_affected())
}

/// Adds entries to audit logs.
pub async fn insert_activity(db: &mut PgConnection, entries: &[Entry]) -> Result<()> {
    sqlx::query!(
        r#"
        insert into activity (id, organization_id, actor_id, actor_name, kind, subject, detail, created_at)
        select id, organization_id, actor_id, actor_name, kind, subject, detail, created_at
        from unnest(
            $1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::timestamptz[]
        ) as entry (id, organization_id, actor_id, actor_name, kind, subject, detail, created_at)
        "#,
        &entries.iter().map(|entry| entry.id).collect::<Vec<_>>(),
        &entries.iter().map(|entry| entry.org.0).collect::<Vec<_>>(),
        &entries.iter().map(|entry| entry.actor.0).collect::<Vec<_>>(),
        &entries.iter().map(|entry| entry.actor_name.as_str()).collect::<Vec<_>>() as &[&str],
        &entries.iter().map(|entry| entry.kind.as_str()).collect::<Vec<_>>() as &[&str],
        &entries.iter().map(|entry| entry.subject.as_str()).collect::<Vec<_>>() as &[&str],
        &entries.iter().map(|entry| entry.detail.as_str()).collect::<Vec<_>>() as &[&str],
        &entries.iter().map(|entry| entry.at).collect::<Vec<_>>(),
    )
    .execute(&mut *db)
    .await?;
    Ok(())
}

/// Adds pending invitations.
pub async fn insert_invitations(db: &mut PgConnection, invitations: &[Invitation]) -> Result<()> {
    sqlx::query!(
        r#"
        insert into invitation (id, organization_id, email, role, invited_by, created_at, sent_at, expires_at)
        select id, organization_id, email, role, invited_by, created_at, created_at, expires_at
        from unnest(
            $1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::uuid[], $6::timestamptz[], $7::timestamptz[]
        ) as sent (id, organization_id, email, role, invited_by, created_at, expires_at)
        "#,
        &invitations.iter().map(|invitation| invitation.id).collect::<Vec<_>>(),
        &invitations.iter().map(|invitation| invitation.org.0).collect::<Vec<_>>(),
        &invitations.iter().map(|invitation| invitation.email.as_str()).collect::<Vec<_>>() as &[&str],
        &invitations.iter().map(|invitation| invitation.role.as_str()).collect::<Vec<_>>() as &[&str],
        &invitations.iter().map(|invitation| invitation.invited_by.0).collect::<Vec<_>>(),
        &invitations.iter().map(|invitation| invitation.created_at).collect::<Vec<_>>(),
        &invitations.iter().map(|invitation| invitation.expires_at).collect::<Vec<_>>(),
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        r#"
        insert into invitation_token (token_hash, invitation_id, created_at)
        select token_hash, invitation_id, created_at
        from unnest($1::bytea[], $2::uuid[], $3::timestamptz[])
            as sent (token_hash, invitation_id, created_at)
        "#,
        &invitations
            .iter()
            .map(|invitation| invitation.token_hash.as_slice())
            .collect::<Vec<_>>() as &[&[u8]],
        &invitations
            .iter()
            .map(|invitation| invitation.id)
            .collect::<Vec<_>>(),
        &invitations
            .iter()
            .map(|invitation| invitation.created_at)
            .collect::<Vec<_>>(),
    )
    .execute(&mut *db)
    .await?;
    Ok(())
}

/// Adds a subscription and its customer; a trial, when there is one, counts as used.
pub async fn insert_subscription(db: &mut PgConnection, subscription: &Subscription) -> Result<()> {
    sqlx::query!(
        r#"
        insert into billing_customer (organization_id, stripe_customer_id, trial_used_at, created_at)
        values ($1, $2, $3, $4)
        "#,
        subscription.org.0,
        subscription.customer_id,
        subscription.trial_end.map(|_| subscription.period_start),
        subscription.period_start,
    )
    .execute(&mut *db)
    .await?;
    let key = format!(
        "{}_{}",
        subscription.plan.as_str(),
        subscription.interval.as_str()
    );
    let price_id = format!("price_{key}");
    let ends_at = subscription
        .cancel_at_period_end
        .then_some(subscription.period_end);
    let cents = i64::from(subscription.plan.price_usd(subscription.interval)) * 100;
    let terms = serde_json::to_value(Terms {
        charge: Some(Charge {
            price_id: price_id.clone(),
            unit: Some(Money::new(
                cents,
                Currency::parse("usd").expect("a currency"),
            )),
            quantity: 1,
            cycle: Some(Cycle {
                count: 1,
                unit: subscription.interval.as_str().to_owned(),
            }),
        }),
        ends_at,
        unpaid_since: (subscription.status == SubscriptionStatus::PastDue)
            .then_some(subscription.period_start),
        ..Terms::default()
    })
    .expect("terms are JSON");
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
            synced_at,
            stripe_price_id,
            terms
        )
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
        "#,
        subscription.org.0,
        subscription.subscription_id,
        subscription.plan.as_str(),
        subscription.interval.as_str(),
        subscription.status.as_str(),
        subscription.period_start,
        subscription.period_end,
        subscription.trial_end,
        subscription.cancel_at_period_end,
        subscription.synced_at,
        price_id,
        terms,
    )
    .execute(&mut *db)
    .await?;
    Ok(())
}

/// Gives an organization a limit of members of its own.
pub async fn insert_member_limit(db: &mut PgConnection, org: OrgId, members: i32) -> Result<()> {
    sqlx::query!(
        r#"
        insert into limit_override (organization_id, members)
        values ($1, $2)
        "#,
        org.0,
        members,
    )
    .execute(&mut *db)
    .await?;
    Ok(())
}

/// The organization of this slug and its number of members.
pub async fn find_org_size(db: &mut PgConnection, slug: &OrgSlug) -> Result<Option<(OrgId, i64)>> {
    let row = sqlx::query!(
        r#"
        select
            organization.id,
            coalesce(counted.members, 0) as "members!"
        from organization
        left join organization_member_count as counted on counted.organization_id = organization.id
        where organization.slug = $1
        "#,
        slug.as_str(),
    )
    .fetch_optional(&mut *db)
    .await?;
    Ok(row.map(|row| (OrgId(row.id), row.members)))
}

/// Counts what is in the tables, so that the first plans are good ones: by itself
/// the database does it a minute later.
pub async fn analyze(db: &mut PgConnection) -> Result<()> {
    sqlx::query!("analyze users, organization, organization_slug, organization_member_count, member, activity")
        .execute(&mut *db)
        .await?;
    Ok(())
}

//! The five organizations everybody tries things out with, and a thousand more
//! for company.

use orghub::domain::{
    ActivityKind, BillingInterval, Email, OrgId, OrgSlug, Plan, Role, SubscriptionStatus, UserId,
};
use sqlx::{Connection as _, PgConnection, Result};
use time::{Duration, OffsetDateTime};

use crate::{
    Report, names,
    random::Random,
    rows::{self, Entry, Invitation, Member, Org, Subscription, User},
};

/// How far back the oldest data goes.
const PAST: Duration = Duration::days(730);

/// How many organizations stand beside the five.
const FURTHER_ORGS: usize = 1_000;

/// Users who share the further organizations.
const FURTHER_USERS: u32 = 1_500;

/// Members and pending invitations of `acme` fit into this override.
const ACME_MEMBER_LIMIT: i32 = 12_000;

/// One of the five.
struct Spec {
    slug: &'static str,
    name: &'static str,
    /// Members in all, the known ones included.
    members: u32,
    /// Known members besides `owner@acme.test`, by address.
    known: &'static [(&'static str, Role)],
    /// How many invitations are pending.
    invited: u32,
    subscription: Option<Terms>,
}

/// A subscription's terms.
struct Terms {
    plan: Plan,
    status: SubscriptionStatus,
    cancel_at_period_end: bool,
}

/// The users of the demo, besides the crowd.
const KNOWN: [(&str, &str); 6] = [
    (OWNER, "Olive Winterbourne"),
    (ADMIN, "Adam Brightwater"),
    (MEMBER, "Mina Foxglove"),
    ("outsider@acme.test", "Otto Elsewhere"),
    ("root@orghub.test", "Ruth Underhill"),
    ("staff@orghub.test", "Stella Overhill"),
];
pub(crate) const OWNER: &str = "owner@acme.test";
const ADMIN: &str = "admin@acme.test";
const MEMBER: &str = "member@acme.test";
const PLATFORM_ADMINS: [&str; 2] = ["root@orghub.test", "staff@orghub.test"];

fn specs() -> [Spec; 5] {
    let pro = |status| {
        Some(Terms {
            plan: Plan::Pro,
            status,
            cancel_at_period_end: false,
        })
    };
    [
        Spec {
            slug: "acme",
            name: "Acme",
            members: 10_000,
            known: &[(ADMIN, Role::Admin), (MEMBER, Role::Member)],
            invited: 12,
            subscription: Some(Terms {
                plan: Plan::Ultra,
                status: SubscriptionStatus::Active,
                cancel_at_period_end: false,
            }),
        },
        Spec {
            slug: "globex",
            name: "Globex",
            members: 8,
            known: &[(MEMBER, Role::Member)],
            invited: 1,
            subscription: pro(SubscriptionStatus::Trialing),
        },
        Spec {
            slug: "initech",
            name: "Initech",
            members: 6,
            known: &[],
            invited: 0,
            subscription: pro(SubscriptionStatus::PastDue),
        },
        Spec {
            slug: "umbrella",
            name: "Umbrella",
            members: 9,
            known: &[],
            invited: 0,
            subscription: Some(Terms {
                plan: Plan::Pro,
                status: SubscriptionStatus::Active,
                cancel_at_period_end: true,
            }),
        },
        Spec {
            slug: "hooli",
            name: "Hooli",
            members: 3,
            known: &[],
            invited: 0,
            subscription: None,
        },
    ]
}

/// Adds what of it is not there yet.
pub(crate) async fn add(
    connection: &mut PgConnection,
    today: OffsetDateTime,
    password_hash: &str,
    report: &mut Report,
) -> Result<()> {
    let mut tx = connection.begin().await?;
    let known = known_users(today);
    let (added, known_ids) = rows::insert_users(&mut tx, &known, password_hash).await?;
    report.users += added;
    let known_id = |email: &str| {
        let position = known.iter().position(|user| user.email.as_str() == email);
        known_ids[position.expect("the address is one of the known users's")]
    };

    for (number, spec) in specs().into_iter().enumerate() {
        let slug = parse_slug(spec.slug);
        if !rows::taken_slugs(&mut tx, std::slice::from_ref(&slug))
            .await?
            .is_empty()
        {
            continue;
        }
        let mut random = Random::of(number as u64 + 1);
        // A month apart, so that `acme` is the organization they joined first.
        let founded = today - PAST + Duration::days(30 * number as i64);
        let org = Org {
            id: OrgId(random.id(founded)),
            slug,
            name: spec.name.to_owned(),
            created_at: founded,
        };
        let mut crew = vec![(known_id(OWNER), Role::Owner)];
        crew.extend(
            spec.known
                .iter()
                .map(|(email, role)| (known_id(email), *role)),
        );
        let strangers = spec.members - u32::try_from(crew.len()).expect("a crew of three at most");
        let crowd = crowd(&mut random, strangers, founded, today, |name, number| {
            names::address(name, number, spec.slug)
        });
        let (added, crowd_ids) = rows::insert_users(&mut tx, &crowd, password_hash).await?;
        report.users += added;

        rows::insert_orgs(&mut tx, std::slice::from_ref(&org)).await?;
        let crew_joined = (0..).map(|day| founded + Duration::days(day));
        let crew = crew
            .into_iter()
            .zip(crew_joined)
            .map(|((user, role), joined)| (user, role, joined));
        let crowd_joined = crowd_ids.iter().enumerate().map(|(index, user)| {
            // One in a hundred is an admin, and one in each of the small ones.
            let role = if index % 100 == 0 {
                Role::Admin
            } else {
                Role::Member
            };
            (*user, role, crowd[index].created_at)
        });
        let members: Vec<_> = crew
            .chain(crowd_joined)
            .map(|(user, role, joined_at)| Member {
                id: random.id(joined_at),
                org: org.id,
                user,
                role,
                joined_at,
            })
            .collect();
        report.members += rows::insert_members(&mut tx, &members).await?;
        rows::insert_activity(
            &mut tx,
            &history(&mut random, &org, &spec, known_id(OWNER), &crowd, today),
        )
        .await?;
        let invitations = invitations(&mut random, &org, spec.invited, known_id(OWNER), today);
        rows::insert_invitations(&mut tx, &invitations).await?;
        if let Some(terms) = &spec.subscription {
            rows::insert_subscription(&mut tx, &subscription(&org, terms, today)).await?;
        }
        if spec.slug == "acme" {
            rows::insert_member_limit(&mut tx, org.id, ACME_MEMBER_LIMIT).await?;
        }
        report.orgs += 1;
    }
    add_further(&mut tx, today, password_hash, report).await?;
    tx.commit().await?;
    Ok(())
}

/// The users the demo knows by name.
pub(crate) fn known_users(today: OffsetDateTime) -> Vec<User> {
    let mut random = Random::of(0);
    let created_at = today - PAST - Duration::days(1);
    KNOWN
        .iter()
        .map(|(email, name)| User {
            id: UserId(random.id(created_at)),
            email: Email::parse(email).expect("a known address is one"),
            name: (*name).to_owned(),
            platform_admin: PLATFORM_ADMINS.contains(email),
            created_at,
        })
        .collect()
}

/// `count` strangers who came at various times between the two.
fn crowd(
    random: &mut Random,
    count: u32,
    from: OffsetDateTime,
    until: OffsetDateTime,
    address: impl Fn(&str, u32) -> Email,
) -> Vec<User> {
    let seconds = (until - from).whole_seconds().unsigned_abs();
    (1..=count)
        .map(|number| {
            let name = names::full_name(random);
            let created_at = from + std::time::Duration::from_secs(random.below(seconds));
            let email = address(&name, number);
            User {
                id: UserId(random.id(created_at)),
                email,
                name,
                platform_admin: false,
                created_at,
            }
        })
        .collect()
}

/// What happened in the organization: its beginning, its subscription, and a few
/// things of late.
fn history(
    random: &mut Random,
    org: &Org,
    spec: &Spec,
    owner: UserId,
    crowd: &[User],
    today: OffsetDateTime,
) -> Vec<Entry> {
    let mut events = vec![(
        ActivityKind::OrgCreated,
        org.name.clone(),
        String::new(),
        org.created_at,
    )];
    if let Some(terms) = &spec.subscription {
        let detail = format!(
            "{}, {}",
            terms.plan.label(),
            terms.status.as_str().replace('_', " ")
        );
        events.push((
            ActivityKind::SubscriptionChanged,
            String::new(),
            detail,
            today - Duration::days(5),
        ));
    }
    for (user, hours) in crowd.iter().step_by(100).take(4).zip([80, 54, 29, 3]) {
        let change = "member → admin".to_owned();
        events.push((
            ActivityKind::RoleChanged,
            user.name.clone(),
            change,
            today - Duration::hours(hours),
        ));
    }
    events
        .into_iter()
        .map(|(kind, subject, detail, at)| Entry {
            id: random.id(at),
            org: org.id,
            actor: owner,
            actor_name: KNOWN[0].1.to_owned(),
            kind,
            subject,
            detail,
            at,
        })
        .collect()
}

fn invitations(
    random: &mut Random,
    org: &Org,
    count: u32,
    owner: UserId,
    today: OffsetDateTime,
) -> Vec<Invitation> {
    (1..=count)
        .map(|number| {
            let name = names::full_name(random);
            Invitation {
                id: random.id(today),
                org: org.id,
                email: names::address(&name, number, "invited"),
                role: if number % 5 == 0 {
                    Role::Admin
                } else {
                    Role::Member
                },
                // A hash of nothing in particular: there is no token that would open it.
                token_hash: random.bytes(),
                invited_by: owner,
                created_at: today,
                expires_at: today + Duration::days(7),
            }
        })
        .collect()
}

/// The ids are those by which the Stripe fake knows them.
fn subscription(org: &Org, terms: &Terms, today: OffsetDateTime) -> Subscription {
    let trialing = terms.status == SubscriptionStatus::Trialing;
    let (period_start, length) = if trialing { (5, 14) } else { (10, 30) };
    let period_start = today - Duration::days(period_start);
    let period_end = period_start + Duration::days(length);
    Subscription {
        org: org.id,
        customer_id: format!("cus_demo_{}", org.slug),
        subscription_id: format!("sub_demo_{}", org.slug),
        plan: terms.plan,
        interval: BillingInterval::Month,
        status: terms.status.clone(),
        period_start,
        period_end,
        trial_end: trialing.then_some(period_end),
        cancel_at_period_end: terms.cancel_at_period_end,
        synced_at: today,
    }
}

/// The thousand: two or three members each, as the free plan allows.
async fn add_further(
    tx: &mut PgConnection,
    today: OffsetDateTime,
    password_hash: &str,
    report: &mut Report,
) -> Result<()> {
    let slugs: Vec<_> = (0..FURTHER_ORGS)
        .map(|number| parse_slug(&slug_of(&names::org(number))))
        .collect();
    let taken = rows::taken_slugs(tx, &slugs).await?;
    let missing: Vec<_> = slugs
        .into_iter()
        .enumerate()
        .filter(|(_, slug)| !taken.contains(slug.as_str()))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let mut random = Random::of(100);
    let users = crowd(
        &mut random,
        FURTHER_USERS,
        today - PAST,
        today - PAST / 2,
        |name, n| names::address(name, n, "folk"),
    );
    let (added, ids) = rows::insert_users(tx, &users, password_hash).await?;
    report.users += added;

    let (mut orgs, mut members, mut entries) = (Vec::new(), Vec::new(), Vec::new());
    for (number, slug) in missing {
        let mut random = Random::of(1_000 + number as u64);
        let name = names::org(number);
        let founded = today - PAST / 2 + std::time::Duration::from_secs(random.below(360 * 86_400));
        let org = OrgId(random.id(founded));
        // Neighbors in the crowd, so that many belong to several organizations.
        for (place, role) in [Role::Owner, Role::Admin, Role::Member]
            .into_iter()
            .take(2 + number % 2)
            .enumerate()
        {
            let joined_at = founded + Duration::hours(place as i64);
            let user = ids[(number + place) % ids.len()];
            members.push(Member {
                id: random.id(joined_at),
                org,
                user,
                role,
                joined_at,
            });
        }
        let founder = number % ids.len();
        entries.push(Entry {
            id: random.id(founded),
            org,
            actor: ids[founder],
            actor_name: users[founder].name.clone(),
            kind: ActivityKind::OrgCreated,
            subject: name.clone(),
            detail: String::new(),
            at: founded,
        });
        orgs.push(Org {
            id: org,
            slug,
            name,
            created_at: founded,
        });
    }
    rows::insert_orgs(tx, &orgs).await?;
    report.members += rows::insert_members(tx, &members).await?;
    rows::insert_activity(tx, &entries).await?;
    report.orgs += orgs.len() as u64;
    Ok(())
}

fn parse_slug(text: &str) -> OrgSlug {
    OrgSlug::parse(text).expect("the demo's slugs are well-formed")
}

fn slug_of(name: &str) -> String {
    name.to_lowercase().replace(' ', "-")
}

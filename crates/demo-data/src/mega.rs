//! One organization of any size, to see what size does.

use orghub::domain::{OrgId, OrgSlug, Role, UserId};
use sqlx::{Connection as _, PgConnection, Result};
use time::{Duration, OffsetDateTime};

use crate::{
    Report, demo, names,
    random::Random,
    rows::{self, Member, Org, User},
};

/// Members added by one transaction.
const BATCH: u32 = 10_000;

/// How far back the organization goes.
const PAST: Duration = Duration::days(1_095);

/// Makes `mega` have `wanted` members, the first of them `owner@acme.test`. What
/// is there is counted and kept, so that an interrupted run is taken up again.
pub(crate) async fn add(
    connection: &mut PgConnection,
    today: OffsetDateTime,
    wanted: u32,
    password_hash: &str,
    report: &mut Report,
) -> Result<()> {
    let slug = OrgSlug::parse("mega").expect("a well-formed slug");
    let mut tx = connection.begin().await?;
    let (org, present) = match rows::find_org_size(&mut tx, &slug).await? {
        Some(found) => found,
        None => {
            let created_at = today - PAST;
            let id = OrgId(Random::of(200).id(created_at));
            rows::insert_orgs(
                &mut tx,
                &[Org {
                    id,
                    slug,
                    name: "Mega".to_owned(),
                    created_at,
                }],
            )
            .await?;
            report.orgs += 1;
            (id, 0)
        }
    };
    tx.commit().await?;

    let mut next = u32::try_from(present).unwrap_or(u32::MAX);
    while next < wanted {
        let until = wanted.min(next.saturating_add(BATCH));
        let users: Vec<User> = (next..until)
            .map(|number| user(number, wanted, today))
            .collect();
        let mut tx = connection.begin().await?;
        let (added, ids) = rows::insert_users(&mut tx, &users, password_hash).await?;
        let members: Vec<Member> = (next..until)
            .zip(users.iter().zip(ids))
            .map(|(number, (new, user))| {
                let joined_at = joined(number, wanted, today);
                let role = match number {
                    0 => Role::Owner,
                    _ if number % 1_000 == 0 => Role::Admin,
                    _ => Role::Member,
                };
                // Of the same chance as the user, but not the same id.
                let id = Random::of(!u64::from(number)).id(new.created_at);
                Member {
                    id,
                    org,
                    user,
                    role,
                    joined_at,
                }
            })
            .collect();
        report.members += rows::insert_members(&mut tx, &members).await?;
        tx.commit().await?;
        report.users += added;
        tracing::info!(members = until, of = wanted, "mega grows");
        next = until;
    }
    Ok(())
}

/// One member after another, over the years.
fn joined(number: u32, of: u32, today: OffsetDateTime) -> OffsetDateTime {
    today - PAST + PAST * (f64::from(number) / f64::from(of))
}

fn user(number: u32, of: u32, today: OffsetDateTime) -> User {
    if number == 0 {
        let mut known = demo::known_users(today);
        known.retain(|user| user.email.as_str() == demo::OWNER);
        return known.remove(0);
    }
    let mut random = Random::of(1 << 32 | u64::from(number));
    let name = names::full_name(&mut random);
    let created_at = joined(number, of, today);
    let email = names::address(&name, number, "mega");
    User {
        id: UserId(random.id(created_at)),
        email,
        name,
        platform_admin: false,
        created_at,
    }
}

//! One organization of any size, to see what size does.

use time::{Duration, OffsetDateTime};

use super::{SeedReport, demo, names, random::Random};
use crate::{
    db::{
        self, Db,
        seed::{Member, Org, Person},
    },
    domain::{OrgId, OrgSlug, Role, UserId},
    error::Result,
};

/// Members added by one transaction.
const BATCH: u32 = 10_000;

/// How far back the organization goes.
const PAST: Duration = Duration::days(1_095);

/// Makes `mega` have `wanted` members, the first of them `owner@acme.test`. What
/// is there is counted and kept, so that an interrupted run is taken up again.
pub(super) async fn add(
    db: &Db,
    today: OffsetDateTime,
    wanted: u32,
    password_hash: &str,
    report: &mut SeedReport,
) -> Result<()> {
    let slug = OrgSlug::parse("mega").expect("a well-formed slug");
    let mut tx = db.begin().await?;
    let (org, present) = match db::seed::find_org_size(&mut tx, &slug).await? {
        Some(found) => found,
        None => {
            let created_at = today - PAST;
            let id = OrgId(Random::of(200).id(created_at));
            db::seed::insert_orgs(
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
    tx.commit_unannounced().await?;

    let mut next = u32::try_from(present).unwrap_or(u32::MAX);
    while next < wanted {
        let until = wanted.min(next.saturating_add(BATCH));
        let people: Vec<Person> = (next..until)
            .map(|number| person(number, wanted, today))
            .collect();
        let mut tx = db.begin().await?;
        let (added, ids) = db::seed::insert_people(&mut tx, &people, password_hash).await?;
        let members: Vec<Member> = (next..until)
            .zip(people.iter().zip(ids))
            .map(|(number, (person, user))| {
                let joined_at = joined(number, wanted, today);
                let role = match number {
                    0 => Role::Owner,
                    _ if number % 1_000 == 0 => Role::Admin,
                    _ => Role::Member,
                };
                // Of the same chance as the person, but not the same id.
                let id = Random::of(!u64::from(number)).id(person.created_at);
                Member {
                    id,
                    org,
                    user,
                    role,
                    joined_at,
                }
            })
            .collect();
        report.members += db::seed::insert_members(&mut tx, &members).await?;
        tx.commit_unannounced().await?;
        report.people += added;
        tracing::info!(members = until, of = wanted, "mega grows");
        next = until;
    }
    Ok(())
}

/// One member after another, over the years.
fn joined(number: u32, of: u32, today: OffsetDateTime) -> OffsetDateTime {
    today - PAST + PAST * (f64::from(number) / f64::from(of))
}

fn person(number: u32, of: u32, today: OffsetDateTime) -> Person {
    if number == 0 {
        let mut known = demo::known_people(today);
        known.retain(|person| person.email.as_str() == demo::OWNER);
        return known.remove(0);
    }
    let mut random = Random::of(1 << 32 | u64::from(number));
    let name = names::person(&mut random);
    let created_at = joined(number, of, today);
    let email = names::address(&name, number, "mega");
    Person {
        id: UserId(random.id(created_at)),
        email,
        name,
        platform_admin: false,
        created_at,
    }
}

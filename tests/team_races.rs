//! Members who change each other at the same moment: whatever comes first, what must always
//! hold holds at the end, by the tables themselves.

use orghub::{
    access::OrgAccess,
    auth::SignedIn,
    domain::{MemberId, OrgName, OrgSlug, Role},
    error::{Error, Result},
    services::Services,
};
use orghub_test_support::TestApp;

/// Rounds of each race, unless `TEAM_RACE_ROUNDS` asks for others: a thousand of each take two
/// minutes.
fn rounds() -> u32 {
    let asked = std::env::var("TEAM_RACE_ROUNDS").ok();
    asked.and_then(|text| text.parse().ok()).unwrap_or(200)
}

/// An organization and three owners, each on one of two nodes.
struct Team {
    app: TestApp,
    other: Services,
    slug: OrgSlug,
    owners: Vec<(MemberId, SignedIn, OrgAccess)>,
}

impl Team {
    async fn start() -> Self {
        let app = TestApp::start().await;
        let other = app.another_node().await;
        let founder = app.user("Ada").await;
        let slug = app.org("team", &founder).await;
        let access = app.access(&founder, &slug).await;
        let org = access.org_id();
        let mut owners = vec![(access.membership().member_id, founder, access)];
        for name in ["Grace", "Linus"] {
            let user = app.user(name).await;
            let id = app.add_member(org, &user, Role::Owner).await;
            let access = app.access(&user, &slug).await;
            owners.push((id, user, access));
        }
        Self {
            app,
            other,
            slug,
            owners,
        }
    }

    /// All three are active owners again.
    async fn set_up(&mut self) {
        let org = self.owners[0].2.org_id();
        let pool = self.app.services.db.pool().clone();
        sqlx::query("update member set role = 'owner', suspended_at = null")
            .execute(&pool)
            .await
            .expect("as before");
        for (id, user, access) in &mut self.owners {
            let is_there = sqlx::query_scalar("select exists (select from member where id = $1)");
            let is_there: bool = is_there.bind(id.0).fetch_one(&pool).await.expect("told");
            if !is_there {
                *id = self.app.add_member(org, user, Role::Owner).await;
            }
            // What a proof says of the past is enough to be let in; a write asks again.
            if access.membership().member_id != *id {
                *access = self.app.access(user, &self.slug).await;
            }
        }
    }

    async fn number(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql)
            .fetch_one(self.app.services.db.pool())
            .await
            .expect("a number")
    }

    /// What holds whoever wins.
    async fn check(&self, what: &str) {
        let owners = self
            .number("select count(*) from member where role = 'owner' and suspended_at is null")
            .await;
        assert!(owners >= 1, "{what}: nobody is left");
        let wrong = self
            .number(
                "select count(*)
                 from organization
                 left join organization_member_count as counted
                     on counted.organization_id = organization.id
                 where coalesce(counted.members, 0) <> (
                     select count(*) from member where member.organization_id = organization.id
                 )",
            )
            .await;
        assert_eq!(wrong, 0, "{what}: the counter is wrong");
        let orphans = self
            .number(
                "select count(*)
                 from ownership_transfer as offer
                 join member as giver on giver.id = offer.from_member
                 join member as receiver on receiver.id = offer.to_member
                 where giver.role <> 'owner'
                     or giver.suspended_at is not null
                     or receiver.suspended_at is not null",
            )
            .await;
        assert_eq!(orphans, 0, "{what}: an offer outlived what it rests on");
    }
}

/// Whatever else is said to the one who came too late.
fn is_a_refusal(outcome: &Result<()>) -> bool {
    matches!(
        outcome,
        Ok(()) | Err(Error::Conflict(_) | Error::Forbidden | Error::NotFound | Error::Invalid(_))
    )
}

#[derive(Clone, Copy, Debug)]
enum Deed {
    Demote,
    Remove,
    Suspend,
    Leave,
    StepDown,
}

const DEEDS: [Deed; 5] = [
    Deed::Demote,
    Deed::Remove,
    Deed::Suspend,
    Deed::Leave,
    Deed::StepDown,
];

async fn act(node: &Services, deed: Deed, me: &OrgAccess, other: MemberId) -> Result<()> {
    let orgs = &node.orgs;
    let own = me.membership().member_id;
    match deed {
        Deed::Demote => orgs.change_role(me, other, Role::Member).await,
        Deed::Remove => orgs.remove_member(me, other).await,
        Deed::Suspend => orgs.suspend_member(me, other).await,
        Deed::Leave => orgs.leave(me).await,
        Deed::StepDown => orgs.change_role(me, own, Role::Billing).await,
    }
}

/// Three owners in a ring, each against the next, in every combination of what they do.
#[tokio::test(flavor = "multi_thread")]
async fn of_owners_who_act_against_each_other_one_always_stays() {
    let mut team = Team::start().await;
    for round in 0..rounds() as usize {
        team.set_up().await;
        let deeds = [
            DEEDS[round % 5],
            DEEDS[(round / 5) % 5],
            DEEDS[(round / 25) % 5],
        ];
        let [ada, grace, linus] = &team.owners[..] else {
            panic!("three owners");
        };
        let (first, second, third) = tokio::join!(
            act(&team.app.services, deeds[0], &ada.2, grace.0),
            act(&team.other, deeds[1], &grace.2, linus.0),
            act(&team.app.services, deeds[2], &linus.2, ada.0),
        );
        let what = format!("round {round}, {deeds:?}: {first:?}, {second:?}, {third:?}");
        let outcomes = [first, second, third];
        assert!(outcomes.iter().all(is_a_refusal), "{what}");
        assert!(outcomes.iter().any(Result::is_ok), "{what}");
        team.check(&what).await;
    }
    team.other.stop().await;
}

/// The one accepts what the other takes away.
#[tokio::test(flavor = "multi_thread")]
async fn ownership_that_is_accepted_while_either_goes_is_taken_wholly_or_not_at_all() {
    let mut team = Team::start().await;
    for round in 0..rounds() {
        team.set_up().await;
        let sql = "update member set role = 'member' where id = $1::uuid";
        let receiver = team.owners[1].0.to_string();
        team.app.sql_with(sql, &[&receiver]).await;
        let [ada, grace, linus] = &team.owners[..] else {
            panic!("three owners");
        };
        let offered = team
            .app
            .services
            .orgs
            .offer_ownership(&ada.2, &grace.1.email);
        offered.await.expect("offered");

        let (orgs, elsewhere) = (&team.app.services.orgs, &team.other.orgs);
        let (accepted, ended) = match round % 6 {
            0 => tokio::join!(
                orgs.accept_ownership(&grace.2),
                elsewhere.remove_member(&linus.2, grace.0)
            ),
            1 => tokio::join!(
                orgs.accept_ownership(&grace.2),
                elsewhere.remove_member(&linus.2, ada.0)
            ),
            2 => tokio::join!(
                orgs.accept_ownership(&grace.2),
                elsewhere.suspend_member(&linus.2, ada.0)
            ),
            3 => tokio::join!(
                orgs.accept_ownership(&grace.2),
                elsewhere.withdraw_ownership(&ada.2)
            ),
            4 => tokio::join!(
                orgs.accept_ownership(&grace.2),
                elsewhere.change_role(&linus.2, ada.0, Role::Member)
            ),
            _ => tokio::join!(orgs.accept_ownership(&grace.2), elsewhere.leave(&ada.2)),
        };
        let what = format!("round {round}: {accepted:?}, {ended:?}");
        assert!(is_a_refusal(&accepted) && is_a_refusal(&ended), "{what}");
        assert!(accepted.is_ok() || ended.is_ok(), "{what}");
        if accepted.is_ok() {
            // Then the giver is no owner, whatever came after.
            let count = sqlx::query_scalar::<_, i64>(
                "select count(*) from member where id = $1 and role = 'owner'",
            );
            let giver = count
                .bind(ada.0.0)
                .fetch_one(team.app.services.db.pool())
                .await;
            assert_eq!(giver.expect("a count"), 0, "{what}");
        }
        team.check(&what).await;
        team.app.sql("delete from ownership_transfer").await;
    }
    team.other.stop().await;
}

/// Somebody renames an organization to what somebody else makes one of.
#[tokio::test(flavor = "multi_thread")]
async fn of_a_rename_and_a_new_organization_one_gets_the_slug() {
    let app = TestApp::start_with(|config| config.per_user.organizations = 100_000).await;
    let other = app.another_node().await;
    let (ada, grace) = (app.user("Ada").await, app.user("Grace").await);
    for round in 0..rounds() {
        // Anew for each: an organization moves five times a month.
        let slug = app.org(&format!("from-{round}"), &ada).await;
        let access = app.access(&ada, &slug).await;
        let wanted = OrgSlug::parse(&format!("wanted-{round}")).expect("a slug");
        let name = OrgName::parse("Wanted").expect("a name");
        // Each user may ask about thirty slugs a minute, and one that works out counts as none.
        let (renamed, created) = tokio::join!(
            app.services.orgs.update(&access, &name, &wanted),
            other.orgs.create(&grace, &name, &wanted),
        );
        let what = format!("round {round}: {renamed:?}, {created:?}");
        let late = |outcome: &Result<OrgSlug>| matches!(outcome, Err(Error::Conflict(_)));
        let one = (renamed.is_ok() && late(&created)) || (created.is_ok() && late(&renamed));
        assert!(one, "{what}");
        app.services.clock.advance(time::Duration::minutes(1));
        other.clock.advance(time::Duration::minutes(1));
    }
    let wrong: i64 = sqlx::query_scalar(
        "select count(*)
         from organization
         left join organization_slug using (slug)
         where organization_slug.organization_id is distinct from organization.id",
    )
    .fetch_one(app.services.db.pool())
    .await
    .expect("a count");
    assert_eq!(wrong, 0, "every organization has its own slug");
    other.stop().await;
}

/// People come and go while others are suspended and removed.
#[tokio::test(flavor = "multi_thread")]
async fn the_counter_counts_whoever_comes_and_goes_at_once() {
    let team = Team::start().await;
    let org = team.owners[0].2.org_id();
    let members = team.app.add_members(org, rounds() * 2).await;
    let mut tasks = tokio::task::JoinSet::new();
    for (number, (id, _user)) in members.into_iter().enumerate() {
        let node = [&team.app.services, &team.other][number % 2].clone();
        let access = team.owners[number % 3].2.clone();
        tasks.spawn(async move {
            match number % 3 {
                0 => node.orgs.remove_member(&access, id).await,
                1 => node.orgs.suspend_member(&access, id).await,
                _ => {
                    node.orgs.suspend_member(&access, id).await?;
                    node.orgs.remove_member(&access, id).await
                }
            }
        });
        // As many at once as there are connections, and some.
        if tasks.len() >= 12 {
            let done = tasks.join_next().await.expect("one").expect("no panic");
            assert!(
                is_a_refusal(&done) || matches!(done, Err(Error::Unavailable(..))),
                "{done:?}"
            );
        }
    }
    while let Some(done) = tasks.join_next().await {
        let done = done.expect("no panic");
        assert!(
            is_a_refusal(&done) || matches!(done, Err(Error::Unavailable(..))),
            "{done:?}"
        );
    }
    team.check("at the end").await;
    team.other.stop().await;
}

//! Nodes in processes of their own: killed, frozen, and side by side.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use futures::FutureExt;
use orghub::test_hooks::Failpoint;
use orghub::{
    auth::SignedIn,
    domain::{CurrentUser, Email, MemberId, OrgSlug, Role, UserId},
    error::Error,
    services::Services,
};
use orghub_test_support::{
    BOUND, ChildProcess, LEASE, PATIENCE, PrivateRedis, Stopwatch, TestDatabase, eventually,
    given_by_parent, kill_myself, run_child, serve_parent, session_of,
};

use crate::{Acme, NEAR_BYTES, near_and_redis, role, role_of_turn, try_role};

/// Processes killed between COMMIT and everything that would follow.
const KILLS: usize = 100;

/// The `main` of the children that the tests below start.
#[test]
#[ignore = "not a test: the processes that the tests here start run it"]
fn main_of_a_node() {
    run_child(async {
        let database = TestDatabase::known(given_by_parent("CHILD_DATABASE_URL"));
        let mut config = orghub_test_support::config(&database);
        config.redis = Some(orghub::config::RedisConfig {
            urls: vec![given_by_parent("CHILD_REDIS_URL")],
            required_at_start: true,
        });
        config.near_cache_bytes = NEAR_BYTES;
        let node = Services::start(config).await.expect("the services start");
        serve_parent(|question| answer(node.clone(), question)).await;
    });
}

/// What a node in a process of its own is asked: `role`, `remove`, and `remove and
/// die`, with a slug, the user who asks, and the membership to remove.
async fn answer(node: Services, question: String) -> String {
    let mut words = question.split(' ');
    let mut word = || words.next().expect("a word");
    let verb = word();
    let slug = OrgSlug::parse(word()).expect("a slug");
    let user = user_with(word().parse().expect("an id"));
    match verb {
        "role" => match try_role(&node, &user, &slug).await {
            Ok(role) => role.map_or("none".to_owned(), |role| role.to_string()),
            Err(Error::Unavailable(..)) => "unavailable".to_owned(),
            Err(error) => panic!("{error}"),
        },
        "remove" | "remove-and-die" => {
            if verb == "remove-and-die" {
                node.cache.failpoints().set(Failpoint::Committed, || {
                    async {
                        kill_myself();
                    }
                    .boxed()
                });
            }
            let access = node.access.require(&user, &slug).await.expect("a member");
            let member: uuid::Uuid = word().parse().expect("an id");
            node.orgs
                .remove_member(&access, MemberId(member))
                .await
                .expect("an owner may");
            "removed".to_owned()
        }
        "make" => {
            let access = node.access.require(&user, &slug).await.expect("a member");
            let member: uuid::Uuid = word().parse().expect("an id");
            let role: Role = word().parse().expect("a role");
            node.orgs
                .change_role(&access, MemberId(member), role)
                .await
                .expect("an owner may");
            "made".to_owned()
        }
        other => panic!("{other}?"),
    }
}

/// Somebody of whom a look-up needs no more than the id.
fn user_with(id: uuid::Uuid) -> SignedIn {
    let email = Email::parse("somebody@users.test").expect("an address");
    let user = CurrentUser {
        id: UserId(id),
        name: "Somebody".to_owned(),
        email,
        email_verified: true,
        picture: None,
        platform_admin: false,
        has_second_factor: false,
    };
    SignedIn::claimed(user, session_of(UserId(id)))
}

fn start_node(acme: &Acme, redis: &PrivateRedis) -> ChildProcess {
    let variables = [
        ("CHILD_DATABASE_URL", acme.app.database_url()),
        ("CHILD_REDIS_URL", &redis.url()),
    ];
    ChildProcess::start("processes::main_of_a_node", &variables)
}

/// Test 21.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_killed_right_after_its_commit_has_not_made_the_others_wrong() {
    let redis = PrivateRedis::start();
    let acme = Arc::new(Acme::start_with(near_and_redis(&redis)).await);
    let count = u32::try_from(KILLS).expect("a hundred");
    let crowd = acme.app.add_members(acme.access.org_id(), count).await;
    let observer = &acme.app.services;
    let polls = Arc::new(AtomicUsize::new(0));
    let counted = polls.clone();
    observer.cache.failpoints().set(Failpoint::Polled, move || {
        counted.fetch_add(1, SeqCst);
        std::future::ready(()).boxed()
    });

    let mut times = Vec::new();
    // A few are started ahead, so that the hundred do not take minutes.
    for victims in crowd.chunks(5) {
        let starting: Vec<_> = victims
            .iter()
            .map(|_| {
                let (acme, url) = (acme.clone(), redis.url());
                tokio::task::spawn_blocking(move || {
                    let variables = [
                        ("CHILD_DATABASE_URL", acme.app.database_url()),
                        ("CHILD_REDIS_URL", url.as_str()),
                    ];
                    let child = ChildProcess::start("processes::main_of_a_node", &variables);
                    let ready = child.ask(&format!("role {} {}", acme.slug, acme.owner.id));
                    assert_eq!(ready.as_deref(), Some("owner"));
                    child
                })
            })
            .collect();
        for ((member, user), child) in victims.iter().zip(starting) {
            let child = child.await.expect("it starts");
            let victim = user_with(user.0);
            eventually("the member is known", PATIENCE, async || {
                role(observer, &victim, &acme.slug).await == Some(Role::Member)
            })
            .await;
            let order = format!("remove-and-die {} {} {member}", acme.slug, acme.owner.id);
            let answer = tokio::task::spawn_blocking(move || child.ask(&order));
            let answer = answer.await.expect("no panic");
            assert_eq!(answer, None, "it dies before it can answer");

            // One poll may have been sent before the commit, the next one brings the change,
            // and when a third is answered the change has been taken in.
            let (watch, enough) = (Stopwatch::start(), polls.load(SeqCst) + 3);
            loop {
                let polled = polls.load(SeqCst);
                let (asked, role) = (
                    watch.unhindered(),
                    role(observer, &victim, &acme.slug).await,
                );
                if role.is_none() {
                    break;
                }
                assert!(polled < enough, "still a member after three polls");
                assert!(asked < LEASE, "still a member when asked after {asked:?}");
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            times.push(watch.unhindered());
        }
    }
    times.sort();
    let quick = times
        .iter()
        .filter(|time| **time <= Duration::from_millis(100))
        .count();
    eprintln!(
        "{KILLS} kills, none lost; seen after {:?} at the median, {:?} at the longest, {quick} within 100 ms",
        times[times.len() / 2],
        times[times.len() - 1]
    );
    assert!(
        quick >= KILLS * 9 / 10,
        "only {quick} of {KILLS} within 100 ms: {times:?}"
    );
}

/// Test 22.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frozen_node_holds_a_mutation_up_until_its_lease_ends_and_serves_nothing_old_when_it_wakes()
 {
    let redis = PrivateRedis::start();
    let acme = Acme::start_with(near_and_redis(&redis)).await;
    let node = Arc::new(start_node(&acme, &redis));
    let question = format!("role {} {}", acme.slug, acme.guest.id);
    for turn in 0..3 {
        let (old, new) = (role_of_turn(turn + 1), role_of_turn(turn));
        eventually("the node knows the role", PATIENCE, async || {
            ask(&node, &question).await == old.as_str()
        })
        .await;
        node.freeze();
        let (began, watch) = (tokio::time::Instant::now(), Stopwatch::start());
        acme.make_guest(new).await;
        let took = watch.unhindered();
        assert!(took < BOUND, "the mutation took {took:?}");
        // Past the end of the lease it has, and half as long again.
        tokio::time::sleep_until(began + Duration::from_secs(3)).await;

        // A question lies in its inbox when it wakes, and others follow at once.
        let first = tokio::spawn({
            let (node, question) = (node.clone(), question.clone());
            async move { ask(&node, &question).await }
        });
        tokio::time::sleep(Duration::from_millis(50)).await;
        node.thaw();
        assert_eq!(
            first.await.expect("no panic"),
            new.as_str(),
            "the question that waited"
        );
        for _ in 0..200 {
            assert_eq!(
                ask(&node, &question).await,
                new.as_str(),
                "one that came after"
            );
        }
    }
}

async fn ask(node: &Arc<ChildProcess>, question: &str) -> String {
    let (node, question) = (node.clone(), question.to_owned());
    let answer = tokio::task::spawn_blocking(move || node.ask(&question));
    answer.await.expect("no panic").expect("it lives")
}

/// Two processes over the same services: what one has acknowledged, the other, and
/// it itself, grant nobody any more.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_right_taken_away_through_one_process_is_gone_on_the_next_request_to_another() {
    let redis = PrivateRedis::start();
    let acme = Acme::start_with(near_and_redis(&redis)).await;
    let nodes = [
        Arc::new(start_node(&acme, &redis)),
        Arc::new(start_node(&acme, &redis)),
    ];
    let question = format!("role {} {}", acme.slug, acme.guest.id);
    // What the last acknowledged mutation left: 0 admin, 1 member; more are added up,
    // so that a reader knows whether one came in between.
    let acknowledged = Arc::new(AtomicUsize::new(0));
    let begun = Arc::new(AtomicUsize::new(0));
    let stop = Arc::new(AtomicBool::new(false));
    let readers: Vec<_> = (0..4)
        .map(|number| {
            let (node, question) = (nodes[number % 2].clone(), question.clone());
            let (acknowledged, begun, stop) = (acknowledged.clone(), begun.clone(), stop.clone());
            tokio::task::spawn_blocking(move || {
                let mut judged = 0;
                while !stop.load(SeqCst) {
                    let before = acknowledged.load(SeqCst);
                    let answer = node.ask(&question).expect("it lives");
                    // Only when no other mutation was begun meanwhile is there one right answer.
                    if begun.load(SeqCst) == before && answer != "unavailable" {
                        let expected = if before % 2 == 0 { "admin" } else { "member" };
                        assert_eq!(answer, expected, "after {before} acknowledged mutations");
                        judged += 1;
                    }
                }
                judged
            })
        })
        .collect();
    for turn in 0..60 {
        let role = role_of_turn(turn);
        let order = format!(
            "make {} {} {} {role}",
            acme.slug, acme.owner.id, acme.member
        );
        begun.store(turn + 1, SeqCst);
        assert_eq!(ask(&nodes[turn / 2 % 2], &order).await, "made");
        acknowledged.store(turn + 1, SeqCst);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    // And out.
    let order = format!("remove {} {} {}", acme.slug, acme.owner.id, acme.member);
    begun.store(usize::MAX, SeqCst);
    assert_eq!(ask(&nodes[0], &order).await, "removed");
    for node in &nodes {
        assert_eq!(ask(node, &question).await, "none");
    }
    stop.store(true, SeqCst);
    let mut judged = 0;
    for reader in readers {
        judged += reader
            .await
            .expect("no request begun after an answer was authorized on the old right");
    }
    assert!(judged > 100, "only {judged} answers could be judged");
    assert_eq!(acme.guests_role().await, None);
}

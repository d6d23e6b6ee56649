//! Requests are dropped wherever they stand, Redis connections are cut in the middle of a
//! reply, and replies are lost, so that the next one on the connection is somebody else's: no
//! request ever shows it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use futures::FutureExt;
use orghub::{
    access::OrgLookup,
    auth::SignedIn,
    cache::Companions,
    config::RedisConfig,
    domain::{MemberListQuery, OrgSegment, OrgSlug},
    error::Result,
    orgs::{MemberPageOf, OverviewOf},
    services::Services,
    test_hooks::Failpoint,
};
use orghub_test_support::{FaultProxy, PATIENCE, PrivateRedis, TestApp, eventually, sign_in};
use tokio::task::JoinSet;
use tower_sessions::session::Id;

use crate::{NEAR_BYTES, acked_sql};

/// Users, each with an organization of their own.
const USERS: usize = 12;
/// Requests at the same time, on each node: too few to open the breaker when the connection
/// ends that they share.
const REQUESTS: usize = 3;
/// What must have happened before the test ends.
const ENOUGH: u64 = 500;
const ENOUGH_BROKEN: u64 = 10;
/// How long that may take: breakers open now and then, and let nothing be broken for seconds.
const LONG: Duration = Duration::from_secs(180);

/// Whatever is shown to one of them has the canary in it, and no other.
struct Subject {
    canary: String,
    user: SignedIn,
    session: Id,
    slug: OrgSlug,
}

#[derive(Default)]
struct Seen {
    answered: AtomicU64,
    dropped: AtomicU64,
    /// An answer that is somebody else's, or nobody's.
    wrong: parking_lot::Mutex<Vec<String>>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_answer_holds_another_users_canary_whatever_is_lost_or_cut_off() {
    let redis = PrivateRedis::start();
    let app = Arc::new(TestApp::start_with(|config| config.redis = Some(redis.config())).await);
    let mut subjects = Vec::new();
    for number in 0..USERS {
        // Of one length each, so that one reply fits where another was expected.
        let canary = format!("canary{number:02}");
        let user = app.user(&canary).await;
        let slug = app.org(&canary, &user).await;
        let session = sign_in(&app.services, &user).await;
        subjects.push(Subject {
            canary,
            user,
            session,
            slug,
        });
    }
    let subjects = Arc::new(subjects);
    let proxy = FaultProxy::before(&redis.url()).await;
    let through_proxy = RedisConfig {
        urls: vec![proxy.url()],
        ..redis.config()
    };
    let (seen, stop) = (Arc::new(Seen::default()), Arc::new(AtomicBool::new(false)));
    let mut tasks = JoinSet::new();
    for near in [0, 0, NEAR_BYTES, NEAR_BYTES] {
        let redis = through_proxy.clone();
        let node = app
            .another_node_with(|config| {
                (config.redis, config.near_cache_bytes) = (Some(redis), near);
            })
            .await;
        for failpoint in [Failpoint::Found, Failpoint::Loaded] {
            let linger = || tokio::time::sleep(some_time(3)).boxed();
            node.cache.failpoints().set(failpoint, linger);
        }
        for _ in 0..REQUESTS {
            let (node, subjects) = (node.clone(), subjects.clone());
            let (seen, stop) = (seen.clone(), stop.clone());
            tasks.spawn(async move {
                while !stop.load(Relaxed) {
                    let subject = &subjects[rand::random_range(0..USERS)];
                    // Every other one is patient, or on a slow machine none would be answered.
                    let patience = if rand::random() {
                        some_time(12)
                    } else {
                        PATIENCE
                    };
                    match tokio::time::timeout(patience, open(&node, subject)).await {
                        Ok(answer) => {
                            seen.answered.fetch_add(1, Relaxed);
                            if !matches!(&answer, Ok(shown) if are_of(shown, subject)) {
                                let wrong = format!("{} got {answer:?}", subject.canary);
                                seen.wrong.lock().push(wrong);
                            }
                        }
                        Err(_dropped) => {
                            seen.dropped.fetch_add(1, Relaxed);
                        }
                    }
                }
            });
        }
    }
    eventually("enough has happened", LONG, async || {
        if rand::random() {
            proxy.tear();
        } else {
            proxy.lose();
        }
        // Nothing stays cached, so that Redis is asked.
        acked_sql(
            &app.services,
            "insert into cache_log (scopes) values ('{*}')",
        )
        .await;
        tokio::time::sleep(some_time(40)).await;
        !seen.wrong.lock().is_empty()
            || (seen.answered.load(Relaxed) >= ENOUGH
                && seen.dropped.load(Relaxed) >= ENOUGH
                && proxy.torn() >= ENOUGH_BROKEN
                && proxy.lost() >= ENOUGH_BROKEN)
    })
    .await;
    stop.store(true, Relaxed);
    while let Some(task) = tasks.join_next().await {
        task.expect("no panic");
    }
    let wrong = seen.wrong.lock();
    assert!(
        wrong.is_empty(),
        "{} wrong: {:?}",
        wrong.len(),
        wrong.first()
    );
}

/// Up to so many milliseconds.
fn some_time(most_ms: u64) -> Duration {
    Duration::from_micros(rand::random_range(0..=most_ms * 1_000))
}

/// Opens the member list of the subject's organization as a request does: session,
/// membership with its companions, page.
async fn open(node: &Services, subject: &Subject) -> Result<Vec<String>> {
    let user = node.sessions.current_user(&subject.session).await?;
    let user = user.map(|user| user.user().clone());
    let mut shown = vec![format!("{user:?}")];
    let segment = OrgSegment::Slug(subject.slug.clone());
    let query = MemberListQuery::default();
    let companions = |slug: &OrgSlug| {
        let members = MemberPageOf::new(slug, &query).expect("no search");
        let slug = slug.clone();
        Companions::default().and(OverviewOf { slug }).and(members)
    };
    let found = node
        .access
        .find_with(&subject.user, &segment, companions)
        .await?;
    let OrgLookup::Granted(access) = found else {
        shown.push(format!("{found:?}"));
        return Ok(shown);
    };
    shown.push(format!("{:?}", access.membership()));
    let members = node.orgs.list_members(&access, &query).await?;
    shown.push(format!("{members:?}"));
    let orgs = node.orgs.list_mine(&subject.user).await?;
    shown.push(format!("{orgs:?}"));
    Ok(shown)
}

fn are_of(shown: &[String], subject: &Subject) -> bool {
    let canaries = |text: &str| text.matches("canary").count();
    shown.len() == 4
        && shown.iter().all(|text| {
            canaries(text) > 0 && text.matches(&subject.canary).count() == canaries(text)
        })
}

//! What a look-up costs, by where the answer comes from: this process's memory, with
//! the check that it is still right; Redis; PostgreSQL. Side by side in one run,
//! because only their ratios mean something on another machine.
//!
//! `cargo xtask bench` runs it.

use std::{sync::Arc, time::Duration};

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use orghub::{
    auth::SignedIn,
    config::Config,
    domain::{MemberListQuery, OrgSegment, Role},
    services::Services,
    telemetry::{RequestCost, with_request_cost},
};
use orghub_test_support::{PrivateRedis, TestApp};
use tower_sessions::session::Id;

/// Members of the organization whose first page is read.
const MEMBERS: u32 = 10_000;

/// A node and what is asked of it.
struct Asker {
    node: Services,
    member: SignedIn,
    session: Id,
    segment: OrgSegment,
}

impl Asker {
    async fn session(&self) {
        self.node
            .sessions
            .current_user(&self.session)
            .await
            .expect("an answer")
            .expect("signed in");
    }

    /// As the middleware asks it.
    async fn membership(&self) {
        self.node
            .access
            .find(&self.member, &self.segment)
            .await
            .expect("an answer");
    }

    async fn member_page(&self, access: &orghub::access::OrgAccess) {
        self.node
            .orgs
            .list_members(access, &MemberListQuery::default())
            .await
            .expect("an answer");
    }

    /// SQL statements and Redis round trips of a look-up.
    async fn cost(&self) -> (u32, u32) {
        let stats = Arc::new(RequestCost::default());
        with_request_cost(stats.clone(), self.membership()).await;
        (stats.sql(), stats.redis())
    }
}

fn look_ups(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    let runtime = runtime.expect("a runtime");
    let redis = PrivateRedis::start();
    let near = 64 << 20;
    let (app, askers) = runtime.block_on(async {
        let app =
            TestApp::start_with(|config| (config.redis, config.near_cache_bytes) = (None, near))
                .await;
        let owner = app.user("Olive").await;
        let slug = app.org("acme", &owner).await;
        let member = app.user("Gus").await;
        let org = app.access(&owner, &slug).await.org_id();
        app.add_member(org, &member, Role::Member).await;
        app.add_members(org, MEMBERS).await;
        sqlx::query("analyze")
            .execute(app.owner().await.pool())
            .await
            .expect("statistics");

        let session = app.sign_in(&member).await;

        let levels = [
            ("memory", None, near, (0, 0)),
            ("redis", Some(redis.config()), 0, (0, 1)),
            ("postgres", None, 0, (1, 0)),
        ];
        let mut askers = Vec::new();
        for (level, redis, near, expected) in levels {
            let segment = OrgSegment::parse("acme").expect("a slug");
            let configure =
                |config: &mut Config| (config.redis, config.near_cache_bytes) = (redis, near);
            let node = app.another_node_with(configure).await;
            let asker = Asker {
                node,
                member: member.clone(),
                session,
                segment,
            };
            // Values are stored in Redis behind the first answer's back, and read once more
            // if a transaction was open meanwhile.
            for _ in 0..100 {
                asker.session().await;
                let access = asker
                    .node
                    .access
                    .require(&member, &slug)
                    .await
                    .expect("a member");
                asker.member_page(&access).await;
                if asker.cost().await == expected {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            assert_eq!(
                asker.cost().await,
                expected,
                "a look-up that ends at {level}: SQL statements, Redis round trips"
            );
            askers.push((level, asker));
        }
        (app, askers)
    });

    let mut group = criterion.benchmark_group("session");
    for (level, asker) in &askers {
        group.bench_function(BenchmarkId::from_parameter(level), |bench| {
            bench.to_async(&runtime).iter(|| asker.session());
        });
    }
    group.finish();
    let mut group = criterion.benchmark_group("membership check");
    for (level, asker) in &askers {
        group.bench_function(BenchmarkId::from_parameter(level), |bench| {
            bench.to_async(&runtime).iter(|| asker.membership());
        });
    }
    group.finish();
    let mut group = criterion.benchmark_group("first page of 10,000 members");
    for (level, asker) in &askers {
        let slug = orghub::domain::OrgSlug::parse("acme").expect("a slug");
        let access = runtime
            .block_on(asker.node.access.require(&asker.member, &slug))
            .expect("a member");
        group.bench_function(BenchmarkId::from_parameter(level), |bench| {
            bench.to_async(&runtime).iter(|| asker.member_page(&access));
        });
    }
    group.finish();
    drop(app);
}

criterion_group! {
    name = benches;
    config = Criterion::default().measurement_time(Duration::from_secs(4)).warm_up_time(Duration::from_secs(1));
    targets = look_ups
}
criterion_main!(benches);

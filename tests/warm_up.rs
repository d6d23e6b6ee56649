//! A node that was warmed up knows what most users will ask for.

use std::{sync::Arc, time::Instant};

use orghub::{
    config::Config,
    domain::{OrgSlug, Role},
    jobs::WarmedUp,
    services::Services,
    telemetry::{RequestCost, with_request_cost},
};
use orghub_test_support::{PATIENCE, PrivateRedis, TestApp, look_everything_up};
use tower_sessions::session::Id;

/// SQL statements and Redis round trips.
#[derive(Debug, PartialEq, Eq)]
struct Cost {
    sql: u32,
    redis: u32,
}

const FREE: Cost = Cost { sql: 0, redis: 0 };

/// What the first pages of an organization cost `node`.
async fn cost(node: &Services, session: Id, slug: &str) -> Cost {
    let stats = Arc::new(RequestCost::default());
    with_request_cost(stats.clone(), async {
        let user = node
            .sessions
            .current_user(&session)
            .await
            .expect("an answer")
            .expect("signed in");
        let slug = OrgSlug::parse(slug).expect("a slug");
        look_everything_up(node, &user, &slug).await;
    })
    .await;
    Cost {
        sql: stats.sql(),
        redis: stats.redis(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_organizations_used_most_are_known_before_anybody_asks() {
    let app = TestApp::start_with(|config| config.near_cache_bytes = 8 << 20).await;
    let (ada, grace) = (app.user("Ada").await, app.user("Grace").await);
    let busy = app.org("busy", &ada).await;
    app.org("quiet", &grace).await;
    let linus = app.user("Linus").await;
    app.add_member(app.access(&ada, &busy).await.org_id(), &linus, Role::Member)
        .await;
    // Those of the fixtures are not what is asked about.
    app.sql("delete from session").await;
    let (ada_session, linus_session) = (app.sign_in(&ada).await, app.sign_in(&linus).await);
    let grace_session = app.sign_in(&grace).await;

    let cold = app.another_node().await;
    assert_ne!(cost(&cold, linus_session, "busy").await, FREE);

    let node = app
        .another_node_with(|config| config.warm_up_organizations = 1)
        .await;
    assert_eq!(
        node.warm_up().await.expect("warmed up"),
        WarmedUp {
            organizations: 1,
            sessions: 2
        }
    );
    for session in [ada_session, linus_session] {
        assert_eq!(cost(&node, session, "busy").await, FREE);
    }
    assert_ne!(
        cost(&node, grace_session, "quiet").await,
        FREE,
        "one organization was asked for"
    );

    let node = app
        .another_node_with(|config| config.warm_up_organizations = 0)
        .await;
    assert_eq!(
        node.warm_up().await.expect("nothing to do"),
        WarmedUp::default()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_warmed_up_lies_in_redis_for_the_nodes_to_come() {
    let redis = PrivateRedis::start();
    let app = TestApp::start_with(|config| config.redis = Some(redis.config())).await;
    let ada = app.user("Ada").await;
    app.org("acme", &ada).await;
    let session = app.sign_in(&ada).await;
    // Another test's transaction in the same cluster makes what is read meanwhile
    // look older than it is; the next reading is judged anew.
    let deadline = Instant::now() + PATIENCE;
    loop {
        let without_memory = |config: &mut Config| config.near_cache_bytes = 0;
        let node = app.another_node_with(without_memory).await;
        node.warm_up().await.expect("warmed up");
        node.stop().await;
        let node = app.another_node_with(without_memory).await;
        let cost = cost(&node, session, "acme").await;
        node.stop().await;
        if cost.sql == 0 {
            assert_eq!(cost.redis, 6, "each is asked for, and found");
            return;
        }
        assert!(
            Instant::now() < deadline,
            "the next node asks the database: {cost:?}"
        );
    }
}

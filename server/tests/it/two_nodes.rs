//! Two servers on two ports, as deployed: a right that one took away, the other grants to
//! no request that begins afterwards.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::SeqCst},
};

use http::StatusCode;
use orghub::{domain::Role, routes};
use orghub_test_support::{PATIENCE, PrivateRedis, TestApp, eventually};

use crate::process::Server;

/// Changes of the role. It is admin before each even one, member before each odd one.
const CHANGES: usize = 60;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_right_taken_away_on_one_port_is_granted_to_no_request_on_the_other() {
    let redis = PrivateRedis::start();
    let app = TestApp::start_with(|config| config.redis = Some(redis.config())).await;
    let (olive, gus) = (app.user("Olive").await, app.user("Gus").await);
    let acme = app.org("acme", &olive).await;
    let member = app
        .add_member(app.access(&olive, &acme).await.org_id(), &gus, Role::Admin)
        .await;
    let nodes = Arc::new([
        Server::start(app.database_url(), &redis.url()).await,
        Server::start(app.database_url(), &redis.url()).await,
    ]);
    let owner = nodes[0].sign_in(&olive).await;
    let guest = nodes[1].sign_in(&gus).await;

    let (begun, acknowledged) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let checks = Arc::new(AtomicUsize::new(0));
    let readers: Vec<_> = (0..6)
        .map(|number| {
            let (nodes, guest) = (nodes.clone(), guest.clone());
            let (begun, acknowledged) = (begun.clone(), acknowledged.clone());
            let checks = checks.clone();
            tokio::spawn(async move {
                let mut checked = 0;
                loop {
                    let before = acknowledged.load(SeqCst);
                    // Settings are for admins.
                    let status = nodes[number % 2]
                        .open("/orgs/acme/settings", &guest)
                        .await
                        .status();
                    // There is one right answer only if no other mutation has begun meanwhile.
                    if begun.load(SeqCst) == before {
                        let expected = if before > CHANGES {
                            StatusCode::NOT_FOUND
                        } else if before % 2 == 0 {
                            StatusCode::OK
                        } else {
                            StatusCode::FORBIDDEN
                        };
                        assert_eq!(status, expected, "after {before} acknowledged mutations");
                        checked += 1;
                        checks.fetch_add(1, SeqCst);
                        if before > CHANGES {
                            return checked;
                        }
                    }
                }
            })
        })
        .collect();

    for change in 0..CHANGES {
        begun.store(change + 1, SeqCst);
        let role = if change % 2 == 0 {
            Role::Member
        } else {
            Role::Admin
        };
        let fields = [
            ("org", "acme"),
            ("member_id", &*member.to_string()),
            ("role", role.as_str()),
        ];
        let answer = nodes[change / 2 % 2]
            .submit("/api/change_role", &owner, &fields)
            .await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER);
        acknowledged.store(change + 1, SeqCst);
        // However slow the machine is, each right is asked for while it holds.
        let enough = checks.load(SeqCst) + 2;
        eventually("two requests are checked", PATIENCE, async || {
            checks.load(SeqCst) >= enough
        })
        .await;
    }
    begun.store(CHANGES + 1, SeqCst);
    let fields = [("org", "acme"), ("member_id", &*member.to_string())];
    assert_eq!(
        nodes[0]
            .submit("/api/remove_member", &owner, &fields)
            .await
            .status(),
        StatusCode::SEE_OTHER
    );
    acknowledged.store(CHANGES + 1, SeqCst);

    let mut checked = 0;
    for reader in readers {
        checked += reader
            .await
            .expect("no request begun after an answer was authorized on the old right");
    }
    eprintln!(
        "{checked} requests to two ports checked during {CHANGES} changes of a role and a removal"
    );
    assert!(checked > 100, "only {checked} requests could be checked");

    // And signing out, which ends the session everywhere.
    assert_eq!(
        nodes[1].open("/orgs", &guest).await.status(),
        StatusCode::OK
    );
    nodes[0].submit(routes::SIGN_OUT, &guest, &[]).await;
    assert_eq!(
        nodes[1].open("/orgs", &guest).await.status(),
        StatusCode::SEE_OTHER
    );
}

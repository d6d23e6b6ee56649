//! A thousand sessions ended under load, on two servers whose browsers carry signed copies of
//! their sessions: no request that begins afterwards is accepted.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
};

use axum::body::Bytes;
use http::{Response, StatusCode};
use orghub::{
    auth::{SignedIn, sessions::SignInRecord},
    routes::{self, AccountPage, api},
};
use orghub_test_support::{PrivateRedis, TestApp};
use tokio::sync::watch;
use tower_sessions::{
    SessionStore as _,
    session::{Id, Record},
};

use crate::process::Server;

/// Sessions of one user that are ended one after the other.
const REVOCATIONS: usize = 1_000;

/// Tasks that come with each session until it is refused.
const READERS: usize = 2;

/// Which session, and the cookies of its browser, the signed copy included.
type Browser = (usize, Arc<str>);

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn none_of_a_thousand_sessions_ended_under_load_is_accepted_afterwards() {
    let redis = PrivateRedis::start();
    let app = TestApp::start_with(|config| {
        config.redis = Some(redis.config());
        config.per_user.sessions = 2 * REVOCATIONS as u32;
    })
    .await;
    let gus = app.user("Gus").await;
    // One goes by what it remembers, one by what browsers carry.
    let nodes = Arc::new([
        Server::start(app.database_url(), &redis.url()).await,
        Server::start_with(
            app.database_url(),
            &redis.url(),
            &[("NEAR_CACHE_BYTES", "0")],
        )
        .await,
    ]);
    let owner = nodes[0].sign_in(&gus).await;
    let sessions = sessions_of(&app, &gus, REVOCATIONS).await;

    let (begun, acknowledged) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (publish, current) = watch::channel::<Option<Browser>>(None);
    let (accepted, refused) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let readers: Vec<_> = (0..READERS)
        .map(|number| {
            let (nodes, mut current) = (nodes.clone(), current.clone());
            let (begun, acknowledged) = (begun.clone(), acknowledged.clone());
            let (accepted, refused) = (accepted.clone(), refused.clone());
            tokio::spawn(async move {
                let mut refused_last = None;
                loop {
                    let is_new = |browser: &Option<Browser>| {
                        browser
                            .as_ref()
                            .is_some_and(|(session, _)| Some(*session) > refused_last)
                    };
                    let Ok(browser) = current.wait_for(is_new).await.map(|found| found.clone())
                    else {
                        return;
                    };
                    let (session, cookies) = browser.expect("there is one");
                    let has_ended = acknowledged.load(SeqCst) > session;
                    let status = nodes[number % 2]
                        .open(api::MY_ORGS, &cookies)
                        .await
                        .status();
                    if has_ended {
                        assert_eq!(status, StatusCode::UNAUTHORIZED, "session {session}");
                        refused.fetch_add(1, SeqCst);
                        refused_last = Some(session);
                    } else if begun.load(SeqCst) <= session {
                        assert_eq!(status, StatusCode::OK, "session {session}");
                        accepted.fetch_add(1, SeqCst);
                    }
                }
            })
        })
        .collect();

    for (number, (cookie, name)) in sessions.into_iter().enumerate() {
        let page = nodes[number % 2].open(routes::ORGS, &cookie).await;
        let copy = copy_in(&page);
        let cookies: Arc<str> = format!("{cookie}; {copy}").into();
        publish.send_replace(Some((number, cookies.clone())));
        let open = async |path: &str| {
            let [one, other] = &*nodes;
            let answers = tokio::join!(one.open(path, &cookies), other.open(path, &cookies));
            [answers.0.status(), answers.1.status()]
        };
        assert_eq!(
            open(api::MY_ORGS).await,
            [StatusCode::OK; 2],
            "session {number}"
        );
        begun.store(number + 1, SeqCst);
        let ended = nodes[number / 2 % 2]
            .submit(api::END_SESSION, &owner, &[("session", &name)])
            .await;
        acknowledged.store(number + 1, SeqCst);
        assert_eq!(
            ended.headers().get("location").expect("a redirect"),
            AccountPage::Security.path(),
        );
        assert_eq!(
            open(routes::ORGS).await,
            [StatusCode::SEE_OTHER; 2],
            "session {number}"
        );
    }
    publish.send_replace(None);
    drop(publish);
    for reader in readers {
        reader
            .await
            .expect("no request begun after an answer was accepted");
    }
    let (accepted, refused) = (accepted.load(SeqCst), refused.load(SeqCst));
    let metrics = nodes[1].open(routes::METRICS, "").await;
    let metrics = String::from_utf8_lossy(metrics.body());
    let counted = |sample: &str| -> u64 {
        let line = metrics.lines().find_map(|line| line.strip_prefix(sample));
        line.map_or(0, |count| count.trim().parse().expect("a number"))
    };
    let family = "family=\"session\"";
    let believed = counted(&format!(
        "orghub_cache_lookups_total{{{family},outcome=\"offered\"}}"
    ));
    let outdated = counted(&format!(
        "orghub_cache_rejected_total{{{family},level=\"offer\",reason=\"changed\"}}"
    ));
    eprintln!(
        "{accepted} requests accepted before and {refused} refused after one of {REVOCATIONS} \
         revocations, besides {} by one who ends them; {believed} copies believed, {outdated} outdated",
        4 * REVOCATIONS
    );
    assert!(accepted > 100 && refused > 100, "{accepted}, {refused}");
    assert!(believed > 300 && outdated > 300, "{believed}, {outdated}");
}

/// Live sessions of the user, each as the cookie that opens it and the name that ends it.
async fn sessions_of(app: &TestApp, user: &SignedIn, count: usize) -> Vec<(String, String)> {
    let (mut cookies, life) = (HashMap::new(), app.services.config.session_life);
    for number in 0..count {
        let address = format!("192.0.2.{}:{number}", number % 256);
        let sign_in = SignInRecord {
            user_id: user.id,
            epoch: 0,
            user_agent: None,
            address: Some(address.clone()),
        };
        let sign_in = serde_json::to_value(sign_in).expect("JSON");
        let mut record = Record {
            id: Id::default(),
            data: [(SignInRecord::KEY.to_owned(), sign_in)].into(),
            expiry_date: app.services.clock.now() + life.inactivity,
        };
        let created = app.services.sessions.create(&mut record).await;
        created.expect("the session is stored");
        cookies.insert(address, format!("orghub={}", record.id));
    }
    let sessions = app.services.auth.list_sessions(user).await;
    let sessions = sessions.expect("a list").into_iter();
    sessions
        .filter_map(|session| {
            let cookie = cookies.remove(&session.address?)?;
            Some((cookie, session.id.to_string()))
        })
        .collect()
}

/// The session's signed copy that a page brings.
fn copy_in(page: &Response<Bytes>) -> String {
    let mut set = page.headers().get_all("set-cookie").iter();
    let copy = set.find_map(|cookie| {
        let pair = cookie.to_str().ok()?.split(';').next()?;
        pair.starts_with("orghub-session_data=").then_some(pair)
    });
    copy.expect("the page brings one").to_owned()
}

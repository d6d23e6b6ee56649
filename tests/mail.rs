//! Mail: what is committed is sent, once as far as SMTP can tell, whatever happens to the
//! mail server and to us.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use orghub::{
    config::{SmtpTls, SmtpUser},
    domain::Email,
    mail::{Button, Letter},
    queue::FailedJob,
    services::Services,
    test_hooks::Tx,
};
use orghub_test_support::{
    ChildProcess, PATIENCE, SmtpMood, SmtpServer, TestApp, TestDatabase, eventually, free_port,
    given_by_parent, mail_config, run_child, serve_parent,
};

/// Messages of one node at a time.
const CONNECTIONS: u32 = 4;

const HOUR: time::Duration = time::Duration::HOUR;

async fn app_with(smtp: &SmtpServer) -> TestApp {
    TestApp::start_with(|config| config.mail = smtp.config(CONNECTIONS)).await
}

fn letter(subject: &str) -> Letter {
    Letter {
        subject: subject.to_owned(),
        paragraphs: vec!["Hello Ada,".to_owned(), ".One more step.".to_owned()],
        button: Some(Button {
            label: "Confirm".to_owned(),
            path: "/confirm?token=abc".to_owned(),
        }),
        footnote: None,
    }
}

fn email(name: &str) -> Email {
    Email::parse(&format!("{name}@users.test")).expect("an address")
}

async fn post(app: &TestApp, to: &str, subject: &str) {
    let mut tx = app.begin().await;
    post_in(&mut tx, app, to, subject).await;
    tx.commit_unannounced().await.expect("it commits");
}

async fn post_in(tx: &mut Tx, app: &TestApp, to: &str, subject: &str) {
    let (to, letter) = (email(to), letter(subject));
    let posted = app.services.mail.post(tx, &to, &letter).await;
    posted.expect("it is posted");
}

async fn run_due(app: &TestApp) {
    app.services
        .worker
        .run_due()
        .await
        .expect("the queue answers");
}

async fn failed(app: &TestApp) -> Vec<FailedJob> {
    app.services.worker.list_failed().await.expect("a list")
}

async fn number(app: &TestApp, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql)
        .fetch_one(app.services.db.pool())
        .await
        .expect("an answer")
}

/// Messages that are to be sent, or cannot be.
async fn unsent(app: &TestApp) -> i64 {
    number(app, "select count(*) from mail where sent_at is null").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_sent_after_the_commit_and_not_without_one() {
    let smtp = SmtpServer::start().await;
    let app = app_with(&smtp).await;
    let mut tx = app.begin().await;
    post_in(&mut tx, &app, "ada", "Never").await;
    drop(tx);
    post(&app, "ada", "Confirm your address").await;
    run_due(&app).await;

    let [taken] = &smtp.taken()[..] else {
        panic!("{:?}", smtp.taken())
    };
    assert_eq!(taken.recipient, "ada@users.test");
    assert!(
        taken.message_id.ends_with("@orghub.test>"),
        "{}",
        taken.message_id
    );
    for line in [
        "From: Orghub <no-reply@orghub.test>",
        "To: ada@users.test",
        "Subject: Confirm your address",
        "Auto-Submitted: auto-generated",
        // The dot in front of it was doubled on its way.
        ".One more step.",
    ] {
        assert!(
            taken.text.lines().any(|found| found == line),
            "{line} in {}",
            taken.text
        );
    }
    assert!(
        smtp.commands()
            .contains(&"MAIL FROM:<no-reply@orghub.test>".to_owned())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_sent_is_remembered_without_what_it_said() {
    let smtp = SmtpServer::start().await;
    let app = app_with(&smtp).await;
    post(&app, "ada", "Confirm your address").await;
    assert_eq!(
        number(&app, "select count(*) from mail where letter is not null").await,
        1
    );
    run_due(&app).await;
    let sent = "select count(*) from mail where sent_at is not null and letter is null";
    assert_eq!(number(&app, sent).await, 1);
    assert_eq!(
        number(&app, "select count(*) from job where kind = 'mail.send'").await,
        0
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_follow_each_other_on_one_connection() {
    let smtp = SmtpServer::start().await;
    let app = TestApp::start_with(|config| config.mail = smtp.config(1)).await;
    for number in 0..10 {
        post(&app, "ada", &format!("Number {number}")).await;
    }
    run_due(&app).await;
    assert_eq!(smtp.count(), 10);
    let greetings = smtp
        .commands()
        .iter()
        .filter(|line| line.starts_with("EHLO"))
        .count();
    assert_eq!(greetings, 1);

    // The server hangs up in between, and nobody notices.
    smtp.set(SmtpMood::Down);
    eventually("it has hung up", PATIENCE, async || smtp.open() == 0).await;
    smtp.set(SmtpMood::Takes);
    post(&app, "ada", "Number 10").await;
    run_due(&app).await;
    assert_eq!((smtp.count(), failed(&app).await.len()), (11, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_server_is_away_messages_wait_without_counting_attempts() {
    let port = free_port();
    let app = TestApp::start_with(|config| config.mail = mail_config(port, CONNECTIONS)).await;
    post(&app, "ada", "Nobody listens").await;
    for _ in 0..30 {
        run_due(&app).await;
        app.services.clock.advance(HOUR);
    }
    assert_eq!(unsent(&app).await, 1);
    let waiting = failed(&app).await;
    assert_eq!(
        (waiting.len(), waiting[0].attempts, waiting[0].dead_at),
        (1, 0, None)
    );
    let error = waiting[0].last_error.as_deref().expect("a reason");
    assert!(error.starts_with("the connection: "), "{error}");
    let health = app.services.worker.health().await.expect("figures");
    assert!(
        health.oldest_due > Some(Duration::from_secs(24 * 3_600)),
        "{health:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_hangs_is_away_and_a_server_that_is_back_gets_everything() {
    let smtp = SmtpServer::start().await;
    let app = TestApp::start_with(|config| {
        config.mail = smtp.config(CONNECTIONS);
        if let Some(smtp) = &mut config.mail.smtp {
            smtp.timeout = Duration::from_millis(100);
        }
    })
    .await;
    for mood in [SmtpMood::Hangs, SmtpMood::Down] {
        smtp.set(mood);
        for number in 0..3 {
            post(&app, "ada", &format!("{mood:?} {number}")).await;
        }
        run_due(&app).await;
        assert!(
            failed(&app)
                .await
                .iter()
                .all(|job| job.attempts == 0 && job.dead_at.is_none())
        );
        app.services.clock.advance(HOUR);
    }
    assert_eq!((smtp.count(), unsent(&app).await), (0, 6));
    smtp.set(SmtpMood::Takes);
    run_due(&app).await;
    assert_eq!((smtp.count(), unsent(&app).await), (6, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recipient_who_is_refused_for_good_is_given_up_at_once() {
    let smtp = SmtpServer::start().await;
    let app = app_with(&smtp).await;
    smtp.refuse("ada@users.test", "550 5.1.1 no such user");
    post(&app, "ada", "To nobody").await;
    post(&app, "bob", "To somebody").await;
    run_due(&app).await;
    assert_eq!(smtp.count(), 1);
    let failed = failed(&app).await;
    assert_eq!(failed.len(), 1);
    assert!(failed[0].dead_at.is_some());
    let error = failed[0].last_error.as_deref().expect("a reason");
    assert!(
        error.contains("550") && error.contains("no such user"),
        "{error}"
    );

    // An operator who knows better.
    smtp.accept("ada@users.test");
    let retried = app.services.worker.retry(None).await;
    assert_eq!(retried.expect("an answer"), 1);
    run_due(&app).await;
    assert_eq!((smtp.count(), unsent(&app).await), (2, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recipient_who_is_refused_for_now_is_tried_for_two_days() {
    let smtp = SmtpServer::start().await;
    let app = app_with(&smtp).await;
    smtp.refuse("ada@users.test", "452 4.2.2 mailbox full");
    post(&app, "ada", "Later").await;
    run_due(&app).await;
    let asked = || {
        smtp.commands()
            .iter()
            .filter(|line| line.starts_with("RCPT") && line.contains("ada@"))
            .count()
    };
    run_due(&app).await;
    assert_eq!(asked(), 1, "not at once");
    let mut half_hours = 0;
    while failed(&app).await.iter().all(|job| job.dead_at.is_none()) {
        app.services.clock.advance(HOUR / 2);
        half_hours += 1;
        assert!(half_hours < 200, "it is never given up");
        run_due(&app).await;
        post(&app, "bob", "At once").await;
        run_due(&app).await;
        assert_eq!(smtp.count(), half_hours, "others do not wait for it");
    }
    assert!(
        (44 * 2..=56 * 2).contains(&half_hours),
        "given up after {} h",
        half_hours / 2
    );
    assert!((10..=18).contains(&asked()), "asked {} times", asked());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_whose_link_has_expired_is_not_sent() {
    let smtp = SmtpServer::start().await;
    let app = app_with(&smtp).await;
    smtp.set(SmtpMood::Down);
    let mut tx = app.begin().await;
    let until = app.services.clock.now() + HOUR;
    let (ada, letter) = (email("ada"), letter("Link"));
    let posted = app.services.mail.post_until(&mut tx, &ada, &letter, until);
    posted.await.expect("it is posted");
    tx.commit_unannounced().await.expect("it commits");
    run_due(&app).await;
    app.services.clock.advance(HOUR * 2);
    smtp.set(SmtpMood::Takes);
    run_due(&app).await;
    assert_eq!(smtp.count(), 0);
    let failed = failed(&app).await;
    assert!(
        failed[0].dead_at.is_some(),
        "operators hear of it: {failed:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_was_taken_without_a_word_comes_again_with_the_same_id() {
    let smtp = SmtpServer::start().await;
    let app = app_with(&smtp).await;
    smtp.set(SmtpMood::TakesSilently);
    post(&app, "ada", "Twice").await;
    run_due(&app).await;
    smtp.set(SmtpMood::Takes);
    app.services.clock.advance(HOUR);
    run_due(&app).await;
    let taken = smtp.taken();
    assert_eq!(taken.len(), 2);
    assert_eq!(taken[0].message_id, taken[1].message_id);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_said_to_a_server_that_offers_no_tls() {
    let smtp = SmtpServer::start().await;
    let app = TestApp::start_with(|config| {
        config.mail = smtp.config(CONNECTIONS);
        if let Some(smtp) = &mut config.mail.smtp {
            smtp.tls = SmtpTls::StartTls;
        }
    })
    .await;
    post(&app, "ada", "Secret").await;
    run_due(&app).await;
    let said = smtp.commands();
    let verbs: Vec<&str> = said
        .iter()
        .filter_map(|line| line.split(' ').next())
        .collect();
    assert!(
        verbs.iter().all(|verb| ["EHLO", "QUIT"].contains(verb)),
        "{said:?}"
    );
    assert_eq!(failed(&app).await[0].attempts, 0, "the server's fault");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_user_of_the_address_is_signed_in() {
    let smtp = SmtpServer::start().await;
    let app = TestApp::start_with(|config| {
        config.mail = smtp.config(CONNECTIONS);
        let get = |name: &str| match name {
            "DATABASE_URL" => Some("postgres://localhost/orghub".to_owned()),
            "ENABLE_REDIS_CACHE" => Some("false".to_owned()),
            "SMTP_URL" => Some(format!(
                "smtp://orghub:a%2Fsecret@127.0.0.1:{}",
                smtp.port()
            )),
            "MAIL_FROM" => Some("no-reply@orghub.test".to_owned()),
            _ => None,
        };
        let read = orghub::config::Config::read(get).expect("complete");
        config.mail = read.mail;
        let user: Option<&SmtpUser> = config
            .mail
            .smtp
            .as_ref()
            .and_then(|smtp| smtp.user.as_ref());
        assert!(user.is_some());
    })
    .await;
    post(&app, "ada", "With a name").await;
    run_due(&app).await;
    assert_eq!(smtp.count(), 1);
    // "\0orghub\0a/secret" in Base64.
    let said = smtp.commands();
    assert!(
        said.contains(&"AUTH PLAIN AG9yZ2h1YgBhL3NlY3JldA==".to_owned()),
        "{said:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_cannot_be_written_to_is_given_up() {
    let smtp = SmtpServer::start().await;
    let app = app_with(&smtp).await;
    post(&app, "a,b", "Nowhere").await;
    post(&app, "ädä", "Somewhere").await;
    run_due(&app).await;
    assert_eq!(smtp.count(), 1);
    assert!(
        smtp.commands()
            .iter()
            .any(|line| line.contains("SMTPUTF8") && line.starts_with("MAIL"))
    );
    let failed = failed(&app).await;
    assert_eq!(
        (failed.len(), failed[0].dead_at.is_some()),
        (1, true),
        "{failed:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_server_messages_are_kept() {
    let app = TestApp::start().await;
    post(&app, "ada", "First").await;
    post(&app, "bob", "Second").await;
    run_due(&app).await;
    let kept = app.services.mail.list_kept().await.expect("a list");
    let subjects: Vec<&str> = kept
        .iter()
        .map(|message| message.subject.as_str())
        .collect();
    assert_eq!(subjects, ["Second", "First"]);
    assert_eq!(kept[1].to, email("ada"));
    let link = format!("{}/confirm?token=abc", app.services.config.app_url);
    assert_eq!(kept[1].link.as_deref(), Some(link.as_str()));
    assert!(kept[1].text.contains(&link) && kept[1].html.contains(&link));
    assert!(
        kept[1].headers.contains("Subject: First"),
        "{}",
        kept[1].headers
    );
    assert_eq!(
        number(&app, "select count(*) from job where kind = 'mail.send'").await,
        0
    );
}

/// How many messages are sent under fire, and by how many processes at a time.
const MANY: i32 = 10_000;
const MANY_CONNECTIONS: u32 = 40;
const KILLS: usize = 8;

/// The `main` of the processes below, which send mail until they are killed.
#[test]
#[ignore = "not a test: the processes that the test below starts run it"]
fn main_of_a_node_that_sends() {
    run_child(async {
        let database = TestDatabase::known(given_by_parent("CHILD_DATABASE_URL"));
        let port = given_by_parent("CHILD_SMTP_PORT").parse().expect("a port");
        let mut config = orghub_test_support::config(&database);
        config.redis = None;
        config.database_max_connections = 20;
        config.mail = mail_config(port, MANY_CONNECTIONS);
        let node = Services::start(config).await.expect("the services start");
        node.worker.start();
        serve_parent(|_| async { "sending".to_owned() }).await;
    });
}

async fn start_sender(app: &TestApp, smtp: &SmtpServer) -> ChildProcess {
    let (url, port) = (app.database_url().to_owned(), smtp.port().to_string());
    let child = tokio::task::spawn_blocking(move || {
        let variables = [
            ("CHILD_DATABASE_URL", url.as_str()),
            ("CHILD_SMTP_PORT", port.as_str()),
        ];
        let child = ChildProcess::start("main_of_a_node_that_sends", &variables);
        assert_eq!(child.ask("go").as_deref(), Some("sending"));
        child
    });
    child.await.expect("it starts")
}

/// Ten thousand messages while the server dies, hangs and comes back, and the processes that
/// send are killed. None is lost. One is sent again only where the server's answer was lost:
/// with its connection, or with a process that died between the answer and the commit.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_message_is_lost_or_sent_twice_without_need_whoever_dies() {
    let smtp = SmtpServer::start().await;
    let app = TestApp::start_with(|config| {
        config.mail = smtp.config(MANY_CONNECTIONS);
        config.database_max_connections = 20;
    })
    .await;
    let letter = letter("To many");
    let posted = app.services.mail.post_many(&letter, MANY);
    posted.await.expect("they are posted");

    let began = Instant::now();
    let mut senders = vec![
        start_sender(&app, &smtp).await,
        start_sender(&app, &smtp).await,
    ];
    for kill in 0..KILLS {
        let trouble = [
            [SmtpMood::Down, SmtpMood::Hangs][kill % 2],
            [
                SmtpMood::TakesSilently,
                SmtpMood::Breaks,
                SmtpMood::RefusesForNow,
            ][kill % 3],
        ];
        for mood in trouble {
            smtp.set(SmtpMood::Takes);
            tokio::time::sleep(Duration::from_millis(rand::random_range(100..500))).await;
            smtp.set(mood);
            tokio::time::sleep(Duration::from_millis(rand::random_range(20..200))).await;
        }
        smtp.set(SmtpMood::Takes);
        tokio::time::sleep(Duration::from_millis(rand::random_range(0..500))).await;
        // In the middle of sending.
        drop(senders.remove(0));
        senders.push(start_sender(&app, &smtp).await);
    }
    senders.clear();
    let kills = KILLS + 2;
    let (by_the_killed, until) = (smtp.count(), began.elapsed());
    assert!(by_the_killed > 0, "nothing was sent before the end");

    // The leases of the dead, and the pauses of what has failed, are over.
    app.services.clock.advance(HOUR);
    app.services.worker.start();
    eventually("all are sent", PATIENCE * 2, async || {
        unsent(&app).await == 0
    })
    .await;
    app.services.worker.stop().await;

    let mut times = HashMap::<String, usize>::new();
    let mut unanswered = HashMap::<String, usize>::new();
    for mail in smtp.taken() {
        *times.entry(mail.message_id.clone()).or_default() += 1;
        *unanswered.entry(mail.message_id).or_default() += usize::from(!mail.is_answered);
    }
    let again: usize = times.values().map(|times| times - 1).sum();
    let lost_answers: usize = unanswered.values().sum();
    eprintln!(
        "{MANY} messages, {kills} processes killed; {by_the_killed} taken in {until:?} before the \
         last of them died, all in {:?}; {again} taken again, {lost_answers} answers lost",
        began.elapsed()
    );
    assert_eq!(
        times.len(),
        usize::try_from(MANY).expect("a count"),
        "none is lost"
    );
    for (id, times) in &times {
        let excused = unanswered[id] + kills;
        assert!(*times <= 1 + excused, "{id} was taken {times} times");
    }
    let in_flight = kills * MANY_CONNECTIONS as usize;
    assert!(
        again <= lost_answers + in_flight,
        "{again} were taken again"
    );
    assert_eq!(failed(&app).await, [], "nothing was given up");
}

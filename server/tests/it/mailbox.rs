//! `/dev/mailbox`: where a developer reads what would have been mailed. And what a server that
//! sends mail tells of it.

use std::{env, fs, process::Stdio};

use axum::body::Body;
use http::{Method, StatusCode};
use orghub::{
    config::AppEnv,
    domain::Email,
    mail::{Button, Letter},
};
use orghub_test_support::{PATIENCE, PrivateRedis, SmtpServer, TestApp, eventually, mail_config};
use serde_json::Value;

use crate::{process::Server, site::Site};

/// Posts a message as a use case would.
async fn post(app: &TestApp, to: &str, subject: &str) {
    let letter = Letter {
        subject: subject.to_owned(),
        paragraphs: vec!["Hello <b>Ada</b>.".to_owned()],
        button: Some(Button {
            label: "Open your organizations".to_owned(),
            path: "/orgs?q=a&role=x".to_owned(),
        }),
        footnote: Some("You get this because you asked for it.".to_owned()),
    };
    let to = Email::parse(to).expect("an address");
    let mut tx = app.begin().await;
    let posted = app.services.mail.post(&mut tx, &to, &letter);
    posted.await.expect("it is posted");
    tx.commit_unannounced().await.expect("it commits");
}

#[tokio::test]
async fn messages_are_listed_with_the_latest_first() {
    let site = Site::start().await;
    let empty = site.visitor().open("/dev/mailbox").await;
    assert_eq!((empty.status, empty.count("<article")), (StatusCode::OK, 0));

    post(&site.app, "ada@users.test", "First & foremost").await;
    post(&site.app, "bob@users.test", "Second").await;
    let list = site.visitor().open("/dev/mailbox").await;
    assert_eq!((list.status, list.count("<article")), (StatusCode::OK, 2));
    let at = |text: &str| {
        list.body
            .find(text)
            .unwrap_or_else(|| panic!("{text} in {}", list.body))
    };
    assert!(at("Second") < at("First &amp; foremost"));
    for text in [
        "To <bdi>ada@users.test</bdi>",
        "/orgs?q=a&amp;role=x\">",
        "Hello &lt;b&gt;Ada&lt;/b&gt;.",
        "Auto-Submitted: auto-generated",
    ] {
        at(text);
    }
    let policy = list.header("content-security-policy");
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-src 'self'"));
    assert_eq!(list.header("x-frame-options"), "DENY");
}

#[tokio::test]
async fn programs_get_them_as_json() {
    let site = Site::start().await;
    post(&site.app, "ada@users.test", "First").await;
    let mut visitor = site.visitor();
    let json = [("accept", "application/json")];
    let by_header = visitor
        .send(Method::GET, "/dev/mailbox", &json, Body::empty())
        .await;
    let by_address = visitor.open("/dev/mailbox.json").await;
    assert_eq!(by_header.body, by_address.body);
    let messages: Value = serde_json::from_str(&by_address.body).expect("JSON");
    let message = &messages[0];
    assert_eq!(
        (&message["to"], &message["subject"]),
        (&"ada@users.test".into(), &"First".into())
    );
    let link = format!("{}/orgs?q=a&role=x", site.app.services.config.app_url);
    assert_eq!(message["link"], Value::from(link.as_str()));
    for part in ["text", "html"] {
        let part = message[part].as_str().expect("a part");
        assert!(part.contains("asked for it"), "{part}");
    }
    assert!(
        message["text"]
            .as_str()
            .is_some_and(|text| text.contains(&link))
    );
}

#[tokio::test]
async fn a_message_is_shown_as_a_mail_program_would() {
    let site = Site::start().await;
    post(&site.app, "ada@users.test", "First").await;
    let list = site.visitor().open("/dev/mailbox").await;
    let (_, frame) = list.body.split_once("<iframe src=\"").expect("a frame");
    let address = frame.split('"').next().expect("an address");
    let message = site.visitor().open(address).await;
    assert_eq!(message.status, StatusCode::OK);
    assert!(
        message.body.contains("Hello &lt;b&gt;Ada&lt;/b&gt;."),
        "{}",
        message.body
    );
    assert!(message.body.contains("<base target=\"_top\">"));
    let policy = message.header("content-security-policy");
    for directive in ["default-src 'none'", "frame-ancestors 'self'", "sandbox "] {
        assert!(policy.contains(directive), "{directive} in {policy}");
    }
    assert_eq!(message.header("x-frame-options"), "SAMEORIGIN");
}

#[tokio::test]
async fn there_is_no_mailbox_in_production_nor_where_mail_is_sent() {
    let production = Site::start_with(|config| config.app_env = AppEnv::Production).await;
    let sending = Site::start_with(|config| config.mail = mail_config(25, 1)).await;
    for site in [production, sending] {
        post(&site.app, "ada@users.test", "First").await;
        let id = "0197c0de-0000-7000-8000-000000000001";
        for path in [
            "/dev/mailbox",
            "/dev/mailbox.json",
            &format!("/dev/mailbox/{id}"),
        ] {
            let answer = site.visitor().open(path).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
            assert!(!answer.body.contains("First"), "{path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_server_sends_mail_and_logs_no_address() {
    let (smtp, redis) = (SmtpServer::start().await, PrivateRedis::start());
    smtp.refuse("ada@users.test", "550 5.1.1 <ada@users.test> unknown");
    let app = TestApp::start_with(|config| config.mail = smtp.config(1)).await;
    let file = env::temp_dir().join(format!("orghub-mail-log-{}", std::process::id()));
    let output = Stdio::from(fs::File::create(&file).expect("a file"));
    let smtp_url = format!("smtp://127.0.0.1:{}", smtp.port());
    let settings = [
        ("SMTP_URL", smtp_url.as_str()),
        ("MAIL_FROM", "no-reply@orghub.test"),
        ("LOG_LEVEL", "info"),
    ];
    let _server = Server::start_into(app.database_url(), &redis.url(), &settings, output).await;
    post(&app, "ada@users.test", "To nobody").await;
    post(&app, "bob@users.test", "To somebody").await;
    eventually("one is sent and one given up", PATIENCE, async || {
        let health = app.services.worker.health().await.expect("figures");
        smtp.count() == 1 && health.dead == 1
    })
    .await;
    let failed = app.services.worker.list_failed().await.expect("a list");
    let error = failed[0].last_error.as_deref();
    assert!(
        error.is_some_and(|error| error.contains("ada@users.test")),
        "{failed:?}"
    );
    let log = fs::read_to_string(&file).expect("the log");
    fs::remove_file(&file).expect("the file");
    assert!(log.contains("a job was given up"), "{log}");
    assert!(!log.contains("users.test"), "{log}");
}

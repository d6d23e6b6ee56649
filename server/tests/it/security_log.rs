//! The security log of a server in production: who reads it can find out what happened,
//! and to which request a line belongs.

use std::{env, fs, process::Stdio};

use axum::body::Bytes;
use http::Response;
use orghub::{domain::Role, routes};
use orghub_test_support::{PrivateRedis, TestApp};
use serde_json::Value;

use crate::process::Server;

const PRODUCTION: [(&str, &str); 13] = [
    ("APP_ENV", "production"),
    ("APP_URL", "https://orghub.test"),
    ("CACHE_KEYS", "a secret of more than thirty-two characters"),
    (
        "SESSION_COOKIE_KEYS",
        "another secret of more than thirty-two characters",
    ),
    (
        "DEVICE_COOKIE_KEYS",
        "another secret of more than thirty-two letters",
    ),
    ("MAIL_FROM", "no-reply@orghub.test"),
    ("SMTP_URL", "smtps://mail.test"),
    ("FACTOR_KEYS", "another secret of more than thirty-two"),
    ("STRIPE_SECRET_KEY", "sk_live_made_up"),
    ("STRIPE_WEBHOOK_SECRET", "whsec_made_up_of_letters"),
    ("TRUST_FORWARDED_FOR", "false"),
    ("LOG_LEVEL", "info"),
    ("WARM_UP_ORGANIZATIONS", "0"),
];

#[tokio::test(flavor = "multi_thread")]
async fn every_line_has_its_request_and_every_event_its_client() {
    let app = TestApp::start().await;
    let redis = PrivateRedis::start();
    let ada = app.user("Ada").await;
    let mallory = app.user("Mallory").await;
    let grace = app.user("Grace").await;
    let slug = app.org("acme", &ada).await;
    let org = app.access(&ada, &slug).await.org_id();
    app.add_member(org, &grace, Role::Member).await;
    let file = env::temp_dir().join(format!("orghub-log-{}", std::process::id()));
    let output = Stdio::from(fs::File::create(&file).expect("a file"));
    let server = Server::start_into(app.database_url(), &redis.url(), &PRODUCTION, output).await;

    let known = [("email", ada.email.as_str()), ("password", "a wrong one")];
    let unknown = [("email", "nobody@users.test"), ("password", "a wrong one")];
    let failed = server.submit(routes::api::SIGN_IN, "", &known).await;
    let also_failed = server.submit(routes::api::SIGN_IN, "", &unknown).await;
    let cookie = server.sign_in(&mallory).await;
    let denied = server.open("/orgs/acme", &cookie).await;
    let leaving = [("org", "acme"), ("return_to", "/orgs/acme")];
    let denied_form = server
        .submit(routes::api::LEAVE_ORG, &cookie, &leaving)
        .await;
    let member = server.sign_in(&grace).await;
    let left = server
        .submit(routes::api::LEAVE_ORG, &member, &leaving)
        .await;
    let webhook = server.submit(routes::STRIPE_WEBHOOK, "", &[]).await;
    let signed_out = server.submit(routes::SIGN_OUT, &cookie, &[]).await;

    let log = fs::read_to_string(&file).expect("the log");
    let lines: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}")))
        .collect();
    let all_of = |answer: &Response<Bytes>, event: &str| -> Vec<Value> {
        let id = format!("\"{}\"", text(answer, "x-request-id"));
        let is_meant =
            |line: &&Value| line["event"] == event && line["spans"].to_string().contains(&id);
        lines.iter().filter(is_meant).cloned().collect()
    };
    let of = |answer: &Response<Bytes>, event: &str| match all_of(answer, event).as_slice() {
        [one] => one.clone(),
        others => panic!("{} times {event} in\n{log}", others.len()),
    };

    let event = of(&failed, "sign_in.failed");
    assert_eq!(event["target"], "orghub::security");
    assert_eq!(event["user.id"], ada.id.to_string());
    assert!(
        event["spans"]
            .to_string()
            .contains("\"client.address\":\"127.0.0.1\""),
        "{event}"
    );
    let nobody = of(&also_failed, "sign_in.failed");
    assert_eq!(nobody["user.id"], Value::Null);
    assert_ne!(nobody["account"], event["account"]);
    let event = of(&denied, "access.denied");
    assert_eq!(
        (&event["org.slug"], &event["user.id"]),
        (&"acme".into(), &mallory.id.to_string().into())
    );
    of(&denied_form, "access.denied");
    assert_eq!(text(&left, "location"), routes::ORGS);
    assert_eq!(all_of(&left, "access.denied"), [] as [Value; 0]);
    of(&signed_out, "sign_out");
    assert_eq!(webhook.status(), 400);

    // Whatever was logged while a request was answered says which one.
    let requests = [&failed, &also_failed, &denied, &signed_out];
    for answer in requests {
        let id = text(answer, "x-request-id");
        assert!(lines.iter().any(|line| {
            line["message"] == "answered" && line["spans"].to_string().contains(&id)
        }));
    }
    for secret in [
        "a wrong one",
        "nobody@",
        "ada@users.test",
        "whsec_",
        "sk_live",
    ] {
        assert!(!log.contains(secret), "{secret} is in the log");
    }
    let _gone = fs::remove_file(file);
}

/// A header's text.
fn text(answer: &Response<Bytes>, name: &str) -> String {
    let value = answer.headers().get(name).expect("the header is there");
    value.to_str().expect("text").to_owned()
}

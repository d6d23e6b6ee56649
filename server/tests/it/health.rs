//! `/healthz` and `/readyz`.

use axum::body::Body;
use http::{Method, StatusCode};
use orghub::config::{AppEnv, MetricsToken};
use orghub_edge::handlers::health::{Report, Status};
use orghub_test_support::PrivateRedis;
use serde_json::Value;

use crate::site::Site;

async fn readiness(site: &Site) -> (StatusCode, Value) {
    let answer = site.visitor().open("/readyz").await;
    (
        answer.status,
        serde_json::from_str(&answer.body).expect("JSON"),
    )
}

#[tokio::test]
async fn a_healthy_node_is_ready_and_tells_the_latency_of_its_services() {
    let redis = PrivateRedis::start();
    let site = Site::start_with(|config| config.redis = Some(redis.config())).await;
    assert_eq!(site.visitor().open("/healthz").await.status, StatusCode::OK);
    let (status, report) = readiness(&site).await;
    assert_eq!(
        (status, &report["status"]),
        (StatusCode::OK, &Value::from("ok")),
        "{report}"
    );
    assert_eq!(report["postgres"]["pending_migrations"], 0);
    assert!(report["postgres"]["latency_ms"].as_f64().expect("a time") > 0.0);
    assert!(report["redis"]["latency_ms"].as_f64().expect("a time") > 0.0);
    assert_eq!(report["cache"]["lease_is_running"], true);
}

#[tokio::test]
async fn without_redis_a_node_is_degraded_and_stays_in_rotation() {
    let mut redis = PrivateRedis::start();
    let site = Site::start_with(|config| config.redis = Some(redis.config())).await;
    redis.kill();
    let (status, report) = readiness(&site).await;
    assert_eq!(
        (status, &report["status"]),
        (StatusCode::OK, &Value::from("degraded")),
        "{report}"
    );
    assert_eq!(report["redis"]["status"], "degraded");
    assert_eq!(report["redis"]["latency_ms"], Value::Null);
}

#[tokio::test]
async fn with_redis_disabled_nothing_is_missing() {
    let site = Site::start_with(|config| config.redis = None).await;
    let (status, report) = readiness(&site).await;
    assert_eq!(
        (status, &report["status"]),
        (StatusCode::OK, &Value::from("ok")),
        "{report}"
    );
    assert_eq!(report.get("redis"), None);
}

#[tokio::test]
async fn without_its_database_a_node_leaves_the_rotation_but_is_alive() {
    let site = Site::start().await;
    site.app.services.db.close().await;
    let (status, report) = readiness(&site).await;
    assert_eq!(
        (status, &report["status"]),
        (StatusCode::SERVICE_UNAVAILABLE, &Value::from("unavailable")),
        "{report}"
    );
    assert_eq!(site.visitor().open("/healthz").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_node_behind_its_schema_leaves_the_rotation() {
    let site = Site::start().await;
    site.app
        .sql("delete from _sqlx_migrations where version = 11")
        .await;
    let (status, report) = readiness(&site).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(report["postgres"]["pending_migrations"], 1);
}

#[tokio::test]
async fn requests_that_hold_all_connections_do_not_take_the_node_out_of_rotation() {
    let site = Site::start_with(|config| config.database_max_connections = 2).await;
    let held = [site.app.begin().await, site.app.begin().await];
    let (status, report) = readiness(&site).await;
    assert_eq!(
        (status, &report["status"]),
        (StatusCode::OK, &Value::from("ok")),
        "{report}"
    );
    drop(held);
}

#[tokio::test]
async fn jobs_that_wait_too_long_degrade_a_node_and_leave_it_in_rotation() {
    let site = Site::start().await;
    let (_, report) = readiness(&site).await;
    assert_eq!(report["jobs"]["status"], "ok", "{report}");
    assert_eq!(
        report["jobs"]["oldest_due_seconds"],
        Value::Null,
        "{report}"
    );
    for minutes in ["4", "6"] {
        site.app
            .sql_with(
                "insert into job (kind, payload, created_at, run_at)
                 select 'mail.send', '{}', at, at
                 from (select now() - $1::text::int * interval '1 minute' as at) as before",
                &[minutes],
            )
            .await;
        // The answer from before is kept for a second.
        let report = Report::of(&site.app.services).await;
        let is_late = minutes == "6";
        let expected = if is_late {
            Status::Degraded
        } else {
            Status::Ok
        };
        assert_eq!(
            (report.jobs.status, report.status),
            (expected, expected),
            "{report}"
        );
    }
    site.app.sql("update job set dead_at = now()").await;
    let jobs = Report::of(&site.app.services).await.jobs;
    assert_eq!((jobs.status, jobs.dead), (Status::Ok, Some(2)));
}

#[tokio::test]
async fn in_production_the_reasons_are_for_operators() {
    let site = Site::start_with(|config| {
        config.app_env = AppEnv::Production;
        config.metrics_token = MetricsToken::parse("a-long-secret-of-ours").ok();
    })
    .await;
    for (authorization, has_reasons) in [
        ("", false),
        ("Bearer ", false),
        ("Bearer a-long-guess", false),
        ("Bearer a-long-secret-of-ours", true),
    ] {
        let headers = [("authorization", authorization)];
        let mut visitor = site.visitor();
        let answer = visitor.send(Method::GET, "/readyz", &headers, Body::empty());
        let answer = answer.await;
        assert_eq!(answer.status, StatusCode::OK, "{authorization}");
        let report: Value = serde_json::from_str(&answer.body).expect("JSON");
        assert_eq!(report["status"], "ok", "{authorization}");
        let parts = report.as_object().expect("an object").len();
        assert_eq!(parts > 1, has_reasons, "{authorization}: {report}");
    }
}

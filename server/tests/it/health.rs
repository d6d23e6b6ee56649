//! `/healthz` and `/readyz`.

use http::StatusCode;
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

//! `/metrics`.

use http::{Method, StatusCode};
use orghub::{
    config::{AppEnv, MetricsToken},
    domain::Role,
    telemetry::CATALOG,
};
use orghub_edge::telemetry;
use orghub_test_support::PrivateRedis;

use crate::site::{Answer, Site};

async fn metrics(site: &Site, headers: &[(&str, &str)]) -> Answer {
    site.visitor()
        .send(Method::GET, "/metrics", headers, axum::body::Body::empty())
        .await
}

/// The value of the sample that begins with `sample`; 0 if there is none.
fn value(metrics: &str, sample: &str) -> f64 {
    let line = metrics.lines().find(|line| {
        line.strip_prefix(sample)
            .is_some_and(|rest| rest.starts_with(' '))
    });
    line.and_then(|line| line.rsplit(' ').next())
        .map_or(0.0, |value| value.parse().expect("a number"))
}

const NO_STATEMENT: &str = r#"orghub_request_sql_statements_bucket{le="0"}"#;

fn lookups(outcome: &str) -> String {
    format!("orghub_cache_lookups_total{{family=\"member_page\",outcome=\"{outcome}\"}}")
}

/// Does something again and again until it is counted: on a busy machine the node's lease can
/// lapse in the middle of any single request, which then asks PostgreSQL.
async fn until_counted(site: &Site, sample: &str, mut act: impl AsyncFnMut()) {
    for _ in 0..50 {
        act().await;
        if value(&metrics(site, &[]).await.body, sample) >= 1.0 {
            return;
        }
    }
    panic!("done 50 times, and {sample} is not counted");
}

#[tokio::test]
async fn what_happens_is_counted() {
    telemetry::metrics();
    let redis = PrivateRedis::start();
    let site = Site::start_with(|config| {
        config.redis = Some(redis.config());
        config.near_cache_bytes = 1 << 20;
    })
    .await;
    let ada = site.app.user("Ada").await;
    let acme = site.org("acme", &ada).await;
    let mut browser = site.sign_in(&ada).await;
    let members = "/orgs/acme/members";
    browser.open(members).await;
    for sample in [&lookups("near_hit"), NO_STATEMENT] {
        until_counted(&site, sample, async || {
            browser.open(members).await;
        })
        .await;
    }
    let changed =
        r#"orghub_cache_rejected_total{family="member_page",level="near",reason="changed"}"#;
    until_counted(&site, changed, async || {
        let member = site.app.user("Grace").await;
        site.app.add_member(acme, &member, Role::Member).await;
        browser.open(members).await;
    })
    .await;

    site.app
        .sql(
            "insert into job (kind, payload, created_at, run_at, dead_at)
             values ('a.kind', '{}', now(), now() - interval '1 minute', null),
                    ('a.kind', '{}', now(), now(), now())",
        )
        .await;
    let runs = site.app.services.worker.run_due().await;
    assert!(runs.expect("the queue answers") > 0);

    let answer = metrics(&site, &[]).await;
    assert_eq!(answer.status, StatusCode::OK);
    let value = |sample: &str| value(&answer.body, sample);
    assert_eq!(value(r#"orghub_jobs_due{kind="a.kind"}"#), 1.0);
    assert!(value(r#"orghub_jobs_oldest_due_seconds{kind="a.kind"}"#) >= 60.0);
    assert_eq!(value(r#"orghub_jobs_dead{kind="a.kind"}"#), 1.0);
    assert_eq!(
        value(r#"orghub_job_runs_total{kind="clean_up.sessions",outcome="done"}"#),
        1.0,
        "{}",
        answer.body
    );
    assert!(value(&lookups("fill")) >= 2.0, "{}", answer.body);
    assert!(value("orghub_cache_near_bytes") > 0.0);
    assert_eq!(value("orghub_cache_lease_running"), 1.0);
    assert!(value(r#"orghub_cache_barrier_total{outcome="applied"}"#) >= 2.0);
    assert!(value("orghub_cache_log_lag_seconds_count") >= 2.0);
    assert_eq!(value("orghub_redis_breaker_state"), 0.0);
    assert!(value(r#"orghub_membership_check_seconds_count{source="memory"}"#) >= 1.0);
    assert!(value(r#"orghub_request_seconds_count{status="2xx"}"#) >= 3.0);
}

#[tokio::test]
async fn every_metric_is_explained_in_its_help_line_and_in_the_runbook() {
    telemetry::metrics();
    let site = Site::start().await;
    let ada = site.app.user("Ada").await;
    site.org("acme", &ada).await;
    site.sign_in(&ada).await.open("/orgs/acme").await;
    let text = metrics(&site, &[]).await.body;
    let runbook = include_str!("../../../docs/runbook.md");
    for metric in CATALOG {
        assert!(
            runbook.contains(&format!("`{}`", metric.name)),
            "docs/runbook.md lacks {}",
            metric.name
        );
    }
    let known = |name: &str| CATALOG.iter().any(|metric| metric.name == name);
    for line in text.lines().filter_map(|line| line.strip_prefix("# TYPE ")) {
        let name = line.split(' ').next().expect("a name");
        assert!(known(name), "{name} is in no catalog");
        assert!(
            text.contains(&format!("# HELP {name} ")),
            "{name} is not explained"
        );
    }
}

#[tokio::test]
async fn only_the_collector_sees_metrics_in_production() {
    let site = Site::start_with(|config| {
        config.metrics_token = MetricsToken::parse("collector-of-metrics").ok()
    })
    .await;
    assert_eq!(metrics(&site, &[]).await.status, StatusCode::UNAUTHORIZED);
    for wrong in ["Bearer collecto", "Bearer ", "Basic collector", "collector"] {
        assert_eq!(
            metrics(&site, &[("authorization", wrong)]).await.status,
            StatusCode::UNAUTHORIZED,
            "{wrong}"
        );
    }
    assert_eq!(
        metrics(&site, &[("authorization", "Bearer collector-of-metrics")])
            .await
            .status,
        StatusCode::OK
    );

    let site = Site::start_with(|config| {
        config.app_env = AppEnv::Production;
        config.metrics_token = None;
    })
    .await;
    assert_eq!(metrics(&site, &[]).await.status, StatusCode::NOT_FOUND);
}

//! The program's commands, each run as an operator runs it: a process, its exit code, its
//! output.

use std::{
    env, fs,
    process::{Command, Output, Stdio},
    time::Duration,
};

use orghub_test_support::{PrivateRedis, TestApp, eventually, free_port};

use crate::{
    process::{Server, program},
    site::{Answer, Cost},
};

/// What a process left behind.
#[derive(Debug)]
pub struct Outcome {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

/// Runs the command to its end.
pub async fn run(mut command: Command) -> Outcome {
    command.stdin(Stdio::null());
    let output = tokio::task::spawn_blocking(move || command.output());
    let Output {
        status,
        stdout,
        stderr,
    } = output
        .await
        .expect("nothing panics")
        .expect("the server was built with its tests");
    let text = |bytes| String::from_utf8(bytes).expect("output is text");
    Outcome {
        code: status.code(),
        stdout: text(stdout),
        stderr: text(stderr),
    }
}

/// The program called with `line`, and with the settings in `variables` alone.
pub fn called(line: &str, variables: &[(&str, &str)]) -> Command {
    let mut command = program();
    command
        .args(line.split_whitespace())
        .envs(variables.iter().copied());
    command
}

fn settings<'a>(app: &'a TestApp, redis_url: &'a str) -> [(&'a str, &'a str); 2] {
    [
        ("DATABASE_URL", app.database_url()),
        ("REDIS_URL", redis_url),
    ]
}

#[tokio::test]
async fn help_lists_the_commands_and_an_unknown_one_is_refused() {
    let help = run(called("--help", &[])).await;
    assert_eq!(help.code, Some(0), "{help:?}");
    for command in [
        "serve",
        "migrate",
        "warm",
        "flush",
        "jobs",
        "sign-out-everybody",
        "check",
    ] {
        assert!(help.stdout.contains(command), "{command} in {help:?}");
    }
    for line in ["frobnicate", "serve now", "flush", "flush --org Acme"] {
        let refused = run(called(line, &[])).await;
        assert_eq!(refused.code, Some(2), "{refused:?}");
        assert!(refused.stderr.starts_with("error: "), "{refused:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_flush_the_next_page_of_a_running_node_comes_from_the_database() {
    let redis = PrivateRedis::start();
    let redis_url = redis.url();
    let app = TestApp::start_with(|config| config.redis = Some(redis.config())).await;
    let ada = app.user("Ada").await;
    app.org("acme", &ada).await;
    let node = Server::start(app.database_url(), &redis_url).await;
    let cookie = node.sign_in(&ada).await;
    let statements = async || cost(&node, "/orgs/acme/members", &cookie).await.sql;
    for target in ["--org acme", "--user ada@users.test", "--all"] {
        eventually("the page is cached", Duration::from_secs(20), async || {
            statements().await == 0
        })
        .await;
        let flush = called(&format!("flush {target}"), &settings(&app, &redis_url));
        let flushed = run(flush).await;
        assert_eq!(flushed.code, Some(0), "{flushed:?}");
        assert!(flushed.stdout.contains("flushed"), "{flushed:?}");
        assert!(statements().await > 0, "{target}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flush_of_nothing_or_without_the_database_says_so() {
    let redis = PrivateRedis::start();
    let redis_url = redis.url();
    let app = TestApp::start_with(|config| config.redis = Some(redis.config())).await;
    for (target, sentence) in [
        ("--org acme", "no organization has this slug"),
        ("--user ada@users.test", "no user has this address"),
    ] {
        let flush = called(&format!("flush {target}"), &settings(&app, &redis_url));
        let refused = run(flush).await;
        assert_eq!(refused.code, Some(2), "{refused:?}");
        assert!(refused.stderr.contains(sentence), "{refused:?}");
    }
    let nobody = format!("postgres://orghub@127.0.0.1:{}/orghub", free_port());
    let variables = [("DATABASE_URL", &*nobody), ("REDIS_URL", &*redis_url)];
    let failed = run(called("flush --all", &variables)).await;
    assert_eq!(failed.code, Some(1), "{failed:?}");
    assert!(
        failed.stderr.contains("the database is unavailable"),
        "{failed:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn operators_list_jobs_that_failed_run_them_again_and_drop_them() {
    let redis = PrivateRedis::start();
    let redis_url = redis.url();
    let app = TestApp::start_with(|config| config.redis = Some(redis.config())).await;
    app.sql(
        "insert into job (kind, payload, created_at, run_at, attempts, dead_at, last_error)
         select 'mail.send', '{}', now(), now(), number, now(), 'refused' || chr(10) || number
         from generate_series(1, 3) as number",
    )
    .await;
    let jobs = async |line: &str| {
        let line = format!("jobs {line}");
        run(called(&line, &settings(&app, &redis_url))).await
    };
    let listed = jobs("list").await;
    assert_eq!(listed.code, Some(0), "{listed:?}");
    let rows = || {
        listed
            .stdout
            .lines()
            .filter(|line| line.contains("mail.send"))
    };
    assert_eq!(rows().count(), 3, "{listed:?}");
    assert!(
        rows().all(|row| row.contains("given up") && row.contains("refused ")),
        "{listed:?}"
    );
    let numbers: Vec<&str> = rows()
        .filter_map(|row| row.split_whitespace().next())
        .collect();

    let retried = jobs(&format!("retry {}", numbers[0])).await;
    assert_eq!(retried.code, Some(0), "{retried:?}");
    let dropped = jobs(&format!("drop {}", numbers[1])).await;
    assert_eq!(dropped.code, Some(0), "{dropped:?}");
    for line in [
        format!("retry {}", numbers[0]),
        format!("drop {}", numbers[1]),
    ] {
        let refused = jobs(&line).await;
        assert_eq!(refused.code, Some(2), "{refused:?}");
        assert!(refused.stderr.contains("was given up"), "{refused:?}");
    }
    let health = app.services.worker.health().await.expect("figures");
    assert_eq!((health.oldest_due.is_some(), health.dead), (true, 1));
    assert_eq!(jobs("retry --all").await.code, Some(0));
    let health = app.services.worker.health().await.expect("figures");
    assert_eq!((health.oldest_due.is_some(), health.dead), (true, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_is_signed_out_of_a_running_node() {
    let redis = PrivateRedis::start();
    let redis_url = redis.url();
    let app = TestApp::start_with(|config| config.redis = Some(redis.config())).await;
    let ada = app.user("Ada").await;
    let node = Server::start(app.database_url(), &redis_url).await;
    let cookie = node.sign_in(&ada).await;
    assert_eq!(node.open("/orgs", &cookie).await.status(), 200);
    let done = run(called("sign-out-everybody", &settings(&app, &redis_url))).await;
    assert_eq!(done.code, Some(0), "{done:?}");
    assert!(done.stdout.contains("everybody is signed out"), "{done:?}");
    assert!(
        done.stdout.contains("session.everybody_signed_out"),
        "{done:?}"
    );
    assert_eq!(node.open("/orgs", &cookie).await.status(), 303);
}

#[tokio::test]
async fn migrate_says_what_to_do_about_a_database_of_another_history() {
    let app = TestApp::start().await;
    let migrate = || {
        called(
            "migrate",
            &[
                ("DATABASE_URL", app.database_url()),
                ("DATABASE_OWNER_URL", app.owner_url()),
                ("ENABLE_REDIS_CACHE", "false"),
            ],
        )
    };
    assert_eq!(run(migrate()).await.code, Some(0));
    app.sql("update _sqlx_migrations set checksum = '' where version = 1")
        .await;
    let failed = run(migrate()).await;
    assert_eq!(failed.code, Some(1), "{failed:?}");
    assert!(
        failed.stderr.contains("cargo xtask run --fresh"),
        "{failed:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn spans_are_logged_with_their_times_only_on_demand() {
    let redis = PrivateRedis::start();
    let redis_url = redis.url();
    let app = TestApp::start_with(|config| config.redis = Some(redis.config())).await;
    let ada = app.user("Ada").await;
    app.org("acme", &ada).await;
    app.sign_in(&ada).await;
    for (level, format, spans) in [
        ("info", "text", false),
        ("info,orghub::spans=debug", "text", true),
        ("info,orghub::spans=debug", "json", true),
    ] {
        let mut warm = called("warm", &settings(&app, &redis_url));
        warm.env("LOG_LEVEL", level).env("LOG_FORMAT", format);
        let warmed = run(warm).await;
        assert_eq!(warmed.code, Some(0), "{warmed:?}");
        let lines: Vec<&str> = warmed
            .stdout
            .lines()
            .filter(|line| line.contains("time.busy"))
            .collect();
        for name in ["access.find", "orgs.get_overview", "orgs.list_members"] {
            let is_logged = lines.iter().any(|line| line.contains(name));
            assert_eq!(is_logged, spans, "{level}: {name} in {warmed:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn under_cargo_leptos_watch_settings_come_from_files_too() {
    let app = TestApp::start().await;
    let folder = env::temp_dir().join(format!("orghub-settings-{}", std::process::id()));
    fs::create_dir_all(folder.join(".services")).expect("a new folder");
    let services = format!(
        "DATABASE_URL={}\nENABLE_REDIS_CACHE=neither\n",
        app.database_url()
    );
    fs::write(folder.join(".services/env"), services).expect("a new file");
    let dotenv = "DATABASE_URL=\nENABLE_REDIS_CACHE=false\nNEAR_CACHE_BYTES=many\n";
    fs::write(folder.join(".env"), dotenv).expect("a new file");

    let check = |variables: &[(&str, &str)]| {
        let mut check = called("check", variables);
        check.current_dir(&folder);
        run(check)
    };
    // The environment wins over `.env`, which wins over `.services/env`.
    let ready = check(&[("LEPTOS_WATCH", "true"), ("NEAR_CACHE_BYTES", "0")]).await;
    assert_eq!(ready.code, Some(0), "{ready:?}");
    let wrong = check(&[("LEPTOS_WATCH", "true")]).await;
    assert_eq!(wrong.code, Some(2), "{wrong:?}");
    assert!(wrong.stderr.contains("NEAR_CACHE_BYTES"), "{wrong:?}");
    let unwatched = check(&[]).await;
    assert_eq!(unwatched.code, Some(2), "{unwatched:?}");
    assert!(unwatched.stderr.contains("is not set"), "{unwatched:?}");

    fs::write(folder.join(".env"), "STRIPE_SECRET_KEY sk_live").expect("the file");
    let malformed = check(&[("LEPTOS_WATCH", "true")]).await;
    assert_eq!(malformed.code, Some(2), "{malformed:?}");
    assert!(malformed.stderr.contains(".env: "), "{malformed:?}");
    assert!(!malformed.stderr.contains("sk_live"), "{malformed:?}");
    fs::remove_dir_all(&folder).expect("the folder");
}

#[tokio::test]
async fn demo_data_is_never_written_in_production_nor_by_a_program_without_it() {
    let production = [
        ("APP_ENV", "production"),
        ("APP_URL", "https://orghub.test"),
        ("DATABASE_URL", "postgres://localhost/orghub"),
        (
            "DEVICE_COOKIE_KEYS",
            "another secret of more than thirty-two letters",
        ),
        ("ENABLE_REDIS_CACHE", "false"),
        ("FACTOR_KEYS", "another secret of more than thirty-two"),
        ("MAIL_FROM", "no-reply@orghub.test"),
        (
            "SESSION_COOKIE_KEYS",
            "another secret of more than thirty-two characters",
        ),
        ("SMTP_URL", "smtps://mail.test"),
        ("STRIPE_SECRET_KEY", "sk_live_made_up"),
        ("STRIPE_WEBHOOK_SECRET", "whsec_made_up_of_letters"),
        ("TRUST_FORWARDED_FOR", "true"),
    ];
    let refused = run(called("seed", &production)).await;
    assert_eq!(refused.code, Some(2), "{refused:?}");
    let reason = if cfg!(feature = "demo-data") {
        "not with APP_ENV=production"
    } else {
        "built without demo data"
    };
    assert!(refused.stderr.contains(reason), "{refused:?}");
}

/// What opening a page costs the server.
async fn cost(node: &Server, path: &str, cookie: &str) -> Cost {
    let (head, body) = node.open(path, cookie).await.into_parts();
    let answer = Answer {
        status: head.status,
        headers: head.headers,
        body: String::from_utf8_lossy(&body).into_owned(),
    };
    answer.cost()
}

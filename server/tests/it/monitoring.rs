//! `docs/monitoring/`: rules that Prometheus understands and that fire when they should, and no
//! name or label in rules and dashboard that a running server does not have.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use fake_stripe::FakeStripe;
use orghub::{
    routes,
    telemetry::{CATALOG, Kind, Metric},
};
use orghub_test_support::{PrivateRedis, TestApp, eventually};
use serde_json::Value;

use crate::process::Server;

/// Jobs of a new server begin within seconds.
const PATIENCE: Duration = Duration::from_secs(60);

/// What Prometheus adds to every sample.
const OF_PROMETHEUS: [&str; 2] = ["instance", "job"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn text(file: &str) -> String {
    let path = root().join(file);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn rules() -> String {
    text("docs/monitoring/alerts.yml")
}

/// Runs `promtool` in the folder of the rules, which must be content.
fn promtool(arguments: &[&str], input: &str) {
    let mut promtool = Command::new("promtool");
    promtool
        .args(arguments)
        .current_dir(root().join("docs/monitoring"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut running = match promtool.spawn() {
        Ok(running) => running,
        Err(error) if error.kind() == io::ErrorKind::NotFound => panic!(
            "promtool is missing: it comes with Prometheus, which `cargo xtask test` installs \
             (on Debian the package `prometheus`)"
        ),
        Err(error) => panic!("promtool does not start: {error}"),
    };
    let mut stdin = running.stdin.take().expect("it is piped");
    stdin.write_all(input.as_bytes()).expect("it reads");
    drop(stdin);
    let output = running.wait_with_output().expect("it ends");
    assert!(
        output.status.success(),
        "promtool {arguments:?}: {}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn prometheus_understands_the_rules_and_they_fire_when_they_should() {
    promtool(&["check", "rules", "alerts.yml"], "");
    promtool(&["test", "rules", "alerts.test.yml"], "");
}

/// What stands behind `key: ` in each line that has it.
fn values_of<'a>(yaml: &'a str, key: &str) -> Vec<&'a str> {
    let lines = yaml.lines().map(|line| line.trim_start_matches([' ', '-']));
    lines
        .filter_map(|line| line.strip_prefix(key)?.strip_prefix(": "))
        .collect()
}

#[test]
fn each_alert_leads_to_a_heading_of_the_runbook_and_is_tested_both_ways() {
    let rules = rules();
    let alerts = values_of(&rules, "alert");
    let links = values_of(&rules, "runbook_url");
    assert!(alerts.len() >= 12, "{alerts:?}");
    assert_eq!(links.len(), alerts.len(), "one each");
    let runbook = text("docs/runbook.md");
    let headings: BTreeSet<String> = runbook
        .lines()
        .filter(|line| line.starts_with('#'))
        .map(|line| anchor(line.trim_start_matches('#').trim()))
        .collect();
    for link in links {
        let heading = link.strip_prefix("docs/runbook.md#");
        let heading = heading.unwrap_or_else(|| panic!("{link} is not in the runbook"));
        assert!(headings.contains(heading), "{link}");
    }
    let tests = text("docs/monitoring/alerts.test.yml");
    for alert in alerts {
        let start = format!("alertname: {alert}\n");
        let of_alert = tests
            .split(start.as_str())
            .skip(1)
            .filter_map(|rest| rest.lines().nth(1));
        let is_quiet: BTreeSet<bool> = of_alert.map(|line| line.ends_with("[]")).collect();
        assert_eq!(
            is_quiet.len(),
            2,
            "{alert} is tested when it fires and when not"
        );
    }
}

/// A heading's anchor, as GitHub makes it.
fn anchor(heading: &str) -> String {
    let kept = heading.to_lowercase();
    let kept = kept
        .chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

/// A metric as an expression asks for it.
#[derive(Debug)]
struct Asked {
    name: String,
    /// Labels with all values that are named.
    labels: Vec<(String, Vec<String>)>,
}

/// Our metrics in PromQL, whatever stands around them. What a rule records has a colon in its
/// name.
fn asked_in(text: &str) -> Vec<Asked> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | ':');
    let mut asked = Vec::new();
    for (at, _) in text.match_indices("orghub") {
        if text[..at].chars().next_back().is_some_and(is_part) {
            continue;
        }
        let rest = &text[at..];
        let end = rest.find(|c: char| !is_part(c)).unwrap_or(rest.len());
        let (name, behind) = rest.split_at(end);
        if name.contains(':') || !name.contains('_') {
            continue;
        }
        let inside = behind.strip_prefix('{').map(|behind| {
            let end = behind.find('}').expect("what is opened is closed");
            &behind[..end]
        });
        asked.push(Asked {
            name: name.to_owned(),
            labels: inside.map(matchers).unwrap_or_default(),
        });
    }
    asked
}

/// `a="b", c=~"d|e"`; none of our values has a comma or quotation mark.
fn matchers(inside: &str) -> Vec<(String, Vec<String>)> {
    let matchers = inside.split(',').filter(|one| !one.trim().is_empty());
    matchers
        .map(|one| {
            let (label, value) = one.split_once('"').expect("a quoted value");
            let label = label.trim().trim_end_matches(['=', '!', '~']).trim();
            let value = value.trim_end().trim_end_matches('"');
            let values = value.split('|').map(str::to_owned).collect();
            (label.to_owned(), values)
        })
        .collect()
}

/// Labels by which PromQL groups or joins.
fn grouped_by(text: &str) -> BTreeSet<&str> {
    ["by (", "on (", "without ("]
        .iter()
        .flat_map(|start| text.split(start).skip(1))
        .filter_map(|rest| rest.split(')').next())
        .flat_map(|labels| labels.split(','))
        .map(str::trim)
        .collect()
}

/// The expressions of a dashboard: of its panels and of its variables.
fn expressions(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match value {
                    Value::String(text) if name == "expr" || name == "query" => {
                        found.push(text.clone());
                    }
                    other => expressions(other, found),
                }
            }
        }
        Value::Array(entries) => entries.iter().for_each(|entry| expressions(entry, found)),
        _ => {}
    }
}

/// The samples of a scrape: the labels of each, by name.
#[derive(Debug, Default)]
struct Samples(BTreeMap<String, Vec<BTreeMap<String, String>>>);

impl Samples {
    fn read(scrape: &str) -> Self {
        let mut samples = Self::default();
        for line in scrape.lines().filter(|line| !line.starts_with('#')) {
            let Some((sample, _value)) = line.rsplit_once(' ') else {
                continue;
            };
            let (name, labels) = sample.split_once('{').unwrap_or((sample, ""));
            let labels = matchers(labels.trim_end_matches('}'))
                .into_iter()
                .map(|(label, values)| (label, values.join("|")))
                .collect();
            samples.0.entry(name.to_owned()).or_default().push(labels);
        }
        samples
    }

    /// What is wrong with what is asked for; nothing: all of it is there.
    fn lacks(&self, asked: &Asked) -> Option<String> {
        let Asked { name, labels } = asked;
        let Some(samples) = self.0.get(name) else {
            return Some(format!("{name} is not there"));
        };
        for (label, values) in labels {
            if OF_PROMETHEUS.contains(&label.as_str()) {
                continue;
            }
            let known: BTreeSet<&String> =
                samples.iter().filter_map(|one| one.get(label)).collect();
            if known.is_empty() {
                return Some(format!("{name} has no {label}"));
            }
            for value in values.iter().filter(|value| !value.starts_with('$')) {
                if !known.contains(value) && !can_be(name, label, value) {
                    return Some(format!("{name} has no {label}=\"{value}\""));
                }
            }
        }
        None
    }
}

/// Whether a histogram can have this label, which it has as soon as something of the kind
/// happens. Counters begin at zero, so a scrape shows what they can have.
fn can_be(sample: &str, label: &str, value: &str) -> bool {
    let found = metric_of(sample).filter(|metric| matches!(metric.kind, Kind::Histogram(_)));
    let mut labels = found.iter().flat_map(|metric| metric.labels);
    labels.any(|known| known.name == label && known.values.contains(&value))
}

/// The metric of the catalog that a sample is of.
fn metric_of(sample: &str) -> Option<&'static Metric> {
    CATALOG.iter().find(|metric| {
        let rest = sample.strip_prefix(metric.name);
        rest.is_some_and(|rest| match metric.kind {
            Kind::Histogram(_) => matches!(rest, "_bucket" | "_count" | "_sum"),
            _ => rest.is_empty(),
        })
    })
}

/// A server that did something of everything, and what it tells.
async fn scrape_of_a_running_server(is_whole: impl Fn(&Samples) -> bool) -> String {
    let redis = PrivateRedis::start();
    let stripe = FakeStripe::start(fake_stripe::Config::default())
        .await
        .expect("the fake listens");
    let app = TestApp::start_with(|config| config.redis = Some(redis.config())).await;
    let ada = app.user("Ada").await;
    app.org("acme", &ada).await;
    let stripe_url = stripe.url();
    let settings = [
        ("STRIPE_API_BASE", stripe_url.as_str()),
        // Nobody listens there. With it there are jobs that send.
        ("SMTP_URL", "smtp://127.0.0.1:9"),
        ("MAIL_FROM", "Orghub <no-reply@orghub.test>"),
    ];
    let server = Server::start_with(app.database_url(), &redis.url(), &settings).await;
    let cookie = server.sign_in(&ada).await;
    for page in ["/orgs", "/orgs/acme", "/orgs/acme/members", "/orgs/nowhere"] {
        server.open(page, &cookie).await;
    }
    // A change that all nodes are told of.
    server.submit(routes::SIGN_OUT, &cookie, &[]).await;
    let mut scrape = String::new();
    eventually("everything is counted", PATIENCE, async || {
        let answer = server.open("/metrics", "").await;
        scrape = String::from_utf8_lossy(answer.body()).into_owned();
        is_whole(&Samples::read(&scrape))
    })
    .await;
    scrape
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_and_dashboard_ask_for_nothing_that_a_running_server_lacks() {
    let dashboard: Value =
        serde_json::from_str(&text("docs/monitoring/dashboard.json")).expect("it is JSON");
    let mut asking = vec![rules()];
    expressions(&dashboard, &mut asking);
    assert!(asking.len() > 20, "the dashboard has panels");
    let asked: Vec<Asked> = asking.iter().flat_map(|text| asked_in(text)).collect();

    // Jobs run when it is their time; all the rest is there at once.
    let has_run = |samples: &Samples| samples.0.contains_key("orghub_job_runs_total");
    let scrape = scrape_of_a_running_server(has_run).await;
    let samples = Samples::read(&scrape);
    let lacking: BTreeSet<String> = asked.iter().filter_map(|one| samples.lacks(one)).collect();
    assert!(lacking.is_empty(), "{lacking:#?}");

    let labels: BTreeSet<&str> = samples
        .0
        .values()
        .flatten()
        .flat_map(|labels| labels.keys().map(String::as_str))
        .chain(OF_PROMETHEUS)
        .collect();
    for text in &asking {
        let unknown: Vec<&str> = grouped_by(text).difference(&labels).copied().collect();
        assert!(unknown.is_empty(), "{unknown:?} in {text}");
    }

    let recorded: BTreeSet<&str> = values_of(&asking[0], "record").into_iter().collect();
    for text in &asking {
        for name in text.split(|c: char| !(c.is_ascii_alphanumeric() || "_:".contains(c))) {
            if name.starts_with("orghub:") {
                assert!(recorded.contains(name), "no rule records {name}");
            }
        }
    }

    // What is told is what the catalog says, and no label has other values.
    for (name, all) in &samples.0 {
        let metric = metric_of(name).unwrap_or_else(|| panic!("{name} is in no catalog"));
        for (label, value) in all.iter().flatten() {
            let is_bound = label == "le" && matches!(metric.kind, Kind::Histogram(_));
            let known = metric.labels.iter().find(|known| known.name == label);
            let fits = known
                .is_some_and(|one| one.values.is_empty() || one.values.contains(&value.as_str()));
            assert!(is_bound || fits, "{name} with {label}=\"{value}\"");
        }
    }
    promtool(&["check", "metrics"], &scrape);
}

#[test]
fn what_is_asked_for_is_read_from_expressions() {
    let asked =
        asked_in(r#"sum by (kind) (rate(orghub_a_total{b=~"c|d", kind!="e"}[5m])) / orghub:f:g"#);
    let [one] = asked.as_slice() else {
        panic!("{asked:?}");
    };
    assert_eq!(one.name, "orghub_a_total");
    let expected = [("b", vec!["c", "d"]), ("kind", vec!["e"])];
    let read: Vec<(&str, Vec<&str>)> = one
        .labels
        .iter()
        .map(|(label, values)| (label.as_str(), values.iter().map(String::as_str).collect()))
        .collect();
    assert_eq!(read, expected);

    let samples = Samples::read("orghub_a_total{b=\"c\",kind=\"e\"} 0\n");
    let found = samples.lacks(one).expect("d was never seen");
    assert!(found.contains(r#"b="d""#), "{found}");
}

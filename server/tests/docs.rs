//! What the documents say that the program also says.

use std::{
    cell::RefCell,
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use orghub::{cache::keys::FAMILIES, config::Config};
use orghub_server::config::ServerConfig;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn text(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// What stands between backticks in `line`.
fn code_in(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2)
}

/// The rows of tables in `text` whose first cell is one word of code: that word, and the
/// row.
fn rows(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.lines()
        .filter_map(|line| Some((line.strip_prefix("| `")?.split_once("` |")?.0, line)))
}

fn is_setting(name: &str) -> bool {
    name.contains('_') && name.bytes().all(|b| b.is_ascii_uppercase() || b == b'_')
}

#[test]
fn the_readme_and_the_example_have_every_setting_and_no_other() {
    let asked = RefCell::new(BTreeSet::new());
    for app_env in ["development", "production"] {
        let get = |name: &str| {
            asked.borrow_mut().insert(name.to_owned());
            let value = match name {
                "APP_ENV" => app_env,
                "APP_URL" => "https://orghub.test",
                "DATABASE_URL" => "postgres://localhost/orghub",
                "REDIS_URL" => "redis://localhost",
                "STRIPE_SECRET_KEY" => "sk_live_made_up",
                "STRIPE_WEBHOOK_SECRET" => "whsec_made_up",
                "LEPTOS_WATCH" => "true",
                _ => return None,
            };
            Some(value.to_owned())
        };
        let core = Config::read(get).expect("a complete configuration");
        ServerConfig::read(core, get).expect("a complete configuration");
    }
    let asked = asked.into_inner();

    let readme = text("README.md");
    let documented: BTreeSet<String> = rows(&readme)
        .map(|(name, _)| name.to_owned())
        .filter(|name| is_setting(name))
        .collect();
    assert_eq!(documented, asked, "README.md");

    // What cargo-leptos sets is nobody's to write into a file.
    let for_operators = asked
        .iter()
        .filter(|name| !name.starts_with("LEPTOS_") || *name == "LEPTOS_SITE_ROOT");
    let example = text(".env.example");
    let in_example: BTreeSet<&str> = example
        .lines()
        .filter_map(|line| line.trim_start_matches("# ").split_once('='))
        .map(|(name, _)| name)
        .filter(|name| is_setting(name))
        .collect();
    assert_eq!(
        in_example,
        for_operators.map(String::as_str).collect(),
        ".env.example"
    );
}

#[test]
fn the_guide_to_redis_has_every_command_and_no_other() {
    let client = text("src/cache/client.rs");
    let mut sent: BTreeSet<&str> = client
        .split("redis::cmd(\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .collect();
    // The client library sends this one itself.
    assert!(client.contains(".subscribe("));
    sent.insert("SUBSCRIBE");

    let guide = text("docs/redis-setup.md");
    let row = guide.lines().find(|line| line.starts_with("| commands |"));
    let documented: BTreeSet<&str> = code_in(row.expect("a row of commands")).collect();
    assert_eq!(documented, sent);
}

#[test]
fn the_table_of_cached_values_has_every_family_and_its_ttl() {
    let caching = text("docs/caching.md");
    for family in FAMILIES {
        let ttl = format!("| {} min |", family.ttl.as_secs() / 60);
        let row = rows(&caching).find(|(name, row)| *name == family.name && row.contains(&ttl));
        assert!(row.is_some(), "{} with{ttl}", family.name);
    }
    let documented: BTreeSet<&str> = rows(&caching)
        .filter(|(_, row)| row.contains(" min |"))
        .map(|(name, _)| name)
        .collect();
    let families: BTreeSet<&str> = FAMILIES.iter().map(|family| family.name).collect();
    assert_eq!(documented, families);
}

#[test]
fn links_lead_somewhere() {
    let documents = documents(&root());
    assert!(documents.len() > 20, "{documents:?}");
    let mut dead = Vec::new();
    for document in &documents {
        let text = fs::read_to_string(document).expect("a document");
        let folder = document.parent().expect("a folder");
        for target in links(&text) {
            let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
            let path = if path.is_empty() {
                document.clone()
            } else {
                folder.join(path)
            };
            let leads = path.exists()
                && (anchor.is_empty()
                    || fs::read_to_string(&path).is_ok_and(|text| has_heading(&text, anchor)));
            if !leads {
                dead.push(format!("{}: {target}", document.display()));
            }
        }
    }
    assert!(dead.is_empty(), "{}", dead.join("\n"));
}

fn documents(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name").to_string_lossy();
        if path.is_dir() {
            let is_ours = !matches!(&*name, "target" | "node_modules")
                && (!name.starts_with('.') || name == ".github");
            if is_ours {
                found.extend(documents(&path));
            }
        } else if name.ends_with(".md") {
            found.push(path);
        }
    }
    found
}

/// Targets of the links in `text` that lead to files of the repository.
fn links(text: &str) -> impl Iterator<Item = &str> {
    text.split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next())
        .filter(|target| !target.contains("://") && !target.starts_with("mailto:"))
}

/// Whether a heading of `text` has this anchor, as GitHub makes anchors.
fn has_heading(text: &str, anchor: &str) -> bool {
    text.lines()
        .filter(|line| line.starts_with('#'))
        .map(|line| line.trim_start_matches('#').trim().to_lowercase())
        .any(|heading| {
            let kept = heading
                .chars()
                .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
            kept.map(|c| if c == ' ' { '-' } else { c })
                .eq(anchor.chars())
        })
}

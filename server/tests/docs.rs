//! What the documents say that the program also says.

use std::{
    cell::RefCell,
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use orghub::{
    cache::keys::FAMILIES,
    config::Config,
    domain::{Permission, Role},
    security_log::SECURITY,
    telemetry::SPANS,
};
use orghub_edge::config::ServerConfig;

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
                "MAIL_FROM" => "no-reply@orghub.test",
                "SMTP_URL" => "smtps://mail.test",
                "CACHE_KEYS" => "a secret of more than thirty-two characters",
                "SESSION_COOKIE_KEYS" => "another secret of more than thirty-two characters",
                "DEVICE_COOKIE_KEYS" => "another secret of more than thirty-two letters",
                "FACTOR_KEYS" => "another secret of more than thirty-two",
                "STRIPE_SECRET_KEY" => "sk_live_made_up",
                "STRIPE_WEBHOOK_SECRET" => "whsec_made_up_of_letters",
                "TRUST_FORWARDED_FOR" => "true",
                // Its settings are explained with this in the place of its name.
                "OIDC_PROVIDERS" => "name",
                "OIDC_NAME_ISSUER" => "https://id.test",
                "OIDC_NAME_CLIENT_ID" => "orghub",
                "OIDC_NAME_CLIENT_SECRET" => "made up of letters",
                "LEPTOS_WATCH" if app_env == "development" => "true",
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

/// A directive for a target that is gone is no error: it just says nothing.
#[test]
fn log_levels_in_documents_are_of_targets_that_are_there() {
    let mut found = 0;
    for document in [
        ".env.example",
        "docs/architecture.md",
        "docs/redis-setup.md",
        "docs/runbook.md",
        "docs/security.md",
        "edge/src/telemetry/mod.rs",
    ] {
        let text = text(document);
        for (end, _) in text
            .match_indices("=debug")
            .chain(text.match_indices("=info"))
        {
            let is_of_path = |c: char| c.is_ascii_lowercase() || c == '_' || c == ':';
            let begin = text[..end].trim_end_matches(is_of_path).len();
            let target = &text[begin..end];
            if target.starts_with("orghub") {
                assert!(
                    is_target(target),
                    "{document}: nothing is logged as `{target}`"
                );
                found += 1;
            }
        }
    }
    assert!(found > 5, "{found}");
}

fn is_target(name: &str) -> bool {
    let Some((package, module)) = name.split_once("::") else {
        return false;
    };
    let folder = package.trim_start_matches("orghub").trim_start_matches('_');
    let module = root()
        .join(folder)
        .join("src")
        .join(module.replace("::", "/"));
    [SPANS, SECURITY].contains(&name) || module.with_extension("rs").exists() || module.is_dir()
}

#[test]
fn the_guide_to_redis_has_every_command_and_no_other() {
    let client = text("base/src/cache/client.rs");
    let mut sent: BTreeSet<&str> = client
        .split("redis::cmd(\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .collect();
    // A script may do what its user may.
    let scripts = text("base/src/cache/counters.rs");
    let called = scripts.split("redis.call('").skip(1);
    sent.extend(called.filter_map(|rest| rest.split('\'').next()));
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
    let documents = files(&root(), ".md");
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

/// The repository's own files below `folder` whose names end like this.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name").to_string_lossy();
        if path.is_dir() {
            let is_ours = !matches!(&*name, "target" | "node_modules")
                && (!name.starts_with('.') || name == ".github");
            if is_ours {
                found.extend(files(&path, ending));
            }
        } else if name.ends_with(ending) {
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

/// Of each section of each chapter of the ASVS 5.0.0: how many requirements are of level 1
/// or 2. They have the first numbers of their section. Section 8.3 has one more: 8.3.2, of
/// level 3.
const ASVS: [&[usize]; 17] = [
    &[2, 9, 11, 3, 2],
    &[3, 3, 4, 1],
    &[0, 2, 4, 6, 5, 0, 2],
    &[3, 1, 2, 4],
    &[1, 3, 2, 3],
    &[3, 12, 4, 4, 5, 3, 0, 4],
    &[3, 4, 2, 5, 2, 2],
    &[2, 3, 2, 1],
    &[3, 4],
    &[2, 2, 4, 11, 5, 2, 3],
    &[2, 3, 3, 4, 1, 1, 0],
    &[3, 2, 4],
    &[1, 5, 2, 5],
    &[2, 4, 3],
    &[3, 3, 7, 0],
    &[1, 5, 4, 3, 3],
    &[1, 4, 2],
];

/// What a requirement is held by that is not held by tests.
const INSTEAD_OF_TESTS: [&str; 4] = [
    "by design: ",
    "by operation: ",
    "does not apply: ",
    "open: ",
];

/// The requirements in `asvs`, and by what each is held: the last cell of its row.
fn requirements(asvs: &str) -> Vec<(&str, &str)> {
    rows(asvs)
        .filter(|(number, _)| number.starts_with(|c: char| c.is_ascii_digit()))
        .map(|(number, row)| {
            let cells = row.trim_end_matches(" |");
            let (_, held_by) = cells.rsplit_once(" | ").expect("a row has cells");
            (number, held_by)
        })
        .collect()
}

#[test]
fn every_requirement_of_the_asvs_has_one_row() {
    let asvs = text("docs/asvs.md");
    let described: Vec<&str> = requirements(&asvs)
        .into_iter()
        .map(|(number, _)| number)
        .collect();
    let mut expected = Vec::new();
    for (chapter, sections) in (1..).zip(ASVS) {
        for (section, count) in (1..).zip(sections) {
            let number = |number: usize| format!("{chapter}.{section}.{number}");
            expected.extend((1..=*count).map(number));
        }
    }
    assert_eq!(expected.len(), 253 + 1, "level 1, level 2, and 8.3.2");
    assert_eq!(described, expected);
}

#[test]
fn what_holds_a_requirement_of_the_asvs_is_there() {
    let asvs = text("docs/asvs.md");
    let sources = Sources::read();
    let mut wrong = Vec::new();
    for (number, held_by) in requirements(&asvs) {
        let is_told = INSTEAD_OF_TESTS.iter().any(|way| held_by.starts_with(way));
        let (tests, _) = held_by.split_once("; open: ").unwrap_or((held_by, ""));
        let mut named = code_in(tests).filter(|code| !is_told || code.contains("::"));
        let is_held = is_told || held_by.starts_with('`');
        if !is_held || !named.all(|test| sources.have_test(test)) {
            wrong.push(format!("{number}: {held_by}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_open_in_the_asvs_is_listed() {
    let asvs = text("docs/asvs.md");
    let open: BTreeSet<&str> = requirements(&asvs)
        .into_iter()
        .filter(|(_, held_by)| held_by.contains("open: "))
        .map(|(number, _)| number)
        .collect();
    let listed: BTreeSet<&str> = asvs
        .lines()
        .filter_map(|line| Some(line.strip_prefix("* `")?.split_once("`: ")?.0))
        .collect();
    assert_eq!(listed, open);
}

/// The sources of the repository, by their paths without what names no module.
struct Sources(Vec<(String, String)>);

impl Sources {
    fn read() -> Self {
        let root = root();
        let found = [".rs", ".spec.ts"].map(|ending| files(&root, ending));
        let read = |path: PathBuf| {
            let text = fs::read_to_string(&path).expect("a source");
            let path = path.strip_prefix(&root).expect("it is below the root");
            let path = format!("/{}", path.display());
            let module = path.trim_end_matches(".rs").trim_end_matches("/mod");
            (module.replace("/src/", "/"), text)
        };
        Self(found.into_iter().flatten().map(read).collect())
    }

    /// Whether there is the test that is named so: by a file, or the end of a module's path,
    /// and what it is called there.
    fn have_test(&self, named: &str) -> bool {
        let Some((place, test)) = named.rsplit_once("::") else {
            return false;
        };
        let place = format!("/{}", place.trim_end_matches(".rs").replace("::", "/"));
        let place = place.replace("/src/", "/");
        let in_rust = format!("fn {test}(");
        let in_browser = format!("test('{test}'");
        self.0.iter().any(|(module, text)| {
            module.ends_with(&place) && (text.contains(&in_rust) || text.contains(&in_browser))
        })
    }
}

#[test]
fn the_table_of_permissions_is_the_programs() {
    let text = text("docs/permissions.md");
    let head: Vec<&str> = Role::ALL.iter().map(|role| role.label()).collect();
    assert!(text.contains(&format!("| | {} |", head.join(" | "))));
    for permission in Permission::ALL {
        let cells = Role::ALL.map(|role| if role.may(permission) { " ✔ |" } else { " |" });
        let row = format!("| {} |{}\n", permission.label(), cells.concat());
        assert!(text.contains(&row), "docs/permissions.md lacks {row}");
    }
}

//! Who may import whom (docs/architecture.md), read from the sources themselves.
//!
//! The compiler keeps packages apart; inside a package it lets everybody name
//! everybody. These tests read every path in the sources and compare it with the
//! tables below. To allow an import, change a table, and say in the review why.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// The core's modules, and which of their siblings each may name. A module that
/// is not in the table fails the test.
const CORE: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("routes", &["domain"]),
    ("clock", &[]),
    ("metrics", &[]),
    ("config", &[]),
    ("error", &["domain"]),
    ("db", &["domain", "error", "config", "metrics"]),
    (
        "cache",
        &["domain", "error", "config", "metrics", "clock", "db"],
    ),
    (
        "session",
        &[
            "domain", "error", "config", "metrics", "clock", "db", "cache",
        ],
    ),
    ("access", &["domain", "error", "db", "cache", "metrics"]),
    (
        "billing",
        &[
            "domain", "error", "config", "metrics", "clock", "db", "cache", "access",
        ],
    ),
    (
        "accounts",
        &[
            "domain", "error", "config", "metrics", "clock", "db", "cache", "session",
        ],
    ),
    (
        "orgs",
        &[
            "domain", "error", "metrics", "clock", "db", "cache", "access", "billing",
        ],
    ),
    ("seed", &["domain", "error", "clock", "db", "accounts"]),
    (
        "services",
        &[
            "domain", "error", "config", "metrics", "clock", "db", "cache", "session", "access",
            "billing", "accounts", "orgs",
        ],
    ),
];

/// What the application may name of the core everywhere: the nouns, the addresses,
/// and the proof that pages are given and hand on. They cannot make one.
const APP: &[&str] = &["domain", "routes", "access"];

/// What it may name besides in its doors: the server functions, the context they
/// take, and the mapping of errors. Never the database, the cache or billing's
/// inside: a page asks a use case.
const APP_DOORS: &[(&str, &[&str])] = &[
    (
        "app/src/api",
        &["accounts", "error", "orgs", "services", "session"],
    ),
    (
        "app/src/context.rs",
        &["accounts", "error", "metrics", "services", "session"],
    ),
    ("app/src/error.rs", &["error"]),
];

/// What the server may name of the core: it opens the database to migrate it and
/// asks the cache for its health, and has no business with a rule.
const SERVER: &[&str] = &[
    "access", "accounts", "cache", "clock", "config", "db", "domain", "error", "metrics", "routes",
    "seed", "services", "session",
];

/// Crates that one module of the core alone knows: what is named in one place can
/// be replaced there. (Handing a pool on, as it is, is not SQL.)
const KNOWN_TO_ONE: &[(&str, &[&str])] = &[
    ("db", &["sqlx"]),
    ("cache", &["redis"]),
    (
        "billing",
        &[
            "stripe",
            "stripe_billing",
            "stripe_shared",
            "stripe_webhook",
        ],
    ),
];

/// Packages that must not depend on crates which are somebody else's concern.
const FOREIGN_TO: &[(&str, &[&str])] = &[
    (
        "Cargo.toml",
        &["leptos", "leptos_axum", "axum", "tower-http"],
    ),
    ("app/Cargo.toml", &["sqlx", "redis", "async-stripe"]),
    ("server/Cargo.toml", &["sqlx", "redis", "async-stripe"]),
];

#[test]
fn core_modules_name_only_what_lies_below_them() {
    check(&files("src"), |file, paths| {
        let module = file.core_module();
        if module == "lib" {
            return Vec::new();
        }
        let Some((_, allowed)) = CORE.iter().find(|(name, _)| *name == module) else {
            return vec![format!(
                "the module `{module}` is not in the table of tests/layering.rs"
            )];
        };
        modules_of(paths, "crate")
            .filter(|named| {
                *named != module
                    && CORE.iter().any(|(name, _)| name == named)
                    && !allowed.contains(named)
            })
            .map(|named| format!("`{module}` names `crate::{named}`"))
            .collect()
    });
}

#[test]
fn the_application_reaches_the_core_through_its_doors() {
    check(&files("app"), |file, paths| {
        let beyond = APP_DOORS
            .iter()
            .filter(|(door, _)| file.is_in(door))
            .flat_map(|(_, modules)| *modules);
        let allowed: Vec<&str> = APP.iter().chain(beyond).copied().collect();
        modules_of(paths, "orghub")
            .filter(|named| !allowed.contains(named))
            .map(|named| format!("names `orghub::{named}`"))
            .collect()
    });
}

#[test]
fn the_server_has_no_business_rule() {
    check(&files("server/src"), |_, paths| {
        modules_of(paths, "orghub")
            .filter(|named| !SERVER.contains(named))
            .map(|named| format!("names `orghub::{named}`"))
            .collect()
    });
}

#[test]
fn each_third_party_is_known_to_one_module() {
    check(&files("src"), |file, paths| {
        let names = |name: &str| {
            paths
                .iter()
                .any(|path| path.len() > 1 && path[0] == name && path[1] != "PgPool")
        };
        KNOWN_TO_ONE
            .iter()
            .filter(|(module, _)| *module != file.core_module())
            .flat_map(|(_, crates)| *crates)
            .filter(|name| names(name))
            .map(|name| format!("names the crate `{name}`"))
            .collect()
    });
}

#[test]
fn packages_depend_on_their_own_concerns_only() {
    for (manifest, foreign) in FOREIGN_TO {
        let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(manifest))
            .expect("a manifest");
        // From the package on: above it the root's manifest lists versions for the whole workspace.
        let package = text
            .split_once("\n[package]")
            .map_or(text.as_str(), |(_, package)| package);
        // What tests use is their own business.
        let product = package
            .split_once("[dev-dependencies]")
            .map_or(package, |(product, _)| product);
        let dependencies: Vec<&str> = product
            .lines()
            .filter_map(|line| line.split_once(['=', '.']))
            .map(|(name, _)| name.trim())
            .filter(|name| foreign.contains(name))
            .collect();
        assert!(
            dependencies.is_empty(),
            "{manifest} depends on {dependencies:?}"
        );
    }
}

#[test]
fn only_configuration_reads_the_environment() {
    let product: Vec<Source> = ["src", "app", "server/src"]
        .into_iter()
        .flat_map(files)
        .collect();
    check(&product, |file, paths| {
        let reads = paths.iter().any(|path| {
            let path: Vec<&str> = path.iter().map(String::as_str).collect();
            matches!(
                path.as_slice(),
                ["std", "env", "var" | "var_os" | "vars"] | ["env", "var" | "var_os" | "vars"]
            )
        });
        let may = ["src/config.rs", "server/src/config.rs"]
            .iter()
            .any(|place| file.is_in(place));
        if reads && !may {
            vec!["reads the environment".to_owned()]
        } else {
            Vec::new()
        }
    });
}

/// A source file of the workspace.
struct Source {
    /// Relative to the workspace, with `/` between its parts.
    path: String,
    text: String,
}

impl Source {
    fn is_in(&self, place: &str) -> bool {
        self.path == place
            || self
                .path
                .strip_prefix(place)
                .is_some_and(|rest| rest.starts_with('/'))
    }

    /// The module below `src/` that the file belongs to: `cache` for both
    /// `src/cache/near.rs` and `src/cache.rs`.
    fn core_module(&self) -> &str {
        let path = self.path.strip_prefix("src/").unwrap_or(&self.path);
        path.split('/')
            .next()
            .unwrap_or(path)
            .trim_end_matches(".rs")
    }

    /// How many `super` lead from the file's own module to the crate's root.
    fn depth(&self) -> usize {
        let below = self
            .path
            .rsplit_once("src/")
            .map_or(self.path.as_str(), |(_, below)| below);
        let module = below.trim_end_matches(".rs").trim_end_matches("/mod");
        if matches!(module, "lib" | "main") {
            0
        } else {
            module.split('/').count()
        }
    }
}

fn files(folder: &str) -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = vec![root.join(folder)];
    let mut sources = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder of the workspace") {
            let path: PathBuf = entry.expect("an entry of the folder").path();
            if path.is_dir() {
                if path.file_name().is_some_and(|name| name != "target") {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let relative = path.strip_prefix(root).expect("below the workspace");
                sources.push(Source {
                    path: relative.to_string_lossy().replace('\\', "/"),
                    text: fs::read_to_string(&path).expect("a source file"),
                });
            }
        }
    }
    assert!(!sources.is_empty(), "no sources in {folder}");
    sources
}

/// Fails with everything that `rule` finds in `sources`.
fn check(sources: &[Source], rule: impl Fn(&Source, &[Vec<String>]) -> Vec<String>) {
    let violations: Vec<String> = sources
        .iter()
        .flat_map(|file| {
            let paths = paths(&file.text, file.depth());
            rule(file, &paths)
                .into_iter()
                .map(|violation| format!("{}: {violation}", file.path))
                .collect::<Vec<_>>()
        })
        .collect();
    assert!(violations.is_empty(), "{}", violations.join("\n"));
}

/// The second segments of the paths that begin with `root`.
fn modules_of<'a>(paths: &'a [Vec<String>], root: &'a str) -> impl Iterator<Item = &'a str> {
    paths
        .iter()
        .filter(move |path| path[0] == root)
        .filter_map(|path| path.get(1))
        .map(String::as_str)
}

/// Every path in `text`, groups spread out and `super` resolved where it reaches
/// the crate's root: `use crate::{db, cache::{a, b}}` gives `crate::db`,
/// `crate::cache::a`, `crate::cache::b`. Comments and literals do not count.
fn paths(text: &str, depth: usize) -> Vec<Vec<String>> {
    let tokens = tokens(text);
    let mut found = Vec::new();
    let mut inline_modules: Vec<usize> = Vec::new();
    let mut braces = 0;
    let mut at = 0;
    while at < tokens.len() {
        match tokens[at].as_str() {
            "mod" if tokens.get(at + 2).is_some_and(|token| token == "{") => {
                inline_modules.push(braces);
                braces += 1;
                at += 3;
            }
            "{" => {
                braces += 1;
                at += 1;
            }
            "}" => {
                braces -= 1;
                if inline_modules.last() == Some(&braces) {
                    inline_modules.pop();
                }
                at += 1;
            }
            token if is_name(token) => at = read_path(&tokens, at, &[], &mut found),
            _ => at += 1,
        }
    }
    // `super` is resolved by the file's depth; a path out of an inline module has
    // one more of them and is found by the rest of the words below.
    for path in &mut found {
        let ups = path
            .iter()
            .take_while(|segment| *segment == "super")
            .count();
        if ups > 0 && (ups == depth || ups == depth + 1) {
            path.splice(..ups, ["crate".to_owned()]);
        }
    }
    found
}

/// Reads the path or group of paths at `at`, each with `prefix` in front, and
/// returns where it ends.
fn read_path(
    tokens: &[String],
    mut at: usize,
    prefix: &[String],
    found: &mut Vec<Vec<String>>,
) -> usize {
    let mut path = prefix.to_vec();
    loop {
        path.push(tokens[at].clone());
        at += 1;
        let goes_on = tokens.get(at).is_some_and(|token| token == "::");
        match tokens.get(at + 1).map(String::as_str) {
            Some("{") if goes_on => {
                at += 2;
                while at < tokens.len() && tokens[at] != "}" {
                    at = if is_name(&tokens[at]) {
                        read_path(tokens, at, &path, found)
                    } else {
                        at + 1
                    };
                }
                return at + 1;
            }
            Some(next) if goes_on && is_name(next) => at += 1,
            _ => break,
        }
    }
    found.push(path);
    at
}

fn is_name(token: &str) -> bool {
    token.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// The names and signs of `text`, without comments, strings and characters.
fn tokens(text: &str) -> Vec<String> {
    let chars: Vec<char> = text.chars().collect();
    let starts = |at: usize, what: &str| {
        what.chars()
            .enumerate()
            .all(|(i, c)| chars.get(at + i) == Some(&c))
    };
    let mut tokens = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        let c = chars[at];
        if starts(at, "//") {
            while at < chars.len() && chars[at] != '\n' {
                at += 1;
            }
        } else if starts(at, "/*") {
            while at < chars.len() && !starts(at, "*/") {
                at += 1;
            }
            at += 2;
        } else if c == 'r' && (starts(at, "r\"") || starts(at, "r#\"") || starts(at, "r##\"")) {
            let hashes = chars[at + 1..].iter().take_while(|c| **c == '#').count();
            let end = format!("\"{}", "#".repeat(hashes));
            at += hashes + 2;
            while at < chars.len() && !starts(at, &end) {
                at += 1;
            }
            at += end.len();
        } else if c == '"' {
            at += 1;
            while at < chars.len() && chars[at] != '"' {
                at += if chars[at] == '\\' { 2 } else { 1 };
            }
            at += 1;
        } else if c == '\''
            && (chars.get(at + 1) == Some(&'\\') || chars.get(at + 2) == Some(&'\''))
        {
            // A character, not a lifetime.
            at += if chars[at + 1] == '\\' { 3 } else { 2 };
            while at < chars.len() && chars[at] != '\'' {
                at += 1;
            }
            at += 1;
        } else if c.is_alphabetic() || c == '_' {
            let start = at;
            while at < chars.len() && (chars[at].is_alphanumeric() || chars[at] == '_') {
                at += 1;
            }
            tokens.push(chars[start..at].iter().collect());
        } else if starts(at, "::") {
            tokens.push("::".to_owned());
            at += 2;
        } else {
            if !c.is_whitespace() {
                tokens.push(c.to_string());
            }
            at += 1;
        }
    }
    tokens
}

/// The tests of the tests: a rule that finds nothing would pass for ever.
mod reading {
    use super::*;

    fn read(text: &str, depth: usize) -> Vec<String> {
        paths(text, depth)
            .into_iter()
            .map(|path| path.join("::"))
            .collect()
    }

    #[test]
    fn groups_are_spread_out() {
        assert_eq!(
            read(
                "use crate::{db::{self, Reader}, cache, error::Result as R};",
                1
            ),
            [
                "use",
                "crate::db::self",
                "crate::db::Reader",
                "crate::cache",
                "crate::error::Result",
                "crate::as",
                "crate::R"
            ],
        );
    }

    #[test]
    fn paths_in_the_middle_of_code_count() {
        let found = read(
            "fn f() -> crate::db::Tx { sqlx::query!(\"select 1\"); <crate::cache::Cache as T>::get() }",
            1,
        );
        for path in ["crate::db::Tx", "sqlx::query", "crate::cache::Cache"] {
            assert!(
                found.iter().any(|found| found == path),
                "{path} in {found:?}"
            );
        }
    }

    #[test]
    fn the_way_up_leads_to_the_crates_root() {
        assert!(
            read("use super::services::Services;", 1)
                .contains(&"crate::services::Services".to_owned())
        );
        assert!(read("use super::super::services;", 2).contains(&"crate::services".to_owned()));
        assert!(
            read("mod tests { use super::super::services; }", 1)
                .contains(&"crate::services".to_owned())
        );
        assert!(read("use super::near::Near;", 3).contains(&"super::near::Near".to_owned()));
    }

    #[test]
    fn comments_and_literals_do_not_count() {
        let text = "// crate::db\n/* crate::db */ let a = \"crate::db \\\" crate::db\"; let b = r#\"crate::db\"#; let c = ':'; let d = '\\''; fn f<'a>() {}";
        assert!(
            read(text, 1).iter().all(|path| !path.contains("crate")),
            "{:?}",
            read(text, 1)
        );
    }

    #[test]
    #[should_panic(expected = "src/db/orgs.rs: breaks the rule")]
    fn a_violation_fails_the_test_and_names_the_file() {
        let file = Source {
            path: "src/db/orgs.rs".to_owned(),
            text: "use crate::{error::Result, services};".to_owned(),
        };
        check(&[file], |file, paths| {
            assert_eq!((file.core_module(), file.depth()), ("db", 2));
            modules_of(paths, "crate")
                .filter(|named| *named == "services")
                .map(|_| "breaks the rule".to_owned())
                .collect()
        });
    }
}

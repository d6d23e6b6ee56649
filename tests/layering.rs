//! Who may import whom (docs/architecture.md), read from the sources themselves.
//!
//! The compiler keeps packages apart; inside a package it lets everybody name
//! everybody. These tests read every path in the sources and compare it with the
//! tables below. To allow an import, change a table, and say in the review why.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// The core's modules, and which of their siblings each may name. A module that is not in
/// the table fails the test, and so does a permission that nobody uses. The first two are the
/// package below the core, which browsers run too.
const CORE: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("routes", &[]),
    ("attempts", &["error"]),
    ("recording", &[]),
    ("clock", &["recording"]),
    ("last_use", &[]),
    ("config", &["domain"]),
    ("csv_file", &[]),
    ("telemetry", &[]),
    ("error", &["domain"]),
    ("security_log", &["domain", "telemetry"]),
    ("db", &["config", "domain", "error", "telemetry"]),
    ("submissions", &["clock", "db", "domain", "error"]),
    ("queue", &["clock", "db", "domain", "error", "telemetry"]),
    (
        "mail",
        &["clock", "config", "db", "domain", "error", "queue"],
    ),
    ("pictures", &["db", "domain", "error", "telemetry"]),
    (
        "cache",
        &["config", "db", "domain", "error", "recording", "telemetry"],
    ),
    (
        "access",
        &[
            "auth",
            "cache",
            "clock",
            "db",
            "domain",
            "error",
            "last_use",
            "security_log",
            "telemetry",
        ],
    ),
    (
        "newcomers",
        &[
            "cache",
            "clock",
            "db",
            "domain",
            "error",
            "mail",
            "routes",
            "telemetry",
        ],
    ),
    (
        "auth",
        &[
            "attempts",
            "cache",
            "clock",
            "config",
            "db",
            "domain",
            "error",
            "last_use",
            "mail",
            "newcomers",
            "pictures",
            "queue",
            "routes",
            "security_log",
            "telemetry",
        ],
    ),
    (
        "billing",
        &[
            "access",
            "cache",
            "clock",
            "config",
            "db",
            "domain",
            "error",
            "mail",
            "queue",
            "recording",
            "routes",
            "telemetry",
        ],
    ),
    (
        "orgs",
        &[
            "access",
            "attempts",
            "auth",
            "billing",
            "cache",
            "clock",
            "config",
            "csv_file",
            "db",
            "domain",
            "error",
            "mail",
            "pictures",
            "queue",
            "routes",
            "telemetry",
        ],
    ),
    (
        "invitations",
        &[
            "access",
            "auth",
            "cache",
            "clock",
            "db",
            "domain",
            "error",
            "mail",
            "orgs",
            "routes",
            "telemetry",
        ],
    ),
    (
        "joining",
        &[
            "access",
            "auth",
            "cache",
            "clock",
            "config",
            "db",
            "domain",
            "error",
            "mail",
            "newcomers",
            "orgs",
            "routes",
            "telemetry",
        ],
    ),
    (
        "platform",
        &[
            "auth",
            "billing",
            "cache",
            "clock",
            "config",
            "db",
            "domain",
            "error",
            "security_log",
            "telemetry",
        ],
    ),
    (
        "jobs",
        &[
            "access",
            "auth",
            "billing",
            "db",
            "domain",
            "error",
            "invitations",
            "joining",
            "mail",
            "orgs",
            "queue",
            "services",
            "submissions",
        ],
    ),
    (
        "services",
        &[
            "access",
            "auth",
            "billing",
            "cache",
            "clock",
            "config",
            "db",
            "domain",
            "error",
            "invitations",
            "jobs",
            "joining",
            "mail",
            "orgs",
            "pictures",
            "platform",
            "queue",
            "routes",
            "submissions",
        ],
    ),
    ("test_hooks", &["cache", "db", "error"]),
];

/// What the application may name of the core everywhere: the nouns, the addresses,
/// and the proof that pages are given and hand on. They cannot make one.
const APP: &[&str] = &["domain", "routes", "access"];

/// What it may name besides in its doors: the server functions, the context they
/// take, and the mapping of errors. Never the database, the cache or billing's
/// inside: a page asks a use case.
const APP_DOORS: &[(&str, &[&str])] = &[
    (
        "app/ui/src/context.rs",
        &["auth", "invitations", "platform", "services", "telemetry"],
    ),
    ("app/ui/src/error.rs", &["error"]),
    ("app/ui/src/forms/flash.rs", &["config"]),
    ("app/ui/src/forms/post.rs", &["submissions"]),
];

/// What the edge may name of the core. It opens the database to migrate it and asks the
/// cache for its health, and has no business with a rule.
const EDGE: &[&str] = &[
    "Db",
    "access",
    "auth",
    "billing",
    "cache",
    "clock",
    "config",
    "csv_file",
    "domain",
    "error",
    "mail",
    "queue",
    "routes",
    "security_log",
    "services",
    "telemetry",
];

/// Crates that one module of the core alone knows: what is named in one place can
/// be replaced there. (Handing a pool on, as it is, is not SQL.) Of HTTP those know who go
/// out by themselves.
const KNOWN_TO_FEW: &[(&str, &[&str])] = &[
    ("db", &["sqlx"]),
    ("cache", &["redis"]),
    (
        "auth",
        &[
            "chacha20poly1305",
            "hyper_rustls",
            "hyper_util",
            "openidconnect",
            "totp_rs",
            "webauthn_rp",
        ],
    ),
    (
        "billing",
        &[
            "hyper_rustls",
            "hyper_util",
            "stripe_billing",
            "stripe_checkout",
            "stripe_client_core",
            "stripe_core",
            "stripe_product",
            "stripe_shared",
            "stripe_types",
            "stripe_webhook",
        ],
    ),
    ("invitations", &["encoding_rs"]),
    ("mail", &["lettre"]),
];

/// Packages that must not depend on crates which are somebody else's concern. What an island
/// depends on is compiled for browsers, and compiled again when it changes. Pages, endpoints
/// and the edge know nothing of each other, so that one is compiled without the others.
const FOREIGN_TO: &[(&str, &[&str])] = &[
    (
        "domain/Cargo.toml",
        &["orghub", "leptos", "axum", "http", "redis", "tokio"],
    ),
    (
        "app/islands/Cargo.toml",
        &["orghub", "orghub-app", "leptos_router", "serde_json", "url"],
    ),
    (
        "Cargo.toml",
        &["leptos", "leptos_axum", "axum", "tower-http"],
    ),
    (
        "app/ui/Cargo.toml",
        &[
            "orghub-api",
            "orghub-app",
            "orghub-edge",
            "leptos_router",
            "axum",
            "sqlx",
            "redis",
            "lettre",
        ],
    ),
    (
        "app/api/Cargo.toml",
        &[
            "orghub-app",
            "orghub-edge",
            "leptos_router",
            "axum",
            "sqlx",
            "redis",
            "lettre",
        ],
    ),
    (
        "app/Cargo.toml",
        &[
            "orghub-api",
            "orghub-edge",
            "axum",
            "sqlx",
            "redis",
            "lettre",
        ],
    ),
    (
        "edge/Cargo.toml",
        &[
            "orghub-api",
            "orghub-app",
            "leptos_router",
            "sqlx",
            "redis",
            "lettre",
        ],
    ),
    ("server/Cargo.toml", &["orghub", "axum", "leptos", "tokio"]),
];

#[test]
fn core_modules_name_only_what_lies_below_them() {
    let mut used = BTreeSet::new();
    check(&files("src"), |file, paths| {
        let module = file.core_module();
        if module == "lib" {
            return Vec::new();
        }
        let Some((module, allowed)) = CORE.iter().find(|(name, _)| *name == module) else {
            return vec![format!(
                "the module `{module}` is not in the table of tests/layering.rs"
            )];
        };
        let siblings = modules_of(paths, "crate")
            .filter_map(|named| CORE.iter().find(|(name, _)| *name == named))
            .map(|(name, _)| *name)
            .filter(|name| name != module);
        let siblings: BTreeSet<&str> = siblings.collect();
        used.extend(siblings.iter().map(|named| (*module, *named)));
        siblings
            .into_iter()
            .filter(|named| !allowed.contains(named))
            .map(|named| format!("`{module}` names `crate::{named}`"))
            .collect()
    });
    let permissions = CORE
        .iter()
        .flat_map(|(module, allowed)| allowed.iter().map(move |named| (*module, *named)));
    let unused: Vec<_> = permissions.filter(|pair| !used.contains(pair)).collect();
    assert!(
        unused.is_empty(),
        "take from the table what nobody uses: {unused:?}"
    );
}

#[test]
fn the_domain_knows_neither_its_addresses_nor_its_database() {
    check(&files("domain/src"), |file, paths| {
        let is_address = file.is_in("domain/src/routes");
        let addresses = modules_of(paths, "crate")
            .filter(|named| *named == "routes" && !is_address)
            .map(|_| "names `crate::routes`".to_owned());
        let database = paths
            .iter()
            .filter(|path| path[0] == "sqlx" && !file.is_in("domain/src/postgres.rs"))
            .map(|_| "names the crate `sqlx`".to_owned());
        addresses.chain(database).collect()
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
fn the_edge_has_no_business_rule() {
    let mut used = BTreeSet::<&str>::new();
    check(&files("edge/src"), |_, paths| {
        let named: BTreeSet<&str> = modules_of(paths, "orghub").collect();
        used.extend(EDGE.iter().filter(|allowed| named.contains(*allowed)));
        named
            .into_iter()
            .filter(|named| !EDGE.contains(named))
            .map(|named| format!("names `orghub::{named}`"))
            .collect()
    });
    for allowed in EDGE {
        assert!(used.contains(allowed), "the edge does not name `{allowed}`");
    }
}

#[test]
fn each_third_party_is_known_where_it_is_used() {
    check(&files("src"), |file, paths| {
        let names = |name: &str| {
            paths
                .iter()
                .any(|path| path.len() > 1 && path[0] == name && path[1] != "PgPool")
        };
        let crates = |of_this: bool| {
            KNOWN_TO_FEW
                .iter()
                .filter(move |(module, _)| (*module == file.core_module()) == of_this)
                .flat_map(|(_, crates)| *crates)
        };
        crates(false)
            .filter(|name| crates(true).all(|own| own != *name))
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
    let product: Vec<Source> = ["domain/src", "src", "app", "edge/src", "server/src"]
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
        let may = ["src/config/variables.rs", "edge/src/config.rs"]
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
fn check(sources: &[Source], rule: impl FnMut(&Source, &[Vec<String>]) -> Vec<String>) {
    let violations = violations(sources, rule);
    assert!(violations.is_empty(), "{}", violations.join("\n"));
}

fn violations(
    sources: &[Source],
    mut rule: impl FnMut(&Source, &[Vec<String>]) -> Vec<String>,
) -> Vec<String> {
    let mut violations = Vec::new();
    for file in sources {
        for violation in rule(file, &paths(&file.text, file.depth())) {
            violations.push(format!("{}: {violation}", file.path));
        }
    }
    violations
}

/// The second segments of the paths that begin with `root`.
fn modules_of<'a>(paths: &'a [Vec<String>], root: &'a str) -> impl Iterator<Item = &'a str> {
    paths
        .iter()
        .filter(move |path| path[0] == root)
        .filter_map(|path| path.get(1))
        .map(String::as_str)
}

/// Every path in `text`, groups spread out and `super` resolved where it reaches the
/// crate's root: `use crate::{db, cache::{a, b}}` gives `crate::db`, `crate::cache::a`,
/// `crate::cache::b`.
///
/// Read from Rust's own tokens rather than its syntax tree, because a tree ends where a
/// macro begins, and most of a page is a macro.
fn paths(text: &str, depth: usize) -> Vec<Vec<String>> {
    let tokens: TokenStream = text.parse().expect("the file compiles");
    let mut found = Vec::new();
    read(tokens, &mut found);
    for path in &mut found {
        let ups = path
            .iter()
            .take_while(|segment| *segment == "super")
            .count();
        // A path out of an inline module has one more of them.
        if ups > 0 && (ups == depth || ups == depth + 1) {
            path.splice(..ups, ["crate".to_owned()]);
        }
    }
    found
}

/// Reads all paths in `tokens`.
fn read(tokens: TokenStream, found: &mut Vec<Vec<String>>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut at = 0;
    while at < tokens.len() {
        at = match &tokens[at] {
            TokenTree::Ident(_) => read_path(&tokens, at, &[], found),
            TokenTree::Group(group) => {
                read(group.stream(), found);
                at + 1
            }
            _ => at + 1,
        };
    }
}

/// Reads the path or group of paths that begins with the name at `at`, each with `prefix`
/// in front, and returns where it ends.
fn read_path(
    tokens: &[TokenTree],
    mut at: usize,
    prefix: &[String],
    found: &mut Vec<Vec<String>>,
) -> usize {
    let mut path = prefix.to_vec();
    while let Some(TokenTree::Ident(name)) = tokens.get(at) {
        path.push(name.to_string());
        at += 1;
        if !is_path_separator(tokens.get(at..at + 2)) {
            break;
        }
        match tokens.get(at + 2) {
            Some(TokenTree::Ident(_)) => at += 2,
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                let mut next = 0;
                while next < inner.len() {
                    next = match inner[next] {
                        TokenTree::Ident(_) => read_path(&inner, next, &path, found),
                        _ => next + 1,
                    };
                }
                return at + 3;
            }
            _ => break,
        }
    }
    found.push(path);
    at
}

fn is_path_separator(tokens: Option<&[TokenTree]>) -> bool {
    matches!(tokens, Some([TokenTree::Punct(one), TokenTree::Punct(two)])
        if one.as_char() == ':' && two.as_char() == ':')
}

/// The tests of the tests: a rule that finds nothing would pass forever.
mod reading {
    use super::*;

    fn found_in(text: &str, depth: usize) -> Vec<String> {
        paths(text, depth)
            .into_iter()
            .map(|path| path.join("::"))
            .collect()
    }

    #[test]
    fn groups_are_spread_out() {
        let found = found_in(
            "use crate::{db::{self, Reader}, cache, error::Result as R};",
            1,
        );
        for path in [
            "crate::db::self",
            "crate::db::Reader",
            "crate::cache",
            "crate::error::Result",
        ] {
            assert!(found.iter().any(|name| name == path), "{path} in {found:?}");
        }
    }

    #[test]
    fn paths_in_code_and_in_macros_count() {
        let text = "fn f() -> crate::db::Tx { sqlx::query!(\"select 1\");
             view! { <p class=crate::theme::NAME>{<crate::cache::Cache as T>::get()}</p> } }";
        let found = found_in(text, 1);
        for path in [
            "crate::db::Tx",
            "sqlx::query",
            "crate::theme::NAME",
            "crate::cache::Cache",
        ] {
            assert!(found.iter().any(|name| name == path), "{path} in {found:?}");
        }
    }

    #[test]
    fn the_way_up_leads_to_the_crates_root() {
        let finds = |text, depth, path: &str| found_in(text, depth).contains(&path.to_owned());
        assert!(finds(
            "use super::services::Services;",
            1,
            "crate::services::Services"
        ));
        assert!(finds("use super::super::services;", 2, "crate::services"));
        let inline = "mod tests { use super::super::services; }";
        assert!(finds(inline, 1, "crate::services"));
        assert!(finds("use super::near::Near;", 3, "super::near::Near"));
    }

    #[test]
    fn comments_and_literals_do_not_count() {
        let text = "// crate::db\n/* crate::db */ let a = \"crate::db\"; let b = r#\"crate::db\"#;";
        assert!(found_in(text, 1).iter().all(|path| !path.contains("crate")));
    }

    #[test]
    fn a_violation_names_the_file() {
        let file = Source {
            path: "src/db/orgs.rs".to_owned(),
            text: "use crate::{error::Result, services};".to_owned(),
        };
        let found = violations(&[file], |file, paths| {
            assert_eq!((file.core_module(), file.depth()), ("db", 2));
            let forbidden = modules_of(paths, "crate").filter(|named| *named == "services");
            forbidden.map(|_| "breaks the rule".to_owned()).collect()
        });
        assert_eq!(found, ["src/db/orgs.rs: breaks the rule"]);
    }
}

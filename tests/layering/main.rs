//! Who may import whom (docs/architecture.md), read from the sources themselves.
//!
//! The compiler keeps packages apart; inside a package it lets everybody name
//! everybody. These tests read every path in the sources and compare it with the
//! tables below. To allow an import, change a table, and say in the review why.

mod sources;

use std::{collections::BTreeSet, fs, path::Path};

use sources::{Source, check, core, files, modules_of};

/// The core's parts, and which of the others each may name; the compiler holds that none
/// names what is in a package above its own. A part that is not in the table fails the test,
/// and so does a permission that nobody uses. The first two are the package below the core,
/// which browsers run too.
const CORE: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("routes", &[]),
    ("attempts", &["error"]),
    ("recording", &[]),
    ("clock", &["recording"]),
    ("last_use", &["domain"]),
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
    ("test_hooks", &["cache", "db"]),
];

/// What the application may name of the core everywhere: the nouns, the addresses,
/// and the proof that pages are given and hand on. They cannot make one.
const APP: &[&str] = &["domain", "routes", "access"];

/// What it may name besides in its doors: the services, the context, which hands out proofs,
/// the mapping of errors, and what a form keeps. Never the database, the cache or billing's
/// inside: a page asks a use case. What pages are made of stands on `orghub_auth`, which has no
/// modules for what it is about.
const APP_DOORS: &[(&str, &[&str])] = &[
    ("app/src/services.rs", &["services"]),
    ("app/api/src/services.rs", &["invitations", "services"]),
    (
        "app/ui/src/context.rs",
        &[
            "LinkToken",
            "Admitted",
            "ClientInfo",
            "MailedLink",
            "NewAccount",
            "PlatformAdmin",
            "ProviderAnswer",
            "RequestUser",
            "SignedIn",
            "clock",
            "config",
            "submissions",
            "telemetry",
        ],
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
/// and the edge know nothing of each other, so that one is compiled without the others, and what
/// they are made of knows no use case; nor can they name the database, which the core keeps to
/// itself.
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
        "base/Cargo.toml",
        &[
            "orghub",
            "orghub-auth",
            "orghub-billing",
            "leptos",
            "axum",
            "openidconnect",
            "async-stripe-billing",
        ],
    ),
    (
        "auth/Cargo.toml",
        &[
            "orghub",
            "orghub-billing",
            "leptos",
            "axum",
            "sqlx",
            "redis",
            "lettre",
            "async-stripe-billing",
        ],
    ),
    (
        "billing/Cargo.toml",
        &[
            "orghub",
            "leptos",
            "axum",
            "sqlx",
            "redis",
            "lettre",
            "openidconnect",
        ],
    ),
    (
        "Cargo.toml",
        &[
            "leptos",
            "leptos_axum",
            "axum",
            "tower-http",
            "sqlx",
            "redis",
            "lettre",
            "hyper-util",
            "async-stripe-billing",
            "openidconnect",
        ],
    ),
    (
        "app/ui/Cargo.toml",
        &[
            "orghub",
            "orghub-base",
            "orghub-billing",
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
            "orghub-base",
            "orghub-auth",
            "orghub-billing",
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
            "orghub-base",
            "orghub-auth",
            "orghub-billing",
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
            "orghub-base",
            "orghub-auth",
            "orghub-billing",
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
    check(&core(), |file, paths| {
        if file.path.ends_with("src/lib.rs") {
            // It says what the package stands on, and its manifest what it may.
            return Vec::new();
        }
        let module = file.core_module();
        let Some((module, allowed)) = CORE.iter().find(|(name, _)| *name == module) else {
            return vec![format!(
                "the module `{module}` is not in the table of tests/layering/main.rs"
            )];
        };
        let siblings = modules_of(paths, "crate")
            .chain(modules_of(paths, "orghub_base"))
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
        ["orghub", "orghub_auth"]
            .into_iter()
            .flat_map(|core| modules_of(paths, core).map(move |named| (core, named)))
            .filter(|(_, named)| !allowed.contains(named))
            .map(|(core, named)| format!("names `{core}::{named}`"))
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

/// Methods that are public for use cases in packages above, and take no proof themselves:
/// who has a `Db`, `Billing` or `Sessions` in hand outside the core must not call them.
const FOR_USE_CASES: &[&str] = &[
    "asked_from",
    "commit",
    "commit_unannounced",
    "end_subscription",
    "find_signed_in",
    "heavy_read",
    "hold",
    "hold_confirmed",
    "hold_platform_admin",
    "hold_verified",
    "kinds_of_jobs",
    "list_orgs_of",
    "log_pool",
    "pool",
    "post_until",
    "queue_customer_update",
    "retry_webhook",
    "unnoticed",
];

/// The same for the program's own commands, which whoever may start the program may give.
const FOR_COMMANDS: &[&str] = &[
    "drop_dead",
    "end_all",
    "flush_all_by_operator",
    "flush_org_by_operator",
    "flush_user_by_operator",
    "list_failed",
    "set_up_account",
];

#[test]
fn what_takes_no_proof_is_called_by_use_cases_only() {
    let above: Vec<Source> = ["app", "edge/src", "server/src"]
        .into_iter()
        .flat_map(files)
        .collect();
    check(&above, |file, paths| {
        let is_command = file.path.ends_with("edge/src/commands.rs");
        let called = paths.iter().filter_map(|path| path.last());
        called
            .filter(|name| {
                FOR_USE_CASES.contains(&name.as_str())
                    || (!is_command && FOR_COMMANDS.contains(&name.as_str()))
            })
            .map(|name| format!("names `{name}`"))
            .collect()
    });
    // A name that is gone would forbid nothing.
    let core = core();
    for name in FOR_USE_CASES.iter().chain(FOR_COMMANDS) {
        let declaration = format!("pub async fn {name}");
        let plain = format!("pub fn {name}");
        assert!(
            core.iter().any(|file| [&declaration, &plain]
                .iter()
                .any(|it| file.text.contains(*it))),
            "the core has no `{name}`"
        );
    }
}

#[test]
fn each_third_party_is_known_where_it_is_used() {
    check(&core(), |file, paths| {
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
    let product: Vec<Source> = ["domain/src", "app", "edge/src", "server/src"]
        .into_iter()
        .flat_map(files)
        .chain(core())
        .collect();
    check(&product, |file, paths| {
        let reads = paths.iter().any(|path| {
            let path: Vec<&str> = path.iter().map(String::as_str).collect();
            matches!(
                path.as_slice(),
                ["std", "env", "var" | "var_os" | "vars"] | ["env", "var" | "var_os" | "vars"]
            )
        });
        let may = ["base/src/config/variables.rs", "edge/src/config.rs"]
            .iter()
            .any(|place| file.is_in(place));
        if reads && !may {
            vec!["reads the environment".to_owned()]
        } else {
            Vec::new()
        }
    });
}

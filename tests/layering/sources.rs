//! The sources of the workspace, and the paths in them.

use std::{
    fs,
    path::{Path, PathBuf},
};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// A source file of the workspace.
pub struct Source {
    /// Relative to the workspace, with `/` between its parts.
    pub path: String,
    pub text: String,
}

impl Source {
    pub fn is_in(&self, place: &str) -> bool {
        self.path == place
            || self
                .path
                .strip_prefix(place)
                .is_some_and(|rest| rest.starts_with('/'))
    }

    /// The part of the core that the file belongs to: `cache` for `base/src/cache/near.rs`,
    /// `orgs` for `src/orgs/leave.rs`. Two packages are a part each, but for what they have for
    /// others: `auth/src/access.rs` is `access`.
    pub fn core_module(&self) -> &str {
        let (package, below) = self.path.split_once("src/").unwrap_or(("", &self.path));
        let module = below
            .split('/')
            .next()
            .unwrap_or(below)
            .trim_end_matches(".rs");
        match (package.trim_end_matches('/'), module) {
            ("auth", "access" | "newcomers") | ("" | "base", _) => module,
            (package, _) => package,
        }
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

/// The sources of the core's packages but the first, which browsers run, too.
pub fn core() -> Vec<Source> {
    ["base/src", "auth/src", "billing/src", "src"]
        .into_iter()
        .flat_map(files)
        .collect()
}

pub fn files(folder: &str) -> Vec<Source> {
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
pub fn check(sources: &[Source], rule: impl FnMut(&Source, &[Vec<String>]) -> Vec<String>) {
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
pub fn modules_of<'a>(paths: &'a [Vec<String>], root: &'a str) -> impl Iterator<Item = &'a str> {
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
#[cfg(test)]
mod tests {
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
            path: "base/src/db/orgs.rs".to_owned(),
            text: "use crate::{error::Result, services};".to_owned(),
        };
        let found = violations(&[file], |file, paths| {
            assert_eq!((file.core_module(), file.depth()), ("db", 2));
            let forbidden = modules_of(paths, "crate").filter(|named| *named == "services");
            forbidden.map(|_| "breaks the rule".to_owned()).collect()
        });
        assert_eq!(found, ["base/src/db/orgs.rs: breaks the rule"]);
    }
}

//! Whether every dependency's license is one we accept (`deny.toml`).
//!
//! `cargo deny` reads the same list and can do more; this needs no further program.

use std::fs;

use anyhow::{Context, Result, ensure};

use crate::checkout;
use crate::process;

/// Fails if a package that ends up in the server or the browser, or builds
/// them, has a license that is not on the list.
pub fn check() -> Result<()> {
    let accepted = accepted()?;
    let tree = process::read(&mut process::cargo(
        "tree --workspace --edges normal,build --target all --prefix none --format {p}|{l}",
    ))?;
    let mut refused: Vec<_> = tree
        .lines()
        .map(|line| line.trim_end_matches(" (*)"))
        .filter_map(|line| line.split_once('|'))
        .filter(|(_, license)| !is_accepted(license, &accepted))
        .map(|(package, license)| format!("{package}: {license}"))
        .collect();
    refused.sort_unstable();
    refused.dedup();
    ensure!(
        refused.is_empty(),
        "not on the list in deny.toml:\n{}",
        refused.join("\n")
    );
    Ok(())
}

/// The strings of the list `allow` in `deny.toml`.
fn accepted() -> Result<Vec<String>> {
    let text = fs::read_to_string(checkout::root().join("deny.toml"))?;
    let (_, rest) = text
        .split_once("allow = [")
        .context("deny.toml has no list `allow`")?;
    let (list, _) = rest
        .split_once(']')
        .context("the list `allow` in deny.toml has no end")?;
    Ok(list
        .split('"')
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect())
}

/// Every part joined by AND must offer an accepted license. Parentheses are not
/// followed, which can refuse too much but never accept too much.
fn is_accepted(expression: &str, accepted: &[String]) -> bool {
    expression
        .replace(['(', ')'], "")
        .split(" AND ")
        .all(|part| {
            part.split(" OR ")
                .flat_map(|license| license.split('/'))
                .any(|license| accepted.iter().any(|one| one == license.trim()))
        })
}

#[cfg(test)]
mod tests {
    use super::is_accepted;

    #[test]
    fn one_of_several_offered_is_enough_but_each_demanded_must_be_accepted() {
        let accepted = ["MIT".to_owned(), "Unicode-3.0".to_owned()];
        let is_accepted = |expression| is_accepted(expression, &accepted);
        assert!(is_accepted("MIT"));
        assert!(is_accepted("GPL-3.0 OR MIT"));
        assert!(is_accepted("MIT/Apache-2.0"));
        assert!(is_accepted("(MIT OR Apache-2.0) AND Unicode-3.0"));
        assert!(!is_accepted("MIT AND GPL-3.0"));
        assert!(!is_accepted(""));
    }
}

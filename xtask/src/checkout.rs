//! Where things are, and what the developer's `.env` says.

use std::{
    collections::BTreeMap,
    env,
    io::ErrorKind,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

/// The root of the checkout.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("xtask lies one level below the root of the checkout")
}

/// Cargo's target directory.
pub fn target() -> PathBuf {
    root().join(env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into()))
}

/// The variables of the developer's own `.env`; none without that file.
///
/// Only this file can point the commands at a database that is not theirs. The
/// environment cannot: a `DATABASE_URL` left over there from another project
/// would be migrated and seeded.
pub fn dotenv() -> Result<BTreeMap<String, String>> {
    let path = root().join(".env");
    match dotenvy::from_path_iter(&path) {
        Ok(variables) => variables
            .collect::<Result<_, _>>()
            .with_context(|| format!("{} is not a list of NAME=value lines", path.display())),
        Err(dotenvy::Error::Io(error)) if error.kind() == ErrorKind::NotFound => {
            Ok(BTreeMap::new())
        }
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}

//! What a machine must have, installed where it is missing.
//!
//! Each step looks for its result before it does anything, and leaves nothing
//! half-done that would pass for a result. So set-up costs a second where all is
//! there, and can be interrupted and run again anywhere.

mod browser;
mod debian;
mod node;
mod programs;
mod standard_library;
mod toolchain;

use anyhow::Result;

use crate::steps::Steps;

pub use browser::chromium;
pub use node::program as node;
pub use programs::can_watch;
pub use standard_library::offer as offer_standard_library;

/// The compiler that will do all the rest, for the server's side and the browser's.
pub fn compiler(steps: &mut Steps) -> Result<()> {
    toolchain::ensure(steps)
}

/// What runs the private services.
pub fn to_serve(steps: &mut Steps) -> Result<()> {
    programs::ensure_databases(steps)
}

/// What compiles and runs the product.
pub fn to_compile(steps: &mut Steps) -> Result<()> {
    compiler(steps)?;
    to_serve(steps)
}

/// What describes the queries as well.
pub fn to_prepare(steps: &mut Steps) -> Result<()> {
    to_compile(steps)?;
    programs::ensure_sqlx(steps)
}

/// What builds it again when a file is saved.
pub fn to_watch(steps: &mut Steps) -> Result<()> {
    to_compile(steps)?;
    programs::ensure_wasm_bindgen(steps)?;
    programs::ensure_cargo_leptos(steps)
}

/// What makes the release bundle as well.
pub fn to_release(steps: &mut Steps) -> Result<()> {
    to_watch(steps)?;
    node::ensure(steps)?;
    programs::ensure_wasm_opt(steps)
}

/// What the checks need as well.
pub fn to_check(steps: &mut Steps) -> Result<()> {
    to_compile(steps)?;
    toolchain::ensure_linters(steps)?;
    programs::ensure_sqlx(steps)?;
    programs::ensure_deny(steps)
}

/// What runs the tests as well.
pub fn to_test(steps: &mut Steps) -> Result<()> {
    to_check(steps)?;
    to_release(steps)?;
    programs::ensure_nextest(steps)?;
    programs::ensure_prometheus(steps)?;
    node::ensure_recent(steps)?;
    browser::ensure(steps)
}

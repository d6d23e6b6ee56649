//! Joins browser code and JavaScript: `site-bindgen FILE.wasm FOLDER`.
//!
//! It is what the program `wasm-bindgen` does, which takes five times as long to compile for
//! what a first page has no use for. Cargo sees to it that this and the library that the browser
//! code is made with are of one version.

use std::env;

use anyhow::{Context, Result};
use wasm_bindgen_cli_support::Bindgen;

fn main() -> Result<()> {
    let mut arguments = env::args_os().skip(1);
    let code = arguments.next().context("which code?")?;
    let folder = arguments.next().context("into which folder?")?;
    Bindgen::new()
        .input_path(code)
        .out_name("orghub")
        .web(true)?
        .typescript(false)
        .generate(folder)
}

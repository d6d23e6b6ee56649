//! The browser's entry: one function that wakes the islands.
//!
//! A `cdylib` of its own, so that the server never links it and fat LTO reaches
//! all of it.

// Each island is a function that its crate exports and the page's script
// looks up by name. Nothing here calls them, and a crate that nothing names is
// not linked at all.
use orghub_islands as _;
use wasm_bindgen::prelude::wasm_bindgen;

/// Called by the page's script when the module is loaded; the script then finds
/// the islands in the document and wakes them one by one.
#[wasm_bindgen]
pub fn hydrate() {
    // What is deployed does without: a kilobyte for each visitor, and nobody there to read it.
    #[cfg(debug_assertions)]
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_islands();
}

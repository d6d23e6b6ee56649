//! The application as those who serve it know it.

use leptos::prelude::*;

/// What there is to serve. The program joins it to the edge, so that neither is compiled
/// before the other.
#[derive(Clone, Copy)]
pub struct Application {
    /// The page at the address of a request; outside of one, the routes.
    pub pages: fn() -> AnyView,
    /// The whole document around it.
    pub document: fn(LeptosOptions) -> AnyView,
    /// The text of each inline script that a document may have: the same in all, so that
    /// the policy can name them by their hashes.
    pub inline_scripts: fn(LeptosOptions) -> Vec<String>,
}

//! Every endpoint of the product, by noun.
//!
//! Forms post to these as plain HTML; islands ask those in [`lookups`]. Each one
//! states the right it requires by the proof it fetches: none (signing in), the
//! person (`require_user`), or the membership (`org_access`). Everything beyond
//! that is the use case's own business, which checks the role again in its
//! transaction.

pub mod lookups;

#[cfg(feature = "ssr")]
mod form_post;
#[cfg(feature = "ssr")]
pub mod members;
#[cfg(feature = "ssr")]
pub mod orgs;
#[cfg(feature = "ssr")]
pub mod sessions;
#[cfg(feature = "ssr")]
pub mod themes;

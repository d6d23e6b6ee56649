//! Every endpoint of the product, by noun.
//!
//! Forms post to these as plain HTML; islands ask those in [`lookups`]. Each one shows
//! the right it requires by the proof it fetches: none (signing in), the user (`signed_in`),
//! the membership (`org_access`), or the platform admin (`platform_admin`). Everything
//! beyond that is up to the use case, which checks the role again in its transaction.
//!
//! Their addresses are in `orghub::routes::api`. The macro takes literals only, so a test
//! compares the two lists.

pub mod account;
pub mod accounts;
pub mod billing;
pub mod bulk_changes;
pub mod factors;
pub mod invitations;
pub mod joining;
pub mod lookups;
pub mod members;
pub mod orgs;
pub mod ownership;
pub mod passkeys;
pub mod platform;
pub mod providers;
mod services;
pub mod sessions;
pub mod themes;
mod upload;

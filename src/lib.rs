//! The core of Orghub.
//!
//! This package has the use cases of organizations and hands on what lies below, so that pages,
//! endpoints and the edge depend on it alone. [`domain`] holds the nouns and rules of the
//! product and [`routes`] its addresses. A request meets the rest in this order:
//!
//! * [`auth`] turns a cookie into a user ([`auth::SignedIn`]),
//! * [`access`] turns a user and an organization's slug into [`access::OrgAccess`], the
//!   proof that every organization use case demands,
//! * [`orgs`], [`invitations`], [`joining`], [`auth`] and [`billing`] are those use cases;
//!   [`platform`] has those of platform admins, with a proof of its own,
//! * what they leave for later is in the [`queue`], the [`mail`] they send in its outbox,
//! * they read through [`cache`], whose essay is worth reading first, and all SQL they
//!   cause is written in `db`, which nobody above can name.
//!
//! [`services::Services`] puts the parts together; only the application and the edge
//! take it. `tests/layering/` holds the import rules to this order.

/// On each use case but the few that a warm page asks; `orghub_base` says why.
use async_recursion::async_recursion as boxed;
pub use orghub_auth::access;
use orghub_auth::newcomers;
use orghub_base::{attempts, db};
pub use orghub_base::{
    cache, clock, config, error, mail, pictures, queue, recording, security_log, submissions,
    telemetry,
};
pub use orghub_billing as billing;
pub use orghub_domain::{self as domain, routes};

/// Accounts, signing in and out, and the sessions in between.
pub mod auth {
    pub use orghub_auth::{
        AccountExport, Admitted, Auth, ClientInfo, DEVICE_LIFETIME, DeviceCookie, LinkToken,
        MailedLink, NewAccount, PlatformAdmin, ProviderAnswer, RequestUser, Sessions, SignedIn,
        Verified, hash_password, oidc, sessions,
    };
}
pub mod csv_file;
pub mod invitations;
pub mod jobs;
pub mod joining;
pub mod orgs;
pub mod platform;
pub mod services;

pub use db::Db;
#[cfg(feature = "test-hooks")]
pub use orghub_base::test_hooks;

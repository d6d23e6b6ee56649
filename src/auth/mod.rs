//! Authentication: signing in and out, and the sessions in between.
//!
//! [`Auth`] has the use cases, one per file. [`sessions`] is the store behind the cookie;
//! `passwords` and `attempts` keep guessing expensive.

mod attempts;
mod client_info;
mod passwords;
pub mod sessions;
mod sign_in;
mod sign_out;

use std::sync::Arc;

use crate::{clock::Clock, config::SignInLimits, db::Db};

use attempts::Attempts;
pub use client_info::ClientInfo;
use passwords::Passwords;
pub use passwords::hash_password;
pub use sessions::{RequestUser, Sessions};

/// The use cases of authentication. Cheap to clone; clones share the counters of failed
/// sign-ins.
#[derive(Clone)]
pub struct Auth {
    db: Db,
    clock: Clock,
    passwords: Passwords,
    failures: Arc<Failures>,
}

/// Recent failed sign-ins.
struct Failures {
    by_account: Attempts,
    by_client: Attempts,
}

impl Auth {
    pub fn new(db: Db, clock: Clock, limits: SignInLimits) -> Self {
        let failures = Failures {
            by_account: Attempts::new(limits.per_account, limits.window),
            by_client: Attempts::new(limits.per_client, limits.window),
        };
        Self {
            db,
            clock,
            passwords: Passwords::new(),
            failures: Arc::new(failures),
        }
    }
}

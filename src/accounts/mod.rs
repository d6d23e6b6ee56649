//! What people do with their accounts: one use case a file.

mod attempts;
mod client;
mod password;
mod sign_in;
mod sign_out;

use std::sync::Arc;

pub use client::ClientInfo;
pub(crate) use password::hash_password;

use crate::{clock::Clock, config::SignInLimits, db::Db};
use attempts::Attempts;
use password::Passwords;

/// The use cases of accounts. Cheap to clone; the counters of failed sign-ins
/// are shared by all clones.
#[derive(Clone)]
pub struct Accounts {
    db: Db,
    clock: Clock,
    passwords: Passwords,
    failures: Arc<Failures>,
}

/// Failed sign-ins of late.
struct Failures {
    by_account: Attempts,
    by_client: Attempts,
}

impl Accounts {
    /// The use cases over this database, with these limits on failed sign-ins.
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

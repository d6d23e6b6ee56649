//! Passkeys: key pairs that a device makes for this site, and unlocks for its user.
//!
//! A passkey signs in alone: the device is one factor, and what unlocks it (a finger, a
//! face, a PIN) is another, so every question demands that the device knows its user. It
//! also takes the place of a code after the password, and of the password where somebody is
//! asked again.
//!
//! Each use is a *ceremony* of two requests: the browser is asked, and answers. What it was
//! asked waits in the database, in a row whose id the visitor's session holds; the answer
//! takes the row away, right or not. `webauthn_rp` does what the specification demands of
//! an answer: origin, site, challenge, signature, counter.

mod add;
mod ceremony;
mod manage;
mod prove;
mod relying_party;
mod sign_in;
mod verify;

use std::{fmt, sync::Arc, time::Duration};

use super::Auth;
use crate::{
    attempts::Attempts,
    config::Config,
    domain::{Invalid, UserId},
    error::{Error, Result},
    security_log::SecurityEvent,
};
use relying_party::RelyingParty;
pub(super) use verify::Recognized;

/// Most passkeys of one user.
const MOST_PASSKEYS: i64 = 20;

/// Most ceremonies that the visitors of one network begin in [`VISITS_WINDOW`]: a large
/// office in the morning.
const VISITS_PER_CLIENT: u32 = 1_000;

const VISITS_WINDOW: Duration = Duration::from_secs(15 * 60);

/// What passkeys need to know. Clones share the counters.
#[derive(Clone)]
pub struct Passkeys {
    party: Option<Arc<RelyingParty>>,
    visits: Arc<Attempts>,
}

impl Passkeys {
    pub fn new(config: &Config) -> Self {
        Self {
            party: RelyingParty::of(&config.app_url).map(Arc::new),
            visits: Arc::new(Attempts::new(VISITS_PER_CLIENT, VISITS_WINDOW)),
        }
    }

    fn party(&self) -> Result<&RelyingParty> {
        self.party.as_deref().ok_or_else(|| {
            Error::refused("Passkeys need a site with a name, and this one has a number.")
        })
    }
}

impl fmt::Debug for Passkeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passkeys")
    }
}

impl Auth {
    /// Whether the site can have passkeys: they belong to a domain, so not if its address is
    /// a number.
    pub fn offers_passkeys(&self) -> bool {
        self.passkeys.party.is_some()
    }
}

/// Logs why an answer is refused. To whoever gave it all of them look alike.
fn refuse(user: Option<UserId>, reason: &str) -> Error {
    SecurityEvent::PasskeyRefused { user, reason }.record();
    refused()
}

/// The answer to whatever an authenticator did not do right.
fn refused() -> Error {
    Error::Invalid(Invalid::new(
        "credential",
        "This passkey did not work. Try it once more, or go another way.",
    ))
}

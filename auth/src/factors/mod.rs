//! Second factors: what somebody has, beside the password they know.
//!
//! A user turns them on by an authenticator app whose code was right once, or by asking for
//! a passkey after the password. From then on [`Auth::admit`] lets nobody in by one proof
//! alone, whichever it was: the sign-in is *pending*, in a row whose id the visitor's
//! session holds, until a code, a recovery code or a passkey completes it
//! ([`second_step`]). A passkey alone is two factors, the device and what unlocked it.
//!
//! * No code is good twice: the step of the last one is kept, and moves forward only.
//! * Codes can be guessed, so a pending sign-in takes five, and an account a few in an hour
//!   (`Limit::Code`). Only those who know the password get that far, so a stranger locks
//!   nobody out.
//! * What turns a factor on or off, or makes codes, asks for a proof of the last ten minutes.

mod check_code;
mod list;
mod recovery_codes;
mod seal;
mod second_step;
mod totp;
mod turn_off;
mod turn_on;

use super::{Auth, letters};
use crate::{
    config::Config,
    db::{Tx, credentials::Credentials},
    domain::{CurrentUser, Invalid},
    error::{Error, Result},
};
use seal::Seal;

pub(super) use turn_off::drop_requirement_without_means;

/// What second factors need to know.
#[derive(Clone)]
pub struct Factors {
    seal: Seal,
}

impl Factors {
    pub fn new(config: &Config) -> Self {
        Self {
            seal: Seal::new(&config.factor_keys),
        }
    }
}

/// That somebody proved all their account asks for. Only this module and its parts, which
/// check second factors, and `passkeys`, whose answers are two factors, make one:
/// `Auth::let_in` takes it, so there is no way in around them.
pub(super) struct Proved(());

impl Proved {
    /// By a password, a mailed link or an identity elsewhere. `None`: the account asks for
    /// more.
    pub(super) fn by_one_factor(user: &Credentials) -> Option<Self> {
        (!user.has_second_factor).then_some(Self(()))
    }

    /// By a passkey whose device knows its user.
    pub(super) fn by_passkey(_answer: &super::passkeys::Recognized) -> Self {
        Self(())
    }

    /// By one factor before, and a code now.
    fn by_code(_code: &check_code::RightCode) -> Self {
        Self(())
    }
}

impl Auth {
    /// Mails the user that something they sign in with came, went or was used, if `tx`
    /// commits. `what` is a whole sentence.
    pub(super) async fn tell_of_change(
        &self,
        tx: &mut Tx,
        user: &CurrentUser,
        what: String,
    ) -> Result<()> {
        let letter = letters::sign_in_changed(&user.name, what);
        self.mail.post(tx, &user.email, &letter).await
    }
}

/// The answer to a code that is not, or no longer, good.
fn wrong_code() -> Error {
    Error::Invalid(Invalid::new(
        "code",
        "This code is not right, or was used already. Wait for the next one and try again.",
    ))
}

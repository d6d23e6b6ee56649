//! What a user has to prove who they are, besides a password.

use time::OffsetDateTime;

use super::Passkey;

/// How many recovery codes a user gets.
pub const RECOVERY_CODES: usize = 10;

/// How one user signs in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecondFactors {
    pub has_password: bool,
    /// Since when signing in takes a second factor; `None`: it does not.
    pub required_since: Option<OffsetDateTime>,
    /// Since when there is an authenticator app; `None`: there is none.
    pub totp_since: Option<OffsetDateTime>,
    /// How many recovery codes were not used yet.
    pub recovery_codes: i64,
    /// The oldest first.
    pub passkeys: Vec<Passkey>,
}

/// The second factors that somebody can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FactorChoice {
    /// A code from an authenticator app, or a recovery code.
    pub code: bool,
    pub passkey: bool,
}

/// What an authenticator app is told once.
#[derive(Clone)]
pub struct TotpSetUp {
    /// To be typed, in base 32.
    pub secret: String,
    /// To be read from a picture: `otpauth://…`.
    pub address: String,
}

//! What can go wrong in the core, by what the caller can do about it.

use std::{error::Error as StdError, sync::Arc};

use crate::domain::{Invalid, ProviderProblem};

/// Shorthand for results of the core.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error's cause. Shared, because one failed load answers everybody who waited for it.
pub type Source = Arc<dyn StdError + Send + Sync>;

/// Why the core did not do what it was asked.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// There is no such thing, or the user may not know of it.
    #[error("not found")]
    NotFound,
    /// The member's role does not have the permission.
    #[error("forbidden")]
    Forbidden,
    /// A field's input cannot be accepted.
    #[error("invalid input: {0}")]
    Invalid(Invalid),
    /// Well-formed, but it conflicts with what is there.
    #[error("conflict: {0}")]
    Conflict(Invalid),
    /// A limit is reached; the sentence says which, in plain words.
    #[error("limit reached: {0}")]
    LimitReached(String),
    /// The session has ended: signing in again helps.
    #[error("signed out")]
    SignedOut,
    /// The person has to prove again who they are, and then send the same once more.
    #[error("the session was confirmed too long ago")]
    ConfirmFirst,
    /// The organization requires a second factor, or a platform admin's work does, and the
    /// user has none.
    #[error("a second factor is required")]
    SecondFactorFirst,
    /// The address of the account has to be verified first.
    #[error("the address is not verified")]
    VerifyFirst,
    /// A mailed link was used, has expired or was never made: they look alike.
    #[error("the link does not work any more")]
    DeadLink,
    /// Address or password is wrong; it never says which.
    #[error("sign-in failed")]
    SignInFailed,
    /// A provider of sign-in lets nobody in.
    #[error("no sign-in with a provider: {0}")]
    Provider(ProviderProblem),
    /// Too many attempts.
    #[error("too many attempts, again in {retry_after_seconds} s")]
    RateLimited {
        /// When another attempt makes sense.
        retry_after_seconds: u64,
    },
    /// The user has too many requests of a costly kind under way.
    #[error("too many costly requests of one user at once")]
    TooManyAtOnce,
    /// All of a node's places for costly requests are taken; trying again soon helps.
    #[error("too many costly requests at once")]
    Busy,
    /// A service we rely on does not answer; trying again later may help.
    #[error("{0} is unavailable")]
    Unavailable(&'static str, #[source] Source),
    /// A defect, or something nobody thought of.
    #[error("internal error")]
    Internal(#[source] Source),
}

impl From<ProviderProblem> for Error {
    fn from(problem: ProviderProblem) -> Self {
        Self::Provider(problem)
    }
}

/// Any error, boxed.
pub type BoxError = Box<dyn StdError + Send + Sync>;

impl Error {
    /// `what` (a noun phrase: "the database") does not answer.
    pub fn unavailable(what: &'static str, source: impl Into<BoxError>) -> Self {
        Self::Unavailable(what, source.into().into())
    }

    pub fn internal(source: impl Into<BoxError>) -> Self {
        Self::Internal(source.into().into())
    }

    /// `message` is shown next to the form field `field`.
    pub fn conflict(field: &str, message: &str) -> Self {
        Self::Conflict(Invalid::new(field, message))
    }

    /// A conflict that is not about one field; `message` says what to do instead.
    pub fn refused(message: &str) -> Self {
        Self::Conflict(Invalid::form(message))
    }
}

impl From<Invalid> for Error {
    fn from(invalid: Invalid) -> Self {
        Self::Invalid(invalid)
    }
}

/// The error and its causes in one line, for logs.
pub fn chain(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(source) = cause {
        text.push_str(": ");
        text.push_str(&source.to_string());
        cause = source.source();
    }
    text
}

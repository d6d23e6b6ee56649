//! What a person is told when something does not work, and with which status.
//!
//! The core's errors say what its caller can do; [`AppError`] says the same to a
//! person. It is made in one place, the `From` below, which is also the one place
//! where an error's chain of causes reaches the log.
//!
//! How it reaches the person depends on what was asked:
//!
//! * a **page** answers with the error's page and status (`components::error_view`);
//! * a **form** goes back to its own page, which shows the message next to the
//!   field and keeps what was typed. The two travel in a short-lived cookie, not
//!   in the address: an address is logged, shared, and can be made up by anybody
//!   who wants our page to show their words. `flash` has the details;
//! * an **island** or another program that asks for JSON gets the error as JSON,
//!   with its status.

use leptos::server_fn::{
    codec::JsonEncoding,
    error::{FromServerFnError, ServerFnErrorErr},
};
use orghub::domain::Invalid;
use serde::{Deserialize, Serialize};

/// Why a page or form does not do what was asked, in terms of what the person
/// can do about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum AppError {
    /// Nobody is signed in.
    #[error("Please sign in.")]
    SignedOut,
    /// There is no such thing, or the person may not know of it.
    #[error("There is nothing at this address, or you have no access to it.")]
    NotFound,
    /// The person's role does not allow it.
    #[error("Your role in this organization does not allow this.")]
    Forbidden,
    /// A field's input cannot be taken.
    #[error("{}", .0.message)]
    Invalid(Invalid),
    /// Well-formed, but it clashes with what is there; field "" means the whole form.
    #[error("{}", .0.message)]
    Conflict(Invalid),
    /// A limit is reached; a sentence saying which.
    #[error("{0}")]
    LimitReached(String),
    /// Address and password open no account.
    #[error("E-mail or password is wrong. Check both and try again.")]
    SignInFailed,
    /// Too many attempts.
    #[error("Too many attempts. Try again in {}.", in_words(*retry_after_seconds))]
    RateLimited {
        /// When another attempt makes sense.
        retry_after_seconds: u64,
    },
    /// Something we rely on does not answer.
    #[error(
        "Orghub cannot reach one of its services right now. Nothing is lost. Please try again in a few seconds."
    )]
    Unavailable,
    /// A surprise of ours.
    #[error("That was our mistake and it has been recorded. Please try again.")]
    Internal,
    /// A request that could not be sent, read or answered.
    #[error("The request could not be understood. Reload the page and try again.")]
    BadRequest,
}

impl AppError {
    /// The form field it is about, if it is about one.
    pub fn field(&self) -> Option<&str> {
        match self {
            Self::Invalid(invalid) | Self::Conflict(invalid) => Some(&invalid.field)
                .filter(|field| !field.is_empty())
                .map(String::as_str),
            _ => None,
        }
    }

    /// The status of an answer that consists of this error.
    #[cfg(feature = "ssr")]
    pub fn status(&self) -> http::StatusCode {
        use http::StatusCode;

        match self {
            Self::SignedOut | Self::SignInFailed => StatusCode::UNAUTHORIZED,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Conflict(_) | Self::LimitReached(_) => StatusCode::CONFLICT,
            Self::RateLimited { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::BadRequest => StatusCode::BAD_REQUEST,
        }
    }
}

/// A waiting time as people say it, never too short.
fn in_words(seconds: u64) -> String {
    match seconds {
        0..=1 => "a second".to_owned(),
        2..=90 => format!("{seconds} seconds"),
        _ => format!("{} minutes", seconds.div_ceil(60)),
    }
}

impl From<Invalid> for AppError {
    fn from(invalid: Invalid) -> Self {
        Self::Invalid(invalid)
    }
}

#[cfg(feature = "ssr")]
impl From<orghub::error::Error> for AppError {
    fn from(error: orghub::error::Error) -> Self {
        use orghub::error::{Error, chain};

        match error {
            Error::NotFound => Self::NotFound,
            Error::Forbidden => Self::Forbidden,
            Error::Invalid(invalid) => Self::Invalid(invalid),
            Error::Conflict(invalid) => Self::Conflict(invalid),
            Error::LimitReached(sentence) => Self::LimitReached(sentence),
            Error::SignInFailed => Self::SignInFailed,
            Error::RateLimited {
                retry_after_seconds,
            } => Self::RateLimited {
                retry_after_seconds,
            },
            Error::Unavailable(..) => {
                tracing::error!(
                    error = chain(&error),
                    "a request found a service unavailable"
                );
                Self::Unavailable
            }
            Error::Internal(_) => {
                tracing::error!(error = chain(&error), "a request failed");
                Self::Internal
            }
        }
    }
}

impl FromServerFnError for AppError {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        match error {
            ServerFnErrorErr::Args(_)
            | ServerFnErrorErr::MissingArg(_)
            | ServerFnErrorErr::Deserialization(_) => Self::BadRequest,
            ServerFnErrorErr::Request(_) => Self::Unavailable,
            _ => Self::Internal,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_times_round_up() {
        assert_eq!(in_words(0), "a second");
        assert_eq!(in_words(30), "30 seconds");
        assert_eq!(in_words(91), "2 minutes");
        assert_eq!(in_words(900), "15 minutes");
    }

    #[test]
    fn an_error_about_the_whole_form_names_no_field() {
        assert_eq!(AppError::Conflict(Invalid::new("", "No.")).field(), None);
        assert_eq!(
            AppError::Conflict(Invalid::new("slug", "Taken.")).field(),
            Some("slug")
        );
    }
}

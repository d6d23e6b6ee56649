//! What a user is told when something does not work, and with which status.
//!
//! The core's errors say what the caller can do; [`AppError`] says the same to a user, and
//! is the one place with these sentences. It is made in one place, the `From` below, which
//! is also the one place where an error's chain of causes reaches the log.
//!
//! How it reaches the user depends on what was asked:
//!
//! * a **page** answers with the error's page and status (`pages::error`), as the server
//!   does where a request fails before any page (`error_page`);
//! * a **form** goes back to its own page, which shows the message next to the field and
//!   keeps what was typed (`forms`);
//! * an **island** or another program that asks for JSON gets the error as JSON, with its
//!   status.

use http::StatusCode;
use leptos::server_fn::{
    codec::JsonEncoding,
    error::{FromServerFnError, ServerFnErrorErr},
};
use orghub_domain::{Invalid, ProviderProblem};
use serde::{Deserialize, Serialize};

/// When a service that was away is worth asking again: a node that lost its database needs
/// about that long to serve once it is back.
const OUTAGE_RETRY_SECONDS: u64 = 2;

/// When a user whose own requests are in the way can try again: each takes some ten
/// milliseconds, and two seconds at most.
const CROWD_RETRY_SECONDS: u64 = 1;

/// Why a page or form does not do what was asked, by what the user can do about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum AppError {
    #[error("Please sign in.")]
    SignedOut,
    /// There is no such thing, or the user may not know of it.
    #[error("There is nothing at this address, or you have no access to it.")]
    NotFound,
    #[error("Your role in this organization does not allow this.")]
    Forbidden,
    #[error("{}", .0.message)]
    Invalid(Invalid),
    /// Well-formed, but it conflicts with what is there.
    #[error("{}", .0.message)]
    Conflict(Invalid),
    /// The sentence says which limit.
    #[error("{0}")]
    LimitReached(String),
    /// The person has to prove again who they are.
    #[error("Confirm that it is you, then send this again.")]
    ConfirmFirst,
    #[error("A second factor is required here. Set one up in your account, then try again.")]
    SecondFactorFirst,
    #[error("Confirm your e-mail address first: open the link that we sent you.")]
    VerifyFirst,
    /// Used, expired, of somebody else, or never made.
    #[error(
        "Each works once and for a limited time, and a newer one ends it. Sign in \
             and ask for another one; if you cannot sign in, set a new password."
    )]
    DeadLink,
    #[error("E-mail or password is wrong. Check both and try again.")]
    SignInFailed,
    /// A provider of sign-in lets nobody in.
    #[error("{0}")]
    Provider(ProviderProblem),
    #[error("Too many attempts. Try again in {}.", in_words(*retry_after_seconds))]
    RateLimited { retry_after_seconds: u64 },
    #[error("You have too many requests of this kind under way. Wait a moment, then try again.")]
    TooManyAtOnce,
    /// Others have.
    #[error("Orghub is very busy right now. Nothing is lost. Please try again in a few seconds.")]
    Busy,
    /// A service we rely on does not answer.
    #[error(
        "Orghub cannot reach one of its services right now. Nothing is lost. \
         Please try again in a few seconds."
    )]
    Unavailable,
    /// A defect of ours.
    #[error("That was our mistake and it has been recorded. Please try again.")]
    Internal,
    /// A request that could not be sent, read or answered.
    #[error("The request could not be understood. Reload the page and try again.")]
    BadRequest,
    #[error("This address does not take such a request. Go back and use the page's own form.")]
    MethodNotAllowed,
    #[error("That is more than we take at once. Shorten it and try again.")]
    TooLarge,
    #[error("The rest of the request did not arrive in time. Please try again.")]
    Timeout,
}

impl AppError {
    /// The title of a page that consists of this error.
    pub fn title(&self) -> &'static str {
        match self {
            Self::NotFound => "Page not found",
            Self::DeadLink => "This link does not work any more",
            Self::Forbidden => "Not allowed",
            Self::TooManyAtOnce => "Too many at once",
            Self::Busy | Self::Unavailable => "Back in a moment",
            Self::BadRequest => "Request not understood",
            Self::MethodNotAllowed => "Not possible here",
            Self::TooLarge => "Too large",
            Self::Timeout => "Too slow",
            _ => "Something went wrong",
        }
    }

    /// The form field it is about, if it is about one.
    pub fn field(&self) -> Option<&str> {
        match self {
            Self::Invalid(invalid) | Self::Conflict(invalid) => invalid.field.as_deref(),
            _ => None,
        }
    }

    /// When trying again makes sense, if waiting helps.
    pub fn retry_after_seconds(&self) -> Option<u64> {
        match self {
            Self::RateLimited {
                retry_after_seconds,
            } => Some(*retry_after_seconds),
            Self::TooManyAtOnce => Some(CROWD_RETRY_SECONDS),
            Self::Busy | Self::Unavailable => Some(OUTAGE_RETRY_SECONDS),
            _ => None,
        }
    }

    pub fn status(&self) -> StatusCode {
        match self {
            Self::SignedOut | Self::SignInFailed => StatusCode::UNAUTHORIZED,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::DeadLink => StatusCode::GONE,
            Self::Forbidden | Self::ConfirmFirst | Self::VerifyFirst | Self::SecondFactorFirst => {
                StatusCode::FORBIDDEN
            }
            Self::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Conflict(_) | Self::LimitReached(_) => StatusCode::CONFLICT,
            Self::Provider(problem) => match problem {
                ProviderProblem::NotBegun => StatusCode::BAD_REQUEST,
                ProviderProblem::OfAnother | ProviderProblem::HasAnother => StatusCode::CONFLICT,
                ProviderProblem::Away => StatusCode::SERVICE_UNAVAILABLE,
                _ => StatusCode::FORBIDDEN,
            },
            Self::RateLimited { .. } | Self::TooManyAtOnce => StatusCode::TOO_MANY_REQUESTS,
            Self::Busy | Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::BadRequest => StatusCode::BAD_REQUEST,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Timeout => StatusCode::REQUEST_TIMEOUT,
        }
    }
}

/// A waiting time in words, rounded up.
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

impl From<orghub_auth::error::Error> for AppError {
    fn from(error: orghub_auth::error::Error) -> Self {
        use orghub_auth::error::{Error, chain};

        match error {
            Error::NotFound => Self::NotFound,
            Error::Forbidden => Self::Forbidden,
            Error::Invalid(invalid) => Self::Invalid(invalid),
            Error::Conflict(invalid) => Self::Conflict(invalid),
            Error::LimitReached(sentence) => Self::LimitReached(sentence),
            Error::SignedOut => Self::SignedOut,
            Error::ConfirmFirst => Self::ConfirmFirst,
            Error::VerifyFirst => Self::VerifyFirst,
            Error::SecondFactorFirst => Self::SecondFactorFirst,
            Error::DeadLink => Self::DeadLink,
            Error::SignInFailed => Self::SignInFailed,
            Error::Provider(problem) => Self::Provider(problem),
            Error::RateLimited {
                retry_after_seconds,
            } => Self::RateLimited {
                retry_after_seconds,
            },
            Error::TooManyAtOnce => Self::TooManyAtOnce,
            Error::Busy => Self::Busy,
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
        assert_eq!(AppError::Conflict(Invalid::form("No.")).field(), None);
        assert_eq!(
            AppError::Conflict(Invalid::new("slug", "Taken.")).field(),
            Some("slug")
        );
    }
}

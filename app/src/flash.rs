//! What the answer to a form tells the next page, once.
//!
//! A form is answered with a redirect, so that reloading the page does not send
//! the form again. What there is to say travels in a cookie of its own that lives
//! for a minute and ends with the first page that shows it: a [`Notice`] when it
//! went well, a [`Problem`] when it did not, with what was typed, so that nothing
//! has to be typed again. Passwords never travel.
//!
//! A cookie and not the address, because addresses end up in logs, histories and
//! messages, and because anybody could make one that lets our page say what they
//! like.

use orghub::domain::Invalid;
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde::{Deserialize, Serialize};

use crate::{context, error::AppError, response};

/// Most bytes of the cookie's value; browsers take 4096 with name and attributes.
const MAX_COOKIE_BYTES: usize = 3800;

/// Most characters kept of one typed value; no field takes more.
const MAX_TYPED_CHARS: usize = 150;

/// A form, so that its page finds what is meant for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FormName {
    /// Sign in.
    SignIn,
    /// New organization.
    NewOrg,
    /// An organization's name and slug.
    OrgSettings,
    /// Leave an organization.
    Leave,
    /// A member's role or membership; which member is among the typed values.
    Member,
}

/// Something went well: a fixed vocabulary, in words for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Notice {
    /// An organization was created.
    OrgCreated,
    /// Its name or slug was saved.
    OrgSaved,
    /// The person left it.
    Left,
    /// A member's role was changed.
    RoleChanged,
    /// A member was removed.
    MemberRemoved,
    /// The person signed out.
    SignedOut,
}

impl Notice {
    /// The sentence people read.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::OrgCreated => "Your organization is ready.",
            Self::OrgSaved => "Your changes are saved.",
            Self::Left => "You have left the organization.",
            Self::RoleChanged => "The role is changed.",
            Self::MemberRemoved => "The member is removed.",
            Self::SignedOut => "You are signed out.",
        }
    }
}

/// A form could not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// Which form.
    pub form: FormName,
    /// What is wrong; field "" means the whole form.
    pub error: Invalid,
    /// Fields and what was typed into them.
    pub typed: Vec<(String, String)>,
}

impl Problem {
    /// `error` of `form`, into which `typed` was typed.
    pub fn new(form: FormName, error: &AppError, typed: Vec<(&'static str, String)>) -> Self {
        let typed = typed.into_iter().map(|(field, value)| {
            (
                field.to_owned(),
                value.chars().take(MAX_TYPED_CHARS).collect(),
            )
        });
        Self {
            form,
            error: Invalid::new(error.field().unwrap_or_default(), error.to_string()),
            typed: typed.collect(),
        }
    }

    /// What was typed into `field`.
    pub fn typed(&self, field: &str) -> Option<&str> {
        self.typed
            .iter()
            .find(|(name, _)| name == field)
            .map(|(_, value)| value.as_str())
    }

    /// The message that belongs next to `field`.
    pub fn at(&self, field: &str) -> Option<&str> {
        (self.error.field == field).then_some(self.error.message.as_str())
    }

    /// The message that belongs to none of `fields`.
    pub fn beside(&self, fields: &[&str]) -> Option<&str> {
        (!fields.contains(&self.error.field.as_str())).then_some(self.error.message.as_str())
    }
}

/// What the last form left for this page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Flash {
    /// It went well.
    Notice(Notice),
    /// It did not.
    Problem(Problem),
}

impl Flash {
    /// Leaves it for the next page.
    pub fn leave(&self) {
        if let Some(value) = self.to_cookie_value() {
            response::set_cookie(&cookie(&value, 60));
        }
    }

    /// Takes what was left, if there is something; the next page finds nothing.
    pub fn take() -> Option<Self> {
        let value = response::request_cookie(cookie_name())?;
        response::set_cookie(&cookie("", 0));
        Self::from_cookie_value(&value)
    }

    /// The notice, if it is one.
    pub fn notice(&self) -> Option<Notice> {
        match self {
            Self::Notice(notice) => Some(*notice),
            Self::Problem(_) => None,
        }
    }

    /// The problem, if it is one of `form`.
    pub fn problem(&self, form: FormName) -> Option<&Problem> {
        match self {
            Self::Problem(problem) if problem.form == form => Some(problem),
            _ => None,
        }
    }

    /// `None` would mean a message of ours that is too long for a cookie; what was
    /// typed is dropped before that happens.
    fn to_cookie_value(&self) -> Option<String> {
        let encode = |flash: &Self| {
            let json = serde_json::to_string(flash).expect("strings and enums serialize");
            Some(utf8_percent_encode(&json, NON_ALPHANUMERIC).to_string())
                .filter(|value| value.len() <= MAX_COOKIE_BYTES)
        };
        encode(self).or_else(|| match self {
            Self::Problem(problem) => encode(&Self::Problem(Problem {
                typed: Vec::new(),
                ..problem.clone()
            })),
            Self::Notice(_) => None,
        })
    }

    fn from_cookie_value(value: &str) -> Option<Self> {
        serde_json::from_str(&percent_decode_str(value).decode_utf8().ok()?).ok()
    }
}

/// Like the session's cookie, it carries the `__Host-` prefix wherever a browser
/// takes it: then no neighboring host can set it.
fn cookie_name() -> &'static str {
    if context::services().config.cookie_is_secure() {
        "__Host-orghub-flash"
    } else {
        "orghub-flash"
    }
}

fn cookie(value: &str, seconds: u32) -> String {
    let secure = if context::services().config.cookie_is_secure() {
        "; Secure"
    } else {
        ""
    };
    format!(
        "{}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}",
        cookie_name()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(name: &str) -> Flash {
        let error = AppError::Conflict(Invalid::new("slug", "This slug is taken."));
        Flash::Problem(Problem::new(
            FormName::NewOrg,
            &error,
            vec![("name", name.to_owned()), ("slug", "acme".to_owned())],
        ))
    }

    #[test]
    fn what_was_typed_survives_the_way() {
        let flash = problem("R&D; \"Søhne\"");
        let value = flash.to_cookie_value().expect("short enough");
        assert!(
            value
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'%'),
            "{value}"
        );
        let back = Flash::from_cookie_value(&value).expect("readable");
        assert_eq!(back, flash);
        let problem = back.problem(FormName::NewOrg).expect("of this form");
        assert_eq!(problem.typed("name"), Some("R&D; \"Søhne\""));
        assert_eq!(problem.at("slug"), Some("This slug is taken."));
        assert_eq!(problem.beside(&["name", "slug"]), None);
        assert_eq!(back.problem(FormName::SignIn), None);
    }

    #[test]
    fn the_message_arrives_however_much_was_typed() {
        let value = problem(&"組".repeat(10_000))
            .to_cookie_value()
            .expect("cut down");
        assert!(value.len() <= MAX_COOKIE_BYTES);
        assert!(matches!(
            Flash::from_cookie_value(&value),
            Some(Flash::Problem(_))
        ));
    }

    #[test]
    fn a_cookie_of_somebody_elses_making_says_nothing() {
        assert_eq!(
            Flash::from_cookie_value("%7B%22Notice%22%3A%22%3Cb%3E%22%7D"),
            None
        );
        assert_eq!(Flash::from_cookie_value("%ff"), None);
    }
}

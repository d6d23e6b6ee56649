//! What the answer to a form tells the next page, once.
//!
//! A form is answered with a redirect, so that reloading the page does not send the form
//! again. What there is to say travels in a cookie of its own, which lives for a minute
//! and ends with the first page that shows it.
//!
//! A cookie and not the address: addresses end up in logs, histories and messages, and
//! anybody could make one that has our page say what they like. The cookie carries its
//! sentences as plain text, which is safe: scripts cannot write it (`HttpOnly`), neither
//! can neighboring hosts (`__Host-`, wherever the site is served over https), and pages
//! show it as text. Whoever edits it in their own browser reads their own words.

use cookie::{Cookie, SameSite};
use orghub::domain::Invalid;
use serde::{Deserialize, Serialize};
use time::Duration;

use super::Form;
use crate::{context, error::AppError, response};

/// A redirect takes less than a second; a minute is for slow connections.
const LIFETIME: Duration = Duration::MINUTE;

/// Most bytes that browsers take of a cookie, its name and attributes included.
const MAX_COOKIE_BYTES: usize = 4096;

/// Most characters kept of a typed value; no field that is kept takes more.
const MAX_TYPED_CHARS: usize = 254;

/// What the last form left for this page.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Flash {
    #[default]
    Nothing,
    /// A sentence that says what was done.
    Notice(String),
    Problem(Problem),
}

impl Flash {
    /// Leaves it for the next page.
    pub fn leave(&self) {
        if let Some(cookie) = self.to_cookie(is_secure()) {
            response::set_cookie(&cookie.encoded());
        }
    }

    /// Takes what was left; the next page finds nothing.
    pub fn take() -> Self {
        let is_secure = is_secure();
        let Some(value) = response::request_cookie(name(is_secure)) else {
            return Self::Nothing;
        };
        let mut gone = cookie(String::new(), is_secure);
        gone.make_removal();
        response::set_cookie(&gone);
        Self::from_cookie_value(&value)
    }

    pub fn notice(&self) -> Option<&str> {
        match self {
            Self::Notice(sentence) => Some(sentence),
            Self::Nothing | Self::Problem(_) => None,
        }
    }

    /// The problem, if it is one of `forms`.
    pub fn problem(&self, forms: &[&Form]) -> Option<&Problem> {
        match self {
            Self::Problem(problem) if forms.iter().any(|form| form.action == problem.form) => {
                Some(problem)
            }
            _ => None,
        }
    }

    /// `form` as this page shows it.
    pub fn state_of(&self, form: &'static Form) -> FormState {
        FormState {
            form,
            problem: self.problem(&[form]).cloned(),
        }
    }

    /// Leaves out what was typed if there is too much of it. `None`: not even the message
    /// fits; all of ours do.
    fn to_cookie(&self, is_secure: bool) -> Option<Cookie<'static>> {
        let fitting = |flash: &Self| {
            let json = serde_json::to_string(flash).expect("strings and enums serialize");
            let cookie = cookie(json, is_secure);
            (cookie.encoded().to_string().len() <= MAX_COOKIE_BYTES).then_some(cookie)
        };
        fitting(self).or_else(|| match self {
            Self::Problem(problem) => fitting(&Self::Problem(Problem {
                typed: Vec::new(),
                ..problem.clone()
            })),
            Self::Nothing | Self::Notice(_) => None,
        })
    }

    /// What cannot be read says nothing.
    fn from_cookie_value(value: &str) -> Self {
        serde_json::from_str(value).unwrap_or_default()
    }
}

/// Why a form did not do what it was asked to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// The form's action.
    form: String,
    error: Invalid,
    /// Fields and what was typed into them.
    typed: Vec<(String, String)>,
}

impl Problem {
    pub(super) fn new(form: &Form, error: &AppError, typed: Vec<(&'static str, String)>) -> Self {
        let typed = typed.into_iter().map(|(field, value)| {
            let value = value.chars().take(MAX_TYPED_CHARS).collect();
            (field.to_owned(), value)
        });
        Self {
            form: form.action.to_owned(),
            error: Invalid {
                field: error.field().map(str::to_owned),
                message: error.to_string(),
            },
            typed: typed.collect(),
        }
    }

    pub fn message(&self) -> &str {
        &self.error.message
    }

    /// What was typed into `field`, if that was kept.
    pub fn typed(&self, field: &str) -> Option<&str> {
        let (_, value) = self.typed.iter().find(|(name, _)| name == field)?;
        Some(value)
    }
}

/// A form as a page shows it: fresh, or with what went wrong when it was last sent.
#[derive(Clone, Debug)]
pub struct FormState {
    form: &'static Form,
    problem: Option<Problem>,
}

impl FormState {
    pub fn action(&self) -> &'static str {
        self.form.action
    }

    /// The form's own field of that name.
    pub(super) fn has_field(&self, name: &str) -> bool {
        self.form.fields.contains(&name)
    }

    /// What was typed into `field` when the form was last sent.
    pub fn typed(&self, field: &str) -> Option<&str> {
        self.problem.as_ref()?.typed(field)
    }

    /// The message next to `field`.
    pub fn message_at(&self, field: &str) -> Option<&str> {
        let problem = self.problem.as_ref()?;
        (problem.error.field.as_deref() == Some(field)).then(|| problem.message())
    }

    /// The message above the form: it belongs to none of the fields.
    pub fn message(&self) -> Option<&str> {
        let problem = self.problem.as_ref()?;
        let at_a_field = matches!(&problem.error.field, Some(field) if self.has_field(field));
        (!at_a_field).then(|| problem.message())
    }
}

fn is_secure() -> bool {
    context::services().config.cookie_is_secure()
}

/// Browsers take the prefix `__Host-` from secure origins only.
fn name(is_secure: bool) -> &'static str {
    if is_secure {
        "__Host-orghub-flash"
    } else {
        "orghub-flash"
    }
}

fn cookie(value: String, is_secure: bool) -> Cookie<'static> {
    Cookie::build((name(is_secure), value))
        .path("/")
        .max_age(LIFETIME)
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(is_secure)
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forms::{CREATE_ORG, SIGN_IN};

    fn problem(error: AppError, name: &str) -> Flash {
        let typed = vec![("name", name.to_owned()), ("slug", "acme".to_owned())];
        Flash::Problem(Problem::new(&CREATE_ORG, &error, typed))
    }

    fn taken() -> AppError {
        AppError::Conflict(Invalid::new("slug", "This slug is taken."))
    }

    /// The flash as a browser sends it back.
    fn sent_back(flash: &Flash) -> Flash {
        let header = flash
            .to_cookie(true)
            .expect("it fits")
            .encoded()
            .stripped()
            .to_string();
        let cookie = Cookie::parse_encoded(header).expect("a cookie");
        assert_eq!(cookie.name(), "__Host-orghub-flash");
        Flash::from_cookie_value(cookie.value())
    }

    #[test]
    fn what_was_typed_is_kept() {
        let flash = sent_back(&problem(taken(), "R&D; \"Søhne\", 50%"));
        let form = flash.state_of(&CREATE_ORG);
        assert_eq!(form.typed("name"), Some("R&D; \"Søhne\", 50%"));
        assert_eq!(form.message_at("slug"), Some("This slug is taken."));
        assert_eq!(form.message_at("name"), None);
        assert_eq!(form.message(), None, "it is said once");
        let other = flash.state_of(&SIGN_IN);
        assert_eq!((other.message(), other.typed("name")), (None, None));
    }

    #[test]
    fn what_belongs_to_no_field_stands_above_the_form() {
        for error in [
            AppError::Conflict(Invalid::form("No.")),
            AppError::Invalid(Invalid::new("member_id", "No.")),
        ] {
            let form = sent_back(&problem(error, "")).state_of(&CREATE_ORG);
            assert_eq!(form.message(), Some("No."));
        }
    }

    #[test]
    fn the_message_arrives_however_much_was_typed() {
        let flash = problem(taken(), &"組".repeat(10_000));
        let kept = sent_back(&flash).state_of(&CREATE_ORG);
        assert_eq!(
            kept.typed("name").map(|name| name.chars().count()),
            Some(MAX_TYPED_CHARS)
        );

        let Flash::Problem(mut problem) = flash else {
            unreachable!("made above");
        };
        problem.typed[0].1 = "組".repeat(1_000);
        let cut = sent_back(&Flash::Problem(problem)).state_of(&CREATE_ORG);
        assert_eq!(cut.typed("name"), None);
        assert_eq!(cut.message_at("slug"), Some("This slug is taken."));
    }

    #[test]
    fn scripts_and_other_hosts_cannot_write_it() {
        let cookie = Flash::Notice("Saved.".to_owned())
            .to_cookie(true)
            .expect("it fits");
        let text = cookie.encoded().to_string();
        for attribute in ["HttpOnly", "SameSite=Lax", "Secure", "Path=/", "Max-Age=60"] {
            assert!(text.contains(attribute), "{attribute} in {text}");
        }
        assert!(!text.contains("Domain"), "{text}");
    }

    #[test]
    fn what_cannot_be_read_says_nothing() {
        for value in ["", "{", "{\"Notice\":1}", "{\"Other\":\"x\"}", "null"] {
            assert_eq!(Flash::from_cookie_value(value), Flash::Nothing, "{value}");
        }
    }

    #[test]
    fn the_whole_form_is_an_empty_field_to_programs() {
        let json = |error| serde_json::to_value(error).expect("it serializes");
        assert_eq!(
            json(AppError::Conflict(Invalid::form("No."))),
            serde_json::json!({ "Conflict": { "field": "", "message": "No." } })
        );
        assert_eq!(
            json(taken()),
            serde_json::json!({ "Conflict": { "field": "slug", "message": "This slug is taken." } })
        );
    }
}

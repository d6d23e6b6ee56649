//! What the answer to a form tells the next page, once.
//!
//! A form is answered with a redirect, so that reloading the page does not send the form
//! again. What there is to say travels in a cookie, one for each form, which lives for a
//! minute and ends with the first look at the page it is for: not with another tab's page,
//! nor with a page that a browser fetched and nobody saw.
//!
//! A cookie and not the address: addresses end up in logs, histories and messages, and
//! anybody could make one that has our page say what they like. The cookie carries its
//! sentences as plain text, which is safe: scripts cannot write it (`HttpOnly`), neither
//! can neighboring hosts (`__Host-`, wherever the site is served over https), and pages
//! show it as text. Whoever edits it in their own browser reads their own words.

use cookie::{Cookie, SameSite};
use orghub_auth::config::Config;
use orghub_domain::Invalid;
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

/// Whether a request brings what a form has left for some page, by its cookies.
pub fn brings_flash(cookies: &str, config: &Config) -> bool {
    cookies.contains(&prefix(config))
}

/// Of the cookies' names.
fn prefix(config: &Config) -> String {
    format!("{}-flash-", config.cookie_name())
}

/// What one form leaves for a page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Left {
    /// The page's path, without its query.
    page: String,
    message: Message,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Message {
    /// A sentence that says what was done.
    Notice(String),
    /// The same, with a link to copy.
    Link {
        notice: String,
        link: String,
    },
    /// Where on another site the page sends the browser on to.
    Onward(String),
    Problem(Problem),
}

/// What the last forms left for this page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flash {
    left: Vec<Left>,
}

impl Flash {
    /// For the page at `address`: what was done.
    pub(super) fn notice_on(address: &str, sentence: String) -> Self {
        Self::on(address, Message::Notice(sentence))
    }

    /// For the page at `address`: what was done, and the link that came of it.
    pub(super) fn link_on(address: &str, notice: String, link: String) -> Self {
        Self::on(address, Message::Link { notice, link })
    }

    /// For the page at `address`: where on another site it goes on.
    pub(super) fn onward_on(address: &str, elsewhere: String) -> Self {
        Self::on(address, Message::Onward(elsewhere))
    }

    /// For the page at `address`: why it was not done.
    pub(super) fn problem_on(address: &str, problem: Problem) -> Self {
        Self::on(address, Message::Problem(problem))
    }

    fn on(address: &str, message: Message) -> Self {
        let page = path_of(address).to_owned();
        Self {
            left: vec![Left { page, message }],
        }
    }

    /// Leaves it in the name of `form`.
    pub(super) fn leave(&self, form: &Form) {
        let slot = Slot::of(form);
        for left in &self.left {
            if let Some(cookie) = slot.cookie_of(left) {
                response::set_cookie(&cookie.encoded());
            }
        }
    }

    /// Takes what was left for this page; it is not there a second time. What is for other
    /// pages stays, and all of it does if nobody will see this one.
    pub fn take() -> Self {
        if !response::is_for_the_eye() {
            return Self::default();
        }
        let address = response::request_path();
        let prefix = Slot::prefix();
        let mut flash = Self::default();
        for (name, value) in response::request_cookies() {
            if !name.starts_with(&prefix) {
                continue;
            }
            // What cannot be read says nothing, and goes.
            let left: Option<Left> = serde_json::from_str(&value).ok();
            if left
                .as_ref()
                .is_some_and(|left| left.page != path_of(&address))
            {
                continue;
            }
            response::set_cookie(&Slot { name }.removal());
            flash.left.extend(left);
        }
        flash
    }

    pub fn notice(&self) -> Option<&str> {
        self.left.iter().find_map(|left| match &left.message {
            Message::Notice(notice) | Message::Link { notice, .. } => Some(notice.as_str()),
            Message::Onward(_) | Message::Problem(_) => None,
        })
    }

    /// Where on another site this page sends the browser on to, this once.
    pub fn onward(&self) -> Option<&str> {
        self.left.iter().find_map(|left| match &left.message {
            Message::Onward(elsewhere) => Some(elsewhere.as_str()),
            _ => None,
        })
    }

    /// A link that is shown this once.
    pub fn link(&self) -> Option<&str> {
        self.left.iter().find_map(|left| match &left.message {
            Message::Link { link, .. } => Some(link.as_str()),
            Message::Notice(_) | Message::Onward(_) | Message::Problem(_) => None,
        })
    }

    /// The problem of one of `forms`, if there is one.
    pub fn problem(&self, forms: &[&Form]) -> Option<&Problem> {
        self.left.iter().find_map(|left| match &left.message {
            Message::Problem(problem) if forms.iter().any(|form| form.action == problem.form) => {
                Some(problem)
            }
            _ => None,
        })
    }

    /// `form` as this page shows it.
    pub fn state_of(&self, form: &'static Form) -> FormState {
        FormState {
            form,
            problem: self.problem(&[form]).cloned(),
        }
    }
}

fn path_of(address: &str) -> &str {
    address.split(['?', '#']).next().unwrap_or_default()
}

/// The cookie of one form.
struct Slot {
    name: String,
}

impl Slot {
    fn of(form: &Form) -> Self {
        Self {
            name: format!("{}{}", Self::prefix(), form.name()),
        }
    }

    fn prefix() -> String {
        prefix(&context::foundation().config)
    }

    /// Leaves out what was typed if there is too much of it. `None`: not even the message
    /// fits; all of ours do.
    fn cookie_of(&self, left: &Left) -> Option<Cookie<'static>> {
        let fitting = |left: &Left| {
            let json = serde_json::to_string(left).expect("strings and enums serialize");
            let cookie = self.cookie(json);
            (cookie.encoded().to_string().len() <= MAX_COOKIE_BYTES).then_some(cookie)
        };
        fitting(left).or_else(|| match &left.message {
            Message::Problem(problem) => fitting(&Left {
                page: left.page.clone(),
                message: Message::Problem(Problem {
                    typed: Vec::new(),
                    ..problem.clone()
                }),
            }),
            Message::Notice(_) | Message::Link { .. } | Message::Onward(_) => None,
        })
    }

    fn removal(&self) -> Cookie<'static> {
        let mut gone = self.cookie(String::new());
        gone.make_removal();
        gone
    }

    /// Browsers take the prefix `__Host-` from secure origins only.
    fn cookie(&self, value: String) -> Cookie<'static> {
        Cookie::build((self.name.clone(), value))
            .path("/")
            .max_age(LIFETIME)
            .http_only(true)
            .same_site(SameSite::Lax)
            .secure(self.name.starts_with("__Host-"))
            .build()
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
    pub(super) fn new(form: &Form, error: &AppError, typed: Vec<(String, String)>) -> Self {
        let typed = typed.into_iter().map(|(field, value)| {
            let value = value.chars().take(MAX_TYPED_CHARS).collect();
            (field, value)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forms::{CREATE_ORG, SIGN_IN};

    fn slot() -> Slot {
        Slot {
            name: "__Host-orghub-flash-create_org".to_owned(),
        }
    }

    fn problem(error: AppError, name: &str) -> Flash {
        let typed = [("name", name), ("slug", "acme")]
            .map(|(field, value)| (field.to_owned(), value.to_owned()))
            .to_vec();
        Flash::problem_on("/orgs/new?x", Problem::new(&CREATE_ORG, &error, typed))
    }

    fn taken() -> AppError {
        AppError::Conflict(Invalid::new("slug", "This slug is taken."))
    }

    /// The flash as a browser sends it back.
    fn sent_back(flash: &Flash) -> Flash {
        let cookie = slot().cookie_of(&flash.left[0]).expect("it fits");
        let header = cookie.encoded().stripped().to_string();
        let cookie = Cookie::parse_encoded(header).expect("a cookie");
        assert_eq!(cookie.name(), slot().name);
        Flash {
            left: vec![serde_json::from_str(cookie.value()).expect("JSON")],
        }
    }

    #[test]
    fn what_was_typed_is_kept() {
        let flash = sent_back(&problem(taken(), "R&D; \"Søhne\", 50%"));
        assert_eq!(flash.left[0].page, "/orgs/new");
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

        let problem = Problem {
            typed: vec![("name".to_owned(), "組".repeat(1_000))],
            ..flash.problem(&[&CREATE_ORG]).expect("a problem").clone()
        };
        let cut = sent_back(&Flash::problem_on("/", problem)).state_of(&CREATE_ORG);
        assert_eq!(cut.typed("name"), None);
        assert_eq!(cut.message_at("slug"), Some("This slug is taken."));
    }

    #[test]
    fn scripts_and_other_hosts_cannot_write_it() {
        let text = slot().cookie("x".to_owned()).to_string();
        for attribute in ["HttpOnly", "SameSite=Lax", "Secure", "Path=/", "Max-Age=60"] {
            assert!(text.contains(attribute), "{attribute} in {text}");
        }
        assert!(!text.contains("Domain"), "{text}");
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

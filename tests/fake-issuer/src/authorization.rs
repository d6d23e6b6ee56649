//! Authorization requests: what a browser brings, and what it takes back.

use std::collections::HashMap;

use crate::{Fault, Person, Shared, keys::random_text};

/// How long a code can be exchanged, in seconds.
const CODE_LIFETIME: u64 = 60;

/// How long ago everybody has proved who they are, unless they are asked to do it now.
pub(crate) const LAST_LOGIN: u64 = 3_600;

/// What was clicked on the page.
#[derive(Clone, Copy, Debug)]
pub enum Choice<'a> {
    /// Be the person with this subject.
    Be(&'a str),
    Deny,
}

/// What a code stands for.
#[derive(Clone, Debug)]
pub(crate) struct Grant {
    pub(crate) person: Person,
    pub(crate) nonce: String,
    pub(crate) challenge: String,
    pub(crate) redirect_uri: String,
    pub(crate) login_at: u64,
    expires_at: u64,
}

impl Grant {
    pub(crate) fn is_expired(&self, now: u64) -> bool {
        now >= self.expires_at
    }
}

/// A request that is one.
pub(crate) struct AuthorizationRequest(HashMap<String, String>);

impl AuthorizationRequest {
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn parse(shared: &Shared, query: &str) -> Result<Self, String> {
        let pairs: Vec<(String, String)> =
            serde_urlencoded::from_str(query).map_err(|error| error.to_string())?;
        let count = pairs.len();
        let request = Self(pairs.into_iter().collect());
        if request.0.len() != count {
            return Err("a parameter comes twice".to_owned());
        }
        let config = &shared.config;
        for (name, expected) in [
            ("response_type", "code"),
            ("client_id", config.client_id.as_str()),
            ("redirect_uri", config.redirect_uri.as_str()),
            ("code_challenge_method", "S256"),
        ] {
            let given = request.get(name);
            if given != expected {
                return Err(format!("{name} is {given:?} instead of {expected:?}"));
            }
        }
        for (name, shortest) in [("state", 16), ("nonce", 16), ("code_challenge", 43)] {
            if request.get(name).len() < shortest {
                return Err(format!("{name} is missing, or could be guessed"));
            }
        }
        let scopes: Vec<&str> = request.get("scope").split(' ').collect();
        for scope in ["openid", "email"] {
            if !scopes.contains(&scope) {
                return Err(format!("the scope {scope} is missing"));
            }
        }
        Ok(request)
    }

    fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    fn asks_anew(&self) -> bool {
        self.get("prompt") == "login"
    }
}

/// The address to go back to after `choice`.
///
/// # Errors
/// Why `query` is no request.
pub(crate) fn answer(shared: &Shared, query: &str, choice: Choice<'_>) -> Result<String, String> {
    let request = AuthorizationRequest::parse(shared, query)?;
    let mut state = shared.state();
    let issuer = match state.fault {
        Some(Fault::OtherIssuerParameter) => "https://other.test".to_owned(),
        _ => shared.issuer(),
    };
    let mut back = vec![("state", request.get("state").to_owned()), ("iss", issuer)];
    match choice {
        Choice::Deny => {
            back.push(("error", "access_denied".to_owned()));
            back.push(("error_description", "<b>They said no.</b>".to_owned()));
        }
        Choice::Be(subject) => {
            let person = state.people.iter().find(|person| person.subject == subject);
            let person = person
                .ok_or_else(|| format!("there is no {subject}"))?
                .clone();
            let now = state.now();
            let login_at = if request.asks_anew() {
                now
            } else {
                now - LAST_LOGIN
            };
            let grant = Grant {
                person,
                nonce: request.get("nonce").to_owned(),
                challenge: request.get("code_challenge").to_owned(),
                redirect_uri: request.get("redirect_uri").to_owned(),
                login_at,
                expires_at: now + CODE_LIFETIME,
            };
            let code = random_text();
            state.grants.insert(code.clone(), grant);
            back.push(("code", code));
        }
    }
    let query = serde_urlencoded::to_string(back).map_err(|error| error.to_string())?;
    Ok(format!("{}?{query}", request.get("redirect_uri")))
}

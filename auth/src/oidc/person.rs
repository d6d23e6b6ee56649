use openidconnect::{ClientId, core::CoreIdTokenClaims};
use time::OffsetDateTime;

use crate::domain::{Email, UserName};

/// Whom a provider's verified token is about.
pub(super) struct Person {
    /// With the subject, who it is.
    pub(super) issuer: String,
    pub(super) subject: String,
    /// Only if the provider has verified that it is theirs.
    pub(super) email: Option<Email>,
    /// As it was sent.
    claimed_name: String,
    /// When they last proved to the provider who they are, if it says so.
    pub(super) proved_at: Option<OffsetDateTime>,
}

/// In bytes; what OpenID Connect allows.
const MAX_SUBJECT: usize = 255;

impl Person {
    /// What is wrong with the claims beyond what was verified.
    pub(super) fn from_claims(
        issuer: &str,
        claims: &CoreIdTokenClaims,
        client_id: &ClientId,
    ) -> Result<Self, &'static str> {
        // The crate leaves this one to us: a token made for another client of the same
        // provider, in which we are only an audience.
        if claims
            .authorized_party()
            .is_some_and(|party| party != client_id)
        {
            return Err("it was issued to another client");
        }
        let subject = claims.subject().as_str();
        let is_subject =
            (1..=MAX_SUBJECT).contains(&subject.len()) && !subject.chars().any(char::is_control);
        if !is_subject {
            return Err("its subject is none");
        }
        let is_verified = claims.email_verified() == Some(true);
        let email = claims.email().filter(|_| is_verified);
        let name = claims.name().and_then(|name| name.get(None));
        let proved_at = claims.auth_time();
        Ok(Self {
            issuer: issuer.to_owned(),
            subject: subject.to_owned(),
            email: email.and_then(|email| Email::parse(email).ok()),
            claimed_name: name.map(|name| name.to_string()).unwrap_or_default(),
            proved_at: proved_at
                .and_then(|at| OffsetDateTime::from_unix_timestamp(at.timestamp()).ok()),
        })
    }

    /// What a new account of theirs is called.
    pub(super) fn name(&self, email: &Email) -> UserName {
        UserName::by_provider(&self.claimed_name, email)
    }
}

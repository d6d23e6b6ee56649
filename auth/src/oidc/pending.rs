//! What a browser is in the middle of, kept in its session.

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sha2::{Digest as _, Sha256};
use time::{Duration, OffsetDateTime};
use tower_sessions::{Expiry, Session};

use super::{person::Person, provider::Question};
use crate::{
    SignedIn,
    domain::{Email, ProviderName, UserId},
    error::Result,
    sessions::store_error,
};

/// How long somebody may take at the provider, or to type a password.
pub(super) const TIME_LIMIT: Duration = Duration::minutes(10);

/// Somebody who was sent to a provider. Has secrets, and so no `Debug`.
#[derive(Serialize, Deserialize)]
pub(super) struct PendingReturn {
    provider: ProviderName,
    pub(super) purpose: Purpose,
    /// Where they were sent.
    pub(super) address: String,
    state: String,
    pub(super) nonce: String,
    pub(super) verifier: String,
    /// Where they go on afterwards, a path of ours.
    pub(super) next: String,
    until: OffsetDateTime,
}

/// What they want there.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Purpose {
    SignIn,
    /// Connect it with this account.
    Connect(UserId),
    /// Prove again that they are this user.
    Confirm(UserId),
}

impl PendingReturn {
    const KEY: &str = "oidc_return";

    pub(super) fn new(
        provider: &ProviderName,
        purpose: Purpose,
        question: Question,
        next: &str,
        now: OffsetDateTime,
    ) -> Self {
        Self {
            provider: provider.clone(),
            purpose,
            address: question.address,
            state: question.state,
            nonce: question.nonce,
            verifier: question.verifier,
            next: next.to_owned(),
            until: now + TIME_LIMIT,
        }
    }

    /// What this browser was sent to `provider` with, if it is still waited for.
    pub(super) async fn find(
        session: &Session,
        provider: &ProviderName,
        now: OffsetDateTime,
    ) -> Result<Option<Self>> {
        let found: Option<Self> = find(session, Self::KEY).await?;
        Ok(found.filter(|pending| pending.provider == *provider && now < pending.until))
    }

    pub(super) fn has_state(&self, state: &str) -> bool {
        // Of hashes, so that how long it takes tells nothing of the state.
        Sha256::digest(&self.state) == Sha256::digest(state)
    }

    pub(super) async fn keep(&self, session: &Session, user: Option<&SignedIn>) -> Result<()> {
        keep(session, Self::KEY, self, user, self.until).await
    }

    /// Ends it for good before anything is done with it: once this returns, no request of
    /// this browser finds it.
    pub(super) async fn end(session: &Session, user: Option<&SignedIn>) -> Result<()> {
        session.remove_value(Self::KEY).await.map_err(store_error)?;
        if user.is_some() {
            return session.save().await.map_err(store_error);
        }
        // Deletes what is stored. (`flush` does, too, and then makes a session of the same
        // id if something is kept.)
        session.cycle_id().await.map_err(store_error)
    }
}

/// Somebody who came back with the address of an account that does not know them.
#[derive(Serialize, Deserialize)]
pub(super) struct PendingConnection {
    provider: ProviderName,
    pub(super) issuer: String,
    pub(super) subject: String,
    pub(super) email: Email,
    pub(super) next: String,
    until: OffsetDateTime,
}

impl PendingConnection {
    const KEY: &str = "oidc_connection";

    pub(super) fn new(
        provider: &ProviderName,
        person: Person,
        email: Email,
        next: String,
        now: OffsetDateTime,
    ) -> Self {
        Self {
            provider: provider.clone(),
            issuer: person.issuer,
            subject: person.subject,
            email,
            next,
            until: now + TIME_LIMIT,
        }
    }

    pub(super) async fn find(
        session: &Session,
        provider: &ProviderName,
        now: OffsetDateTime,
    ) -> Result<Option<Self>> {
        let found: Option<Self> = find(session, Self::KEY).await?;
        Ok(found.filter(|pending| pending.provider == *provider && now < pending.until))
    }

    pub(super) async fn keep(&self, session: &Session, user: Option<&SignedIn>) -> Result<()> {
        keep(session, Self::KEY, self, user, self.until).await
    }
}

/// What cannot be read any more, because another version of the program wrote it, is not
/// there.
async fn find<T: DeserializeOwned>(session: &Session, key: &str) -> Result<Option<T>> {
    let value = session.get_value(key).await.map_err(store_error)?;
    Ok(value.and_then(|value| serde_json::from_value(value).ok()))
}

/// A visitor's session lives no longer than what it is for. A user's is left as it is: a new
/// id would make it look as if they had just signed in.
async fn keep(
    session: &Session,
    key: &str,
    value: impl Serialize,
    user: Option<&SignedIn>,
    until: OffsetDateTime,
) -> Result<()> {
    if user.is_none() {
        if session.id().is_some() {
            session.cycle_id().await.map_err(store_error)?;
        }
        session.set_expiry(Some(Expiry::AtDateTime(until)));
    }
    session.insert(key, value).await.map_err(store_error)
}

//! Who somebody is elsewhere, and signing in by that.

use std::fmt;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::{Email, IdentityId};

/// What an operator calls a provider of sign-in: 1 to 32 lower-case letters and digits. It is
/// part of addresses and of the names of settings.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ProviderName(String);

impl ProviderName {
    /// In characters.
    const MAX_LENGTH: usize = 32;

    /// `None`: no provider can be called this.
    pub fn parse(text: &str) -> Option<Self> {
        let is_name = (1..=Self::MAX_LENGTH).contains(&text.len())
            && text
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
        is_name.then(|| Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ProviderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A provider of sign-in, as pages offer it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provider {
    pub name: ProviderName,
    /// What people call it.
    pub label: String,
}

/// Who a user is at a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    pub id: IdentityId,
    /// The address of the provider, as its tokens have it.
    pub issuer: String,
    /// What the provider called their address when it was connected; it identifies nobody.
    pub email: Email,
    pub last_used_at: OffsetDateTime,
}

/// An identity, as its user sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectedProvider {
    pub id: IdentityId,
    /// `None`: the operator has taken it away, and nobody signs in with it any more.
    pub provider: Option<Provider>,
    /// What to call it: its label, or its address.
    pub label: String,
    pub email: Email,
    pub last_used_at: OffsetDateTime,
}

/// The providers that a user can sign in with, and those they could connect.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserProviders {
    pub connected: Vec<ConnectedProvider>,
    pub others: Vec<Provider>,
}

/// Why a provider lets nobody in, by what they can do about it. The sentences are all that
/// is told: nothing that came from outside is in them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum ProviderProblem {
    /// They said no there.
    #[error(
        "You did not agree at the provider, so nothing was done. Try again, or use another way."
    )]
    Declined,
    /// This browser did not begin it, or began it too long ago, or has finished it.
    #[error(
        "This was not begun in this browser, or more than ten minutes ago, or it is done \
         already. Begin again."
    )]
    NotBegun,
    /// The provider does not vouch for an address.
    #[error(
        "The provider has not verified your e-mail address, so we cannot rely on it. Verify \
         it there, then try again."
    )]
    NotVerified,
    /// What came back proves nothing, or the account may not be used. It does not say which.
    #[error("This did not work. Try again, or use another way.")]
    NotProved,
    /// They came back as somebody who is connected with another account of ours.
    #[error("That account is connected with another Orghub account. Disconnect it there first.")]
    OfAnother,
    /// They have connected another account at the same provider.
    #[error(
        "Your Orghub account is connected with another account at this provider. Disconnect \
         that one first."
    )]
    HasAnother,
    /// They came back as somebody whom they did not connect.
    #[error("That is not the account that you connected. Try again with the one that is.")]
    NotConnected,
    /// The provider let them through without asking who they are.
    #[error(
        "The provider did not ask who you are, so this proves nothing. Use another way, or \
         sign out and in again."
    )]
    NotFresh,
    /// The provider does not answer, or not as it should.
    #[error("The provider does not answer right now. Use another way, or try again in a minute.")]
    Away,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fit_into_addresses_and_settings() {
        for name in ["acme", "a", "0", "globex2", &"a".repeat(32)] {
            assert!(ProviderName::parse(name).is_some(), "{name}");
        }
        for name in ["", "Acme", "a-b", "a_b", "a/b", "..", "é", &"a".repeat(33)] {
            assert!(ProviderName::parse(name).is_none(), "{name}");
        }
    }
}

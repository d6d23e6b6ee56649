use std::fmt;

use crate::{
    ClientInfo, SignedIn,
    error::{Error, Result},
};

/// Proof that a user is a platform admin and signed in with a second factor set up, made on
/// this request. Like [`SignedIn`] it cannot be stored, and nobody else can make one:
///
/// ```compile_fail,E0451
/// # use orghub_auth::{PlatformAdmin, SignedIn};
/// fn pretend(signed_in: SignedIn) -> PlatformAdmin {
///     PlatformAdmin { signed_in, address: None }
/// }
/// ```
#[derive(Clone)]
pub struct PlatformAdmin {
    signed_in: SignedIn,
    /// The network address the request came from.
    address: Option<String>,
}

impl PlatformAdmin {
    /// Enough for reading; a write asks the database again.
    ///
    /// # Errors
    /// [`Error::NotFound`] for everybody else, who may not know that there is something;
    /// [`Error::SecondFactorFirst`] for a platform admin whose password alone would do.
    pub fn admit(user: &SignedIn, client: &ClientInfo) -> Result<Self> {
        if !user.platform_admin {
            return Err(Error::NotFound);
        }
        if !user.has_second_factor {
            return Err(Error::SecondFactorFirst);
        }
        Ok(Self {
            signed_in: user.clone(),
            address: client.address.map(|address| address.to_string()),
        })
    }

    /// The user with the session they came with.
    pub fn signed_in(&self) -> &SignedIn {
        &self.signed_in
    }

    /// Where the request came from, for the platform's log.
    pub fn address(&self) -> Option<&str> {
        self.address.as_deref()
    }
}

impl fmt::Debug for PlatformAdmin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PlatformAdmin")
            .field(&self.signed_in)
            .finish()
    }
}

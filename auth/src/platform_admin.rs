use std::fmt;

use crate::{
    SignedIn,
    error::{Error, Result},
};

/// Proof that a user is a platform admin and signed in with a second factor set up, made on
/// this request. Like [`SignedIn`] it cannot be stored, and nobody else can make one:
///
/// ```compile_fail,E0423
/// # use orghub_auth::{PlatformAdmin, SignedIn};
/// fn pretend(signed_in: SignedIn) -> PlatformAdmin {
///     PlatformAdmin(signed_in)
/// }
/// ```
#[derive(Clone)]
pub struct PlatformAdmin(SignedIn);

impl PlatformAdmin {
    /// Enough for reading; a write asks the database again.
    ///
    /// # Errors
    /// [`Error::NotFound`] for everybody else, who may not know that there is something;
    /// [`Error::SecondFactorFirst`] for a platform admin whose password alone would do.
    pub fn admit(user: &SignedIn) -> Result<Self> {
        if !user.platform_admin {
            return Err(Error::NotFound);
        }
        if !user.has_second_factor {
            return Err(Error::SecondFactorFirst);
        }
        Ok(Self(user.clone()))
    }

    /// The user with the session they came with.
    pub fn signed_in(&self) -> &SignedIn {
        &self.0
    }
}

impl fmt::Debug for PlatformAdmin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PlatformAdmin").field(&self.0).finish()
    }
}

//! Who makes a request, and the session that says so.

use std::{fmt, net::IpAddr, ops::Deref};

use time::{Duration, OffsetDateTime};

use crate::{
    boxed,
    db::{self, Tx, sessions::HeldSession},
    domain::CurrentUser,
    error::{Error, Result},
};

/// How long a proof of who somebody is stays fresh.
pub(super) const FRESH: Duration = Duration::minutes(10);

/// A user and the live session they came with, found on this request.
///
/// It usually comes from the cache, which is enough to show pages. A write does not believe
/// it: see `hold`. Only [`super::Sessions`] makes one, and it cannot be stored:
///
/// ```compile_fail,E0277
/// # use orghub_auth::SignedIn;
/// fn keep(user: &SignedIn) -> impl serde::Serialize {
///     user
/// }
/// ```
///
/// ```compile_fail,E0451
/// # use orghub_auth::SignedIn; use orghub_domain::CurrentUser;
/// fn pretend(user: CurrentUser, longest: time::Duration) -> SignedIn {
///     SignedIn { user, session: [0; 32], longest, address: None }
/// }
/// ```
#[derive(Clone)]
pub struct SignedIn {
    user: CurrentUser,
    /// SHA-256 of the session's id. It is the key the session was looked up with, and never
    /// a part of what was found there.
    session: [u8; 32],
    /// How long the session lives at most.
    longest: Duration,
    /// Where the request came from, for the audit log.
    address: Option<IpAddr>,
}

impl SignedIn {
    pub(super) fn new(user: CurrentUser, session: [u8; 32], longest: Duration) -> Self {
        Self {
            user,
            session,
            longest,
            address: None,
        }
    }

    /// The same user, whose request came from this address.
    #[must_use]
    pub fn coming_from(self, address: Option<IpAddr>) -> Self {
        Self { address, ..self }
    }

    /// As if the session whose id has this hash had been found to be the user's.
    #[cfg(feature = "test-hooks")]
    pub fn claimed(user: CurrentUser, session: [u8; 32]) -> Self {
        Self::new(user, session, Duration::days(90))
    }

    /// Where the request came from.
    pub fn address(&self) -> Option<IpAddr> {
        self.address
    }

    pub fn user(&self) -> &CurrentUser {
        &self.user
    }

    /// Asks the database whether the session is there, live and this user's, and keeps it
    /// and the user from ending before the transaction does. Every write of a user begins
    /// with it. Returns the name the user has now.
    ///
    /// # Errors
    /// [`Error::SignedOut`] if not, whatever the cache said.
    #[boxed]
    pub async fn hold(&self, tx: &mut Tx, now: OffsetDateTime) -> Result<String> {
        Ok(self.find_held(tx, now).await?.user_name)
    }

    /// The same for what somebody at an unlocked screen must not do: it also asks for a
    /// proof of the last ten minutes.
    ///
    /// # Errors
    /// [`Error::ConfirmFirst`] if the last one is older; as [`Self::hold`].
    #[boxed]
    pub async fn hold_confirmed(&self, tx: &mut Tx, now: OffsetDateTime) -> Result<String> {
        let held = self.find_held(tx, now).await?;
        is_fresh(&held, now)?;
        Ok(held.user_name)
    }

    /// The same for what takes somebody whose address is known to be theirs.
    ///
    /// # Errors
    /// [`Error::VerifyFirst`]; as [`Self::hold`].
    #[boxed]
    pub async fn hold_verified(&self, tx: &mut Tx, now: OffsetDateTime) -> Result<String> {
        let held = self.find_held(tx, now).await?;
        if !held.email_verified {
            return Err(Error::VerifyFirst);
        }
        Ok(held.user_name)
    }

    /// The same for what only a platform admin with a second factor may do.
    ///
    /// # Errors
    /// [`Error::NotFound`] for everybody else, who may not know of it;
    /// [`Error::SecondFactorFirst`]; as [`Self::hold_confirmed`].
    #[boxed]
    pub async fn hold_platform_admin(&self, tx: &mut Tx, now: OffsetDateTime) -> Result<String> {
        let held = self.find_held(tx, now).await?;
        if !held.platform_admin {
            return Err(Error::NotFound);
        }
        if !held.has_second_factor {
            return Err(Error::SecondFactorFirst);
        }
        is_fresh(&held, now)?;
        Ok(held.user_name)
    }

    async fn find_held(&self, tx: &mut Tx, now: OffsetDateTime) -> Result<HeldSession> {
        tx.asked_from(self.address);
        db::sessions::hold(tx, &self.session, self.user.id, now, now - self.longest)
            .await?
            .ok_or(Error::SignedOut)
    }

    /// How long the session lives at most.
    pub(super) fn longest(&self) -> Duration {
        self.longest
    }

    /// SHA-256 of the session's id.
    pub fn session(&self) -> &[u8; 32] {
        &self.session
    }
}

fn is_fresh(held: &HeldSession, now: OffsetDateTime) -> Result<()> {
    if now - held.confirmed_at > FRESH {
        return Err(Error::ConfirmFirst);
    }
    Ok(())
}

impl Deref for SignedIn {
    type Target = CurrentUser;

    fn deref(&self) -> &CurrentUser {
        &self.user
    }
}

impl fmt::Debug for SignedIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SignedIn").field(&self.user).finish()
    }
}

//! Hashing and verifying passwords.

use std::{
    sync::{Arc, LazyLock},
    thread,
    time::Duration,
};

use argon2::{
    Algorithm, Argon2, Params, PasswordHash, PasswordHasher, PasswordVerifier, Version,
    password_hash::{SaltString, rand_core::OsRng},
};
use tokio::sync::Semaphore;

use crate::error::{Error, Result};

/// Argon2id as the OWASP password storage cheat sheet asks for: 19 MiB, two
/// passes, one lane. About 20 ms a password on a server.
fn argon2() -> Argon2<'static> {
    let params = Params::new(19 * 1024, 2, 1, None).expect("these are within argon2's bounds");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

/// Hashes a new password into a PHC string. Slow on purpose: not for a thread that
/// serves requests.
pub fn hash_password(password: &str) -> String {
    let salt = SaltString::generate(&mut OsRng);
    let hash = argon2().hash_password(password.as_bytes(), &salt);
    hash.expect("argon2 hashes any text of less than 4 GB with a salt of its own making")
        .to_string()
}

/// Verified in place of the hash of an account that does not exist.
static NOBODY: LazyLock<String> = LazyLock::new(|| hash_password("nobody has this password"));

/// How long a sign-in waits for a slot before it is told to come back.
const QUEUE_TIME: Duration = Duration::from_secs(5);

/// Verifies passwords, a bounded number at a time: each takes a core and 19 MiB.
#[derive(Clone)]
pub(super) struct Passwords {
    slots: Arc<Semaphore>,
}

impl Passwords {
    /// In bytes; longer passwords are wrong.
    const MAX_LENGTH: usize = 1024;

    pub(super) fn new() -> Self {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        Self {
            slots: Arc::new(Semaphore::new(cores)),
        }
    }

    /// Whether the password belongs to the hash. Without a hash it does not, after the
    /// same work, so that the time does not tell whether there is one.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when too many are waiting.
    pub(super) async fn verify(&self, password: String, hash: Option<String>) -> Result<bool> {
        let slot = tokio::time::timeout(QUEUE_TIME, Arc::clone(&self.slots).acquire_owned())
            .await
            .map_err(|waited| Error::unavailable("sign-in", waited))?
            .map_err(Error::internal)?;
        let verified = tokio::task::spawn_blocking(move || {
            // Held here, not by the request, which may be canceled before the work is done.
            let _slot = slot;
            // Made before anything else, or the first unknown account would take twice as long.
            let nobody = NOBODY.as_str();
            let stored = PasswordHash::new(hash.as_deref().unwrap_or(nobody));
            let known = hash.is_some() && password.len() <= Self::MAX_LENGTH;
            let tried = password.get(..Self::MAX_LENGTH).unwrap_or(&password);
            stored.is_ok_and(|stored| argon2().verify_password(tried.as_bytes(), &stored).is_ok())
                && known
        });
        verified.await.map_err(Error::internal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_opens_its_own_hash_only() {
        let hash = hash_password("correct horse");
        let passwords = Passwords::new();
        let verify = |password: &str, hash: &Option<String>| {
            passwords.verify(password.to_owned(), hash.clone())
        };
        let stored = Some(hash);
        assert!(verify("correct horse", &stored).await.expect("an answer"));
        assert!(!verify("battery staple", &stored).await.expect("an answer"));
        assert!(
            !verify("nobody has this password", &None)
                .await
                .expect("an answer")
        );
        assert!(
            !verify(&"x".repeat(5_000), &stored)
                .await
                .expect("an answer")
        );
    }

    #[test]
    fn the_same_password_never_has_the_same_hash() {
        assert_ne!(
            hash_password("correct horse"),
            hash_password("correct horse")
        );
    }
}

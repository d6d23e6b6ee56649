//! Hashing and verifying passwords.
//!
//! Each takes a core for some hundredths of a second and tens of megabytes, on purpose. So
//! it is done on a few threads of its own (`pool`), which give way to the threads that
//! answer pages; and those who find the queue full hear so at once. Memory is bounded: as
//! many threads as cores, each with the memory of one hash.

mod hashing;
mod pool;

use std::sync::Arc;

use hashing::Hasher;
use pool::{Place, Pool};

use crate::{
    config::PasswordCost,
    domain::{NewPassword, password::composed},
    error::Result,
};

/// Hashes a password into a PHC string, at the usual cost. Slow on purpose: not for a thread
/// that serves requests.
pub fn hash_password(password: &str) -> String {
    Hasher::new(PasswordCost::default()).hash(&composed(password))
}

/// Hashes and verifies passwords, a bounded number at a time. Clones share the threads.
#[derive(Clone)]
pub(super) struct Passwords {
    pool: Arc<Pool>,
    cost: PasswordCost,
}

impl Passwords {
    /// # Errors
    /// [`crate::error::Error::Internal`] if the system has no threads left.
    pub(super) fn start(cost: PasswordCost) -> Result<Self> {
        Ok(Self {
            pool: Arc::new(Pool::start(cost)?),
            cost,
        })
    }

    /// A place in the queue, taken before anything else is done: whoever finds it full costs
    /// neither a connection to the database nor one of their attempts.
    ///
    /// # Errors
    /// [`crate::error::Error::Busy`].
    pub(super) fn queue_up(&self) -> Result<Place> {
        self.pool.queue_up()
    }

    /// See [`Place::hash`].
    pub(super) async fn hash(&self, password: NewPassword) -> Result<String> {
        self.queue_up()?.hash(password).await
    }

    /// See [`Place::verify`].
    pub(super) async fn verify(&self, password: String, hash: Option<String>) -> Result<bool> {
        self.queue_up()?.verify(password, hash).await
    }

    /// A hash at today's cost in place of `hash`, which was made at a lower one, of the same
    /// password. `None`: it is good as it is, or others are waiting and it can wait, too.
    pub(super) async fn renew(&self, password: &str, hash: &str) -> Option<String> {
        if !hashing::is_outdated(hash, self.cost) || self.pool.has_a_queue() {
            return None;
        }
        let password = composed(password);
        let hash = move |hasher: &mut Hasher| hasher.hash(&password);
        self.queue_up().ok()?.run(hash).await.ok()
    }
}

impl Place {
    /// The hash of a new password, as a PHC string.
    ///
    /// # Errors
    /// [`crate::error::Error::Busy`] when the queue does not move.
    pub(super) async fn hash(self, password: NewPassword) -> Result<String> {
        let hash = move |hasher: &mut Hasher| hasher.hash(password.expose());
        self.run(hash).await
    }

    /// Whether the password, as it was typed, belongs to the hash. Without a hash it does
    /// not, after the same work, so that the time does not tell whether there is one. For
    /// whoever hangs up before it begins, nothing is worked.
    ///
    /// # Errors
    /// As [`Self::hash`]: then no guess was made.
    pub(super) async fn verify(self, password: String, hash: Option<String>) -> Result<bool> {
        let verify = move |hasher: &mut Hasher| {
            let password = composed(&password);
            hasher.verify(&password, hash.as_deref())
        };
        self.run(verify).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Email;

    const CHEAP: PasswordCost = PasswordCost {
        memory_kib: 64,
        passes: 1,
    };

    fn passwords(cost: PasswordCost) -> Passwords {
        Passwords::start(cost).expect("threads")
    }

    fn new_password(text: &str) -> NewPassword {
        let email = Email::parse("ada@users.test").expect("an address");
        NewPassword::parse(text, &email, "Ada").expect("a password")
    }

    #[tokio::test]
    async fn a_password_opens_its_own_hash_only() {
        let passwords = passwords(CHEAP);
        let hash = passwords.hash(new_password("correct horse")).await;
        let stored = Some(hash.expect("an answer"));
        let verify = async |password: &str, hash: &Option<String>| {
            let verified = passwords.verify(password.to_owned(), hash.clone()).await;
            verified.expect("an answer")
        };
        assert!(verify("correct horse", &stored).await);
        assert!(!verify("battery staple", &stored).await);
        assert!(!verify("correct horse", &None).await);
        assert!(!verify(&"x".repeat(5_000), &stored).await);
        for broken in [
            "",
            "x",
            "$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHQ",
            "$2b$12$x",
        ] {
            assert!(!verify("", &Some(broken.to_owned())).await, "{broken}");
        }
    }

    #[tokio::test]
    async fn what_looks_the_same_opens_the_same_hash() {
        let passwords = passwords(CHEAP);
        let hash = passwords.hash(new_password("caf\u{e9} creme br\u{fb}l\u{e9}e"));
        let hash = hash.await.expect("an answer");
        let typed = "cafe\u{301} creme bru\u{302}le\u{301}e";
        let opens = passwords.verify(typed.to_owned(), Some(hash)).await;
        assert!(opens.expect("an answer"));
    }

    #[tokio::test]
    async fn hashes_are_renewed_when_the_cost_has_risen_and_only_then() {
        let (cheap, dear) = (
            passwords(CHEAP),
            passwords(PasswordCost {
                memory_kib: 128,
                passes: 1,
            }),
        );
        let hash = cheap.hash(new_password("correct horse")).await;
        let hash = hash.expect("an answer");
        assert_eq!(cheap.renew("correct horse", &hash).await, None);
        let renewed = dear.renew("correct horse", &hash).await.expect("it rose");
        assert!(renewed.contains("m=128,t=1,p=1"), "{renewed}");
        for node in [&cheap, &dear] {
            assert_eq!(node.renew("correct horse", &renewed).await, None);
            let opens = node.verify("correct horse".to_owned(), Some(renewed.clone()));
            assert!(opens.await.expect("an answer"));
        }
    }
}

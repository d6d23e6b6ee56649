//! Sealing what must be read again, and must not be read from a copy of the database.

use std::fmt;

use chacha20poly1305::{
    KeyInit as _, XChaCha20Poly1305, XNonce,
    aead::{Aead as _, Payload},
};
use sha2::{Digest as _, Sha256};

use crate::{
    config::FactorKeys,
    domain::UserId,
    error::{Error, Result},
};

const NONCE_BYTES: usize = 24;

/// What a sealed text is for. One that was moved to another place does not open there.
#[derive(Clone, Copy)]
pub(super) enum Use {
    Totp,
    RecoveryCodes,
}

/// Seals and opens with the keys of `FACTOR_KEYS`: XChaCha20-Poly1305 under a random nonce,
/// which stands in front.
#[derive(Clone)]
pub(super) struct Seal {
    /// The first seals, all open.
    keys: Vec<XChaCha20Poly1305>,
}

/// A text that was opened.
pub(super) struct Opened {
    pub(super) text: Vec<u8>,
    /// Whether it should be sealed again, because its key is being given up.
    pub(super) is_old: bool,
}

impl Seal {
    pub(super) fn new(keys: &FactorKeys) -> Self {
        // The settings are texts of any length, the cipher takes 32 bytes.
        let key =
            |text: &[u8]| XChaCha20Poly1305::new(&<[u8; 32]>::from(Sha256::digest(text)).into());
        Self {
            keys: keys.bytes().map(key).collect(),
        }
    }

    /// Seals `text` of `user`.
    pub(super) fn seal(&self, user: UserId, purpose: Use, text: &[u8]) -> Vec<u8> {
        let key = self.keys.first().expect("there is a key to seal with");
        let nonce: [u8; NONCE_BYTES] = rand::random();
        let payload = Payload {
            msg: text,
            aad: &place(user, purpose),
        };
        let sealed = key.encrypt(&XNonce::from(nonce), payload);
        let sealed = sealed.expect("it takes any text of less than 256 GB");
        [nonce.as_slice(), &sealed].concat()
    }

    /// # Errors
    /// [`Error::Internal`] if none of the keys sealed it for this user and use.
    pub(super) fn open(&self, user: UserId, purpose: Use, sealed: &[u8]) -> Result<Opened> {
        let cannot = || Error::internal("no key of FACTOR_KEYS opens what was sealed");
        let (nonce, text) = sealed.split_first_chunk().ok_or_else(cannot)?;
        let nonce = XNonce::from(*nonce);
        let aad = place(user, purpose);
        let open = |key: &XChaCha20Poly1305| {
            let payload = Payload {
                msg: text,
                aad: &aad,
            };
            key.decrypt(&nonce, payload).ok()
        };
        let opened = self.keys.iter().map(open).enumerate();
        let (index, text) = opened
            .filter_map(|(index, text)| Some((index, text?)))
            .next()
            .ok_or_else(cannot)?;
        Ok(Opened {
            text,
            is_old: index > 0,
        })
    }
}

impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seal")
    }
}

fn place(user: UserId, purpose: Use) -> Vec<u8> {
    let purpose = match purpose {
        Use::Totp => b't',
        Use::RecoveryCodes => b'r',
    };
    [user.0.as_bytes().as_slice(), &[purpose]].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "the old key of more than thirty-two characters";
    const NEW: &str = "the new key of more than thirty-two characters";

    fn seal(keys: &str) -> Seal {
        Seal::new(&FactorKeys::parse(keys).expect("keys"))
    }

    #[test]
    fn what_is_sealed_opens_for_its_owner_and_its_use_only() {
        let (ada, bob) = (UserId::new(), UserId::new());
        let seal = seal(NEW);
        let sealed = seal.seal(ada, Use::Totp, b"a secret");
        let opened = seal.open(ada, Use::Totp, &sealed).expect("it opens");
        assert_eq!(opened.text, b"a secret");
        assert!(!opened.is_old);
        assert!(!sealed.windows(8).any(|part| part == b"a secret"));
        assert_ne!(sealed, seal.seal(ada, Use::Totp, b"a secret"));

        assert!(seal.open(bob, Use::Totp, &sealed).is_err());
        assert!(seal.open(ada, Use::RecoveryCodes, &sealed).is_err());
        for cut in 0..sealed.len() {
            assert!(seal.open(ada, Use::Totp, &sealed[..cut]).is_err(), "{cut}");
        }
        let mut changed = sealed;
        changed[30] ^= 1;
        assert!(seal.open(ada, Use::Totp, &changed).is_err());
    }

    #[test]
    fn an_old_key_opens_until_it_is_taken_away() {
        let ada = UserId::new();
        let sealed = seal(OLD).seal(ada, Use::Totp, b"a secret");
        let both = seal(&format!("{NEW},{OLD}"));
        let opened = both.open(ada, Use::Totp, &sealed).expect("it opens");
        assert!(opened.is_old && opened.text == b"a secret");
        assert!(seal(NEW).open(ada, Use::Totp, &sealed).is_err());
    }
}

//! The signature of every value in Redis, and of every copy that a browser keeps: a message
//! authentication code (HMAC) that only the nodes can make. So what somebody else wrote there,
//! or moved there from another key, is a miss.
//!
//! It covers the whole key beside the value. It says nothing about age: an old value under
//! its own key is still signed, and its stamp says what it is worth.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// HMAC-SHA-256, cut to 128 bits: guesses must be sent to a node to be tried, so there can
/// never be enough of them.
pub(super) const SIGNATURE_BYTES: usize = 16;

/// Signs and verifies with the keys of one setting. Several are keys that are being changed;
/// trying them all takes a microsecond, so none has to be named beside what it signed.
pub(super) struct Signer {
    /// The first signs, all verify.
    keys: Vec<Hmac<Sha256>>,
}

impl Signer {
    pub(super) fn new<'a>(keys: impl Iterator<Item = &'a [u8]>) -> Self {
        let key = |text| Hmac::new_from_slice(text).expect("HMAC takes keys of any length");
        Self {
            keys: keys.map(key).collect(),
        }
    }

    /// Appends the signature to `value`, which is stored under the key `text`.
    pub(super) fn sign(&self, text: &str, value: &mut Vec<u8>) {
        let signing = self.keys.first().expect("there is a key to sign with");
        let code = code_of(signing, text, value).finalize().into_bytes();
        value.extend_from_slice(&code[..SIGNATURE_BYTES]);
    }

    /// The value without its signature; `None` if it was not signed with one of the keys
    /// for this place. Codes are compared in constant time.
    pub(super) fn verify<'a>(&self, text: &str, signed: &'a [u8]) -> Option<&'a [u8]> {
        let at = signed.len().checked_sub(SIGNATURE_BYTES)?;
        let (value, code) = signed.split_at(at);
        let signed_it = |key| {
            code_of(key, text, value)
                .verify_truncated_left(code)
                .is_ok()
        };
        self.keys.iter().any(signed_it).then_some(value)
    }

    /// What stands for `name` in Redis, among what `kind` says: whoever does not have the
    /// first key cannot tell what it is of. When that changes, so do all of them.
    pub(super) fn pseudonym(&self, kind: &str, name: &str) -> [u8; SIGNATURE_BYTES] {
        let signing = self.keys.first().expect("there is a key to sign with");
        let code = code_of(signing, kind, name.as_bytes())
            .finalize()
            .into_bytes();
        let mut pseudonym = [0; SIGNATURE_BYTES];
        pseudonym.copy_from_slice(&code[..SIGNATURE_BYTES]);
        pseudonym
    }
}

/// The length says where the key ends and the value begins.
fn code_of(key: &Hmac<Sha256>, text: &str, value: &[u8]) -> Hmac<Sha256> {
    key.clone()
        .chain_update((text.len() as u64).to_be_bytes())
        .chain_update(text)
        .chain_update(value)
}

#[cfg(feature = "test-hooks")]
impl super::Cache {
    /// What `stored` would be if a node had stored it under `key`: what somebody can make
    /// who has the node's keys.
    pub fn signed_for(&self, key: &str, stored: &[u8]) -> Vec<u8> {
        let mut value = stored[..stored.len() - SIGNATURE_BYTES].to_vec();
        self.inner.signer.sign(key, &mut value);
        value
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::config::CacheKeys;

    /// With a key of 32 times each letter.
    pub(in crate::cache) fn signer(keys: &[char]) -> Signer {
        let keys: Vec<String> = keys
            .iter()
            .map(|letter| letter.to_string().repeat(32))
            .collect();
        let keys = CacheKeys::parse(&keys.join(",")).expect("long enough");
        Signer::new(keys.bytes())
    }

    fn signed(signer: &Signer, text: &str) -> Vec<u8> {
        let mut value = b"value".to_vec();
        signer.sign(text, &mut value);
        value
    }

    #[test]
    fn a_signature_holds_in_its_own_place_alone() {
        let signer = signer(&['a']);
        let value = signed(&signer, "ses:1");
        assert_eq!(signer.verify("ses:1", &value), Some(&b"value"[..]));
        assert_eq!(signer.verify("ses:2", &value), None);
        // Nor does it when a part of the value becomes a part of the key.
        assert_eq!(signer.verify("ses:1v", &value[1..]), None);
        assert_eq!(signer.verify("ses:1", &value[..SIGNATURE_BYTES - 1]), None);
        assert_eq!(signer.verify("ses:1", &[]), None);
    }

    #[test]
    fn while_keys_are_rotated_old_and_new_are_believed() {
        let (old, both, new) = (signer(&['a']), signer(&['b', 'a']), signer(&['b']));
        let (of_old, of_both) = (signed(&old, "k"), signed(&both, "k"));
        assert!(both.verify("k", &of_old).is_some());
        assert!(new.verify("k", &of_both).is_some(), "the first key signs");
        assert!(new.verify("k", &of_old).is_none());
        assert!(old.verify("k", &of_both).is_none());
    }
}

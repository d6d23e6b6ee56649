//! Codes of six digits, and what is kept of them.

use std::sync::Arc;

use hmac::{Hmac, KeyInit, Mac};
use rand::{TryRngCore as _, rngs::OsRng};
use sha2::Sha256;

use crate::{
    config::FactorKeys,
    domain::{MailDomain, OrgId},
};

const CODES: u32 = 1_000_000;

/// What the hashes here are of, among all that the keys are used for.
const PURPOSE: &str = "a code that verifies a domain";

/// Makes codes and hashes them with the keys of `FACTOR_KEYS`. A plain hash of six digits
/// would tell them to whoever has a copy of the database.
#[derive(Clone)]
pub(super) struct Codes {
    /// The first hashes, all verify.
    keys: Arc<Vec<Hmac<Sha256>>>,
}

impl Codes {
    pub(super) fn new(keys: &FactorKeys) -> Self {
        let key = |text| Hmac::new_from_slice(text).expect("HMAC takes keys of any length");
        Self {
            keys: Arc::new(keys.bytes().map(key).collect()),
        }
    }

    /// Another code, for a mail, and its hash, for the database.
    pub(super) fn make(&self, org: OrgId, domain: &MailDomain) -> (String, [u8; 32]) {
        let code = format!("{:06}", random_below(CODES));
        let key = self.keys.first().expect("there is a key to hash with");
        let hash = of(key, org, domain, &code).finalize().into_bytes();
        (code, hash.into())
    }

    /// Whether the hash is of this code, of this organization and domain. In constant time.
    pub(super) fn verify(&self, org: OrgId, domain: &MailDomain, code: &str, hash: &[u8]) -> bool {
        self.keys
            .iter()
            .any(|key| of(key, org, domain, code).verify_slice(hash).is_ok())
    }
}

/// None of the parts but the last can hold a line break.
fn of(key: &Hmac<Sha256>, org: OrgId, domain: &MailDomain, code: &str) -> Hmac<Sha256> {
    key.clone()
        .chain_update(format!("{PURPOSE}\n{org}\n{domain}\n{code}"))
}

/// As likely as any other: what is left of 32 bits is thrown again.
fn random_below(limit: u32) -> u32 {
    let even = u32::MAX - u32::MAX % limit;
    loop {
        let number = OsRng.try_next_u32().expect("the system has random numbers");
        if number < even {
            return number % limit;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_for_one_organization_and_one_domain() {
        let codes = Codes::new(&FactorKeys::for_development());
        let [one, other] = [OrgId::new(), OrgId::new()];
        let [acme, evil] =
            ["acme.test", "evil.test"].map(|domain| MailDomain::parse(domain).expect(domain));
        let (code, hash) = codes.make(one, &acme);
        assert!(code.len() == 6 && code.bytes().all(|digit| digit.is_ascii_digit()));
        assert!(codes.verify(one, &acme, &code, &hash));
        assert!(!codes.verify(other, &acme, &code, &hash));
        assert!(!codes.verify(one, &evil, &code, &hash));
        for wrong in ["", "12345", &format!("{code} "), &format!("0{code}")] {
            assert!(!codes.verify(one, &acme, wrong, &hash), "{wrong:?}");
        }
    }

    #[test]
    fn a_code_of_a_key_that_is_given_up_still_works() {
        let parse = |keys: &str| FactorKeys::parse(keys).expect("keys");
        let (old, new) = ("o".repeat(32), "n".repeat(32));
        let (org, domain) = (
            OrgId::new(),
            MailDomain::parse("acme.test").expect("a domain"),
        );
        let (code, hash) = Codes::new(&parse(&old)).make(org, &domain);
        let both = Codes::new(&parse(&format!("{new},{old}")));
        assert!(both.verify(org, &domain, &code, &hash));
        assert!(!Codes::new(&parse(&new)).verify(org, &domain, &code, &hash));
    }
}

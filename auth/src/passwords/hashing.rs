//! Argon2id, in memory that is used again until it is released.

use argon2::{
    Algorithm, Argon2, Block, Params, Version,
    password_hash::{Output, ParamsString, PasswordHash, Salt, SaltString, rand_core::OsRng},
};

use crate::config::PasswordCost;

/// In bytes; a longer password is wrong. 128 characters, the most that a password may have,
/// are half of it.
const MAX_LENGTH: usize = 1024;

/// Of a new hash, in bytes.
const OUTPUT_LENGTH: usize = 32;

/// Hashes passwords, one after the other.
pub(super) struct Hasher {
    cost: PasswordCost,
    /// That of a hash at [`Self::cost`], or empty: before the first, and once released.
    memory: Vec<Block>,
    /// In all.
    #[cfg(test)]
    worked: u64,
}

impl Hasher {
    pub(super) fn new(cost: PasswordCost) -> Self {
        Self {
            cost,
            memory: Vec::new(),
            #[cfg(test)]
            worked: 0,
        }
    }

    /// Gives back the memory. The next hash takes some ten milliseconds longer.
    pub(super) fn release(&mut self) {
        self.memory = Vec::new();
    }

    #[cfg(test)]
    pub(super) fn holds_memory(&self) -> bool {
        self.memory.capacity() > 0
    }

    /// The hash of a password, as a PHC string.
    pub(super) fn hash(&mut self, password: &str) -> String {
        let salt = SaltString::generate(&mut OsRng);
        let (params, mut output) = (params_of(self.cost), [0; OUTPUT_LENGTH]);
        self.fill(
            argon2(params.clone()),
            password,
            salt.as_salt(),
            &mut output,
        );
        let hash = PasswordHash {
            algorithm: Algorithm::Argon2id.ident(),
            version: Some(Version::V0x13.into()),
            params: ParamsString::try_from(&params).expect("argon2's parameters are numbers"),
            salt: Some(salt.as_salt()),
            hash: Some(Output::new(&output).expect("32 bytes are a hash")),
        };
        hash.to_string()
    }

    /// Whether the password belongs to the hash. It never does without one, or to one that
    /// cannot be read, and finding out takes as long.
    pub(super) fn verify(&mut self, password: &str, hash: Option<&str>) -> bool {
        let is_too_long = password.len() > MAX_LENGTH;
        let password = if is_too_long { "" } else { password };
        let stored = hash.and_then(Stored::parse);
        let mut worked = 0;
        let matches = stored.is_some_and(|stored| {
            worked = work(&stored.params);
            let mut output = [0; Output::MAX_LENGTH];
            let output = &mut output[..stored.output.len()];
            let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, stored.params);
            self.fill(argon2, password, stored.salt, output)
                // Compared in constant time.
                && Output::new(output).is_ok_and(|output| output == stored.output)
        });
        if !matches {
            self.work_off(work(&params_of(self.cost)).saturating_sub(worked));
        }
        matches && !is_too_long
    }

    /// Works for nothing, so that a guess at an account that does not exist, or whose hash
    /// was made when hashing was cheaper, takes as long as at any other.
    fn work_off(&mut self, missing: u64) {
        let passes = missing.div_ceil(u64::from(self.cost.memory_kib).max(1));
        let Some(memory) = missing.checked_div(passes) else {
            return;
        };
        let (memory, passes) = (u32::try_from(memory), u32::try_from(passes));
        if let (Ok(memory), Ok(passes)) = (memory, passes)
            && let Ok(params) = Params::new(memory, passes, 1, None)
        {
            let salt = Salt::from_b64("bm9ib2R5cyBzYWx0").expect("a salt");
            self.fill(argon2(params), "nobody's", salt, &mut [0; OUTPUT_LENGTH]);
        }
    }

    /// `false`: the salt is none.
    fn fill(
        &mut self,
        argon2: Argon2<'static>,
        password: &str,
        salt: Salt<'_>,
        output: &mut [u8],
    ) -> bool {
        let mut bytes = [0; Salt::MAX_LENGTH];
        let Ok(salt) = salt.decode_b64(&mut bytes) else {
            return false;
        };
        let blocks = argon2.params().block_count();
        let usual = params_of(self.cost).block_count();
        self.memory.resize(usual, Block::default());
        // Of a hash that was made when hashing was dearer.
        let mut larger = Vec::new();
        let memory = if blocks <= usual {
            &mut self.memory
        } else {
            larger.resize(blocks, Block::default());
            &mut larger
        };
        #[cfg(test)]
        {
            self.worked += work(argon2.params());
        }
        let filled =
            argon2.hash_password_into_with_memory(password.as_bytes(), salt, output, memory);
        filled.is_ok()
    }
}

/// Whether it takes more to make a hash now than it took to make this one. Where a cost was
/// lowered the dearer hash stays, and nodes that are told differently do not undo each
/// other's.
pub(super) fn is_outdated(hash: &str, cost: PasswordCost) -> bool {
    Stored::parse(hash).is_none_or(|stored| work(&stored.params) < work(&params_of(cost)))
}

/// A hash as the database has it: argon2id in its present version.
struct Stored<'a> {
    params: Params,
    salt: Salt<'a>,
    output: Output,
}

impl<'a> Stored<'a> {
    fn parse(hash: &'a str) -> Option<Self> {
        let hash = PasswordHash::new(hash).ok()?;
        let is_ours = hash.algorithm == Algorithm::Argon2id.ident()
            && hash.version == Some(Version::V0x13.into());
        if !is_ours {
            return None;
        }
        Some(Self {
            params: Params::try_from(&hash).ok()?,
            salt: hash.salt?,
            output: hash.hash?,
        })
    }
}

fn argon2(params: Params) -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

fn params_of(cost: PasswordCost) -> Params {
    Params::new(cost.memory_kib, cost.passes, 1, None)
        .expect("the configuration takes nothing that argon2 does not")
}

/// What a hash costs: the time is in proportion to it.
fn work(params: &Params) -> u64 {
    u64::from(params.m_cost()) * u64::from(params.t_cost())
}

#[cfg(test)]
mod tests {
    use argon2::{PasswordHasher as _, PasswordVerifier as _};

    use super::*;

    const COST: PasswordCost = PasswordCost {
        memory_kib: 4_096,
        passes: 3,
    };

    #[test]
    fn the_same_password_never_has_the_same_hash() {
        let mut hasher = Hasher::new(COST);
        assert_ne!(hasher.hash("correct horse"), hasher.hash("correct horse"));
    }

    #[test]
    fn hashes_are_what_everybody_means_by_argon2id() {
        let ours = Hasher::new(COST).hash("correct horse");
        let parsed = PasswordHash::new(&ours).expect("a PHC string");
        assert!(
            Argon2::default()
                .verify_password(b"correct horse", &parsed)
                .is_ok()
        );
        assert!(
            Argon2::default()
                .verify_password(b"correct hors", &parsed)
                .is_err()
        );
        // Dearer than ours, and cheaper.
        for (memory, passes) in [(8_192, 2), (64, 1)] {
            let params = Params::new(memory, passes, 1, None).expect("within bounds");
            let salt = SaltString::generate(&mut OsRng);
            let theirs = argon2(params).hash_password(b"correct horse", &salt);
            let theirs = theirs.expect("a hash").to_string();
            let mut hasher = Hasher::new(COST);
            assert!(hasher.verify("correct horse", Some(&theirs)));
            assert!(!hasher.verify("correct hors", Some(&theirs)));
        }
    }

    #[test]
    fn a_wrong_guess_takes_as_much_work_whatever_is_behind_the_account() {
        let hash_at = |memory_kib, passes| {
            let cost = PasswordCost { memory_kib, passes };
            Hasher::new(cost).hash("right")
        };
        let usual = work(&params_of(COST));
        for (what, hash) in [
            ("of today", Some(hash_at(4_096, 3))),
            ("nobody's", None),
            ("older", Some(hash_at(4_096, 1))),
            ("much older", Some(hash_at(1_000, 7))),
            ("unreadable", Some("$2b$12$x".to_owned())),
        ] {
            let mut hasher = Hasher::new(COST);
            assert!(!hasher.verify("wrong", hash.as_deref()), "{what}");
            let worked = hasher.worked;
            assert!(worked.abs_diff(usual) < usual / 100, "{what}: {worked}");
        }
    }
}

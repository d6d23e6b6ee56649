use std::fmt::{self, Write as _};

use rand::{TryRngCore as _, rngs::OsRng};
use sha2::{Digest, Sha256};

/// The secret of a link that was mailed or handed on: 256 random bits, in hexadecimal digits.
/// Nobody keeps it but whoever has the link; the database has its hash.
#[derive(Clone)]
pub struct LinkToken(String);

impl LinkToken {
    pub fn random() -> Self {
        let mut bytes = [0; 32];
        OsRng
            .try_fill_bytes(&mut bytes)
            .expect("the system has random numbers");
        let mut text = String::with_capacity(64);
        for byte in bytes {
            write!(text, "{byte:02x}").expect("writing to a string never fails");
        }
        Self(text)
    }

    /// Whatever somebody has in a link. What cannot be one of ours is found nowhere.
    pub fn of(text: &str) -> Self {
        Self(text.to_owned())
    }

    pub fn text(&self) -> &str {
        &self.0
    }

    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0.as_bytes()).into()
    }
}

impl fmt::Debug for LinkToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LinkToken")
    }
}

//! Secrets that sign what the nodes hand to somebody and take back.

use std::fmt;

/// In characters. `openssl rand -base64 32` makes more.
const MIN_LENGTH: usize = 32;

/// Keys of which the first signs and all verify. Never shown, not even by `Debug`.
macro_rules! signing_keys {
    ($(#[$docs:meta])* $name:ident, for_development: $development:literal) => {
        $(#[$docs])*
        #[derive(Clone, PartialEq, Eq)]
        pub struct $name(Vec<String>);

        impl $name {
            /// Takes the place of a secret on a developer's machine. It proves nothing,
            /// because everybody can read it here.
            const FOR_DEVELOPMENT: &str = $development;

            /// Keys with commas in between: the first signs, all verify.
            ///
            /// # Errors
            /// What is wrong with one of them.
            pub fn parse(text: &str) -> Result<Self, String> {
                parse(text).map(Self)
            }

            /// The key of every development machine.
            pub fn for_development() -> Self {
                Self(vec![Self::FOR_DEVELOPMENT.to_owned()])
            }

            /// Whether nothing is signed with a secret.
            pub fn are_known_to_everybody(&self) -> bool {
                *self == Self::for_development()
            }

            pub fn bytes(&self) -> impl Iterator<Item = &[u8]> {
                self.0.iter().map(String::as_bytes)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0.len())
            }
        }
    };
}

signing_keys! {
    /// What the values in Redis are signed with.
    CacheKeys,
    for_development: "the key that everybody knows and no production uses"
}

signing_keys! {
    /// What the session's copy in its browser's cookie is signed with.
    SessionCookieKeys,
    for_development: "another key that everybody knows and no production uses"
}

signing_keys! {
    /// What device cookies are signed with.
    DeviceKeys,
    for_development: "the key that every development machine knows devices by"
}

signing_keys! {
    /// What the secrets of authenticator apps are sealed with, and codes that were mailed are
    /// hashed with.
    FactorKeys,
    for_development: "the key that everybody knows and seals nothing of worth"
}

fn parse(text: &str) -> Result<Vec<String>, String> {
    let keys: Vec<String> = text.split(',').map(|key| key.trim().to_owned()).collect();
    if keys.iter().any(|key| key.chars().count() < MIN_LENGTH) {
        return Err(format!(
            "has a key of less than {MIN_LENGTH} characters; make one with `openssl rand -base64 32`"
        ));
    }
    Ok(keys)
}

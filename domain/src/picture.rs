//! Pictures of users, and logos of organizations.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// What a picture is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PictureOf {
    User,
    /// Its logo.
    Organization,
}

impl PictureOf {
    /// The field of a form that holds the file.
    pub const fn field(self) -> &'static str {
        match self {
            Self::User => "picture",
            Self::Organization => "logo",
        }
    }

    /// Most megabytes of a file that is sent.
    pub const fn max_megabytes(self) -> usize {
        match self {
            Self::User => 2,
            Self::Organization => 1,
        }
    }

    /// The same in bytes.
    pub const fn max_bytes(self) -> usize {
        self.max_megabytes() * 1024 * 1024
    }
}

/// Names a picture by the SHA-256 of its content: what has another content has another name.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PictureHash(pub [u8; 32]);

impl fmt::Display for PictureHash {
    /// 64 hexadecimal digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for PictureHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// No picture has such a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a picture's name has 64 lower-case hexadecimal digits")]
pub struct NotAPicture;

impl FromStr for PictureHash {
    type Err = NotAPicture;

    fn from_str(text: &str) -> Result<Self, NotAPicture> {
        let digit = |byte: u8| match byte {
            b'0'..=b'9' => Ok(byte - b'0'),
            b'a'..=b'f' => Ok(byte - b'a' + 10),
            _ => Err(NotAPicture),
        };
        let digits: &[u8; 64] = text.as_bytes().try_into().map_err(|_| NotAPicture)?;
        let mut hash = [0; 32];
        let (pairs, _none_left) = digits.as_chunks();
        for (byte, [high, low]) in hash.iter_mut().zip(pairs) {
            *byte = digit(*high)? << 4 | digit(*low)?;
        }
        Ok(Self(hash))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_as_it_is_written() {
        let hash = PictureHash(std::array::from_fn(|index| (index * 7) as u8));
        let text = hash.to_string();
        assert_eq!(text.len(), 64);
        assert_eq!(text.parse(), Ok(hash));
        for other in [
            "",
            "00",
            &text.to_uppercase(),
            &format!("{text}0"),
            &"g".repeat(64),
        ] {
            assert_eq!(other.parse::<PictureHash>(), Err(NotAPicture), "{other}");
        }
    }
}

//! How a value lies in Redis: a header that says what world and position it is
//! from, then the value in postcard. Whatever does not fit is a miss.

use serde::{Serialize, de::DeserializeOwned};

use super::keys::CacheKey;

const MAGIC: [u8; 2] = *b"OH";
/// Layout of the header.
const LAYOUT: u8 = 1;
const HEADER_BYTES: usize = 2 + 1 + 1 + 1 + 8 + 8;
const NOTHING: u8 = 1;

/// A value from Redis with the stamp it must be judged by.
pub(super) struct Decoded<V> {
    pub(super) value: Option<V>,
    pub(super) as_of: u64,
}

/// `value` of `K`'s family as bytes.
pub(super) fn encode<K: CacheKey>(
    value: Option<&K::Value>,
    incarnation: u64,
    as_of: u64,
) -> Option<Vec<u8>>
where
    K::Value: Serialize,
{
    let mut bytes = Vec::with_capacity(256);
    bytes.extend_from_slice(&MAGIC);
    bytes.extend_from_slice(&[
        LAYOUT,
        K::FAMILY.format,
        if value.is_none() { NOTHING } else { 0 },
    ]);
    bytes.extend_from_slice(&incarnation.to_be_bytes());
    bytes.extend_from_slice(&as_of.to_be_bytes());
    match value {
        Some(value) => postcard::to_extend(value, bytes).ok(),
        None => Some(bytes),
    }
}

/// The value in `bytes`; `None` if it is not whole, of another program version
/// or of another world.
pub(super) fn decode<K: CacheKey>(bytes: &[u8], incarnation: u64) -> Option<Decoded<K::Value>>
where
    K::Value: DeserializeOwned,
{
    let (header, body) = bytes.split_at_checked(HEADER_BYTES)?;
    let number = |at: usize| header[at..at + 8].try_into().map(u64::from_be_bytes).ok();
    let of_our_kind = header[..2] == MAGIC && header[2] == LAYOUT && header[3] == K::FAMILY.format;
    if !of_our_kind || number(5)? != incarnation {
        return None;
    }
    let value = match header[4] {
        NOTHING => None,
        _ => Some(postcard::from_bytes(body).ok()?),
    };
    Some(Decoded {
        value,
        as_of: number(13)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{cache::keys::UserOrgsKey, domain::UserId};

    #[test]
    fn what_went_in_comes_out() {
        let bytes = encode::<UserOrgsKey>(Some(&Vec::new()), 7, 42).expect("encodes");
        let decoded = decode::<UserOrgsKey>(&bytes, 7).expect("decodes");
        assert_eq!((decoded.value, decoded.as_of), (Some(Vec::new()), 42));
        let nothing = encode::<UserOrgsKey>(None, 7, 42).expect("encodes");
        assert_eq!(
            decode::<UserOrgsKey>(&nothing, 7).expect("decodes").value,
            None
        );
        let _ = UserOrgsKey {
            user: UserId(uuid::Uuid::nil()),
        };
    }

    #[test]
    fn another_world_garbage_and_stumps_are_misses() {
        let bytes = encode::<UserOrgsKey>(Some(&Vec::new()), 7, 42).expect("encodes");
        assert!(decode::<UserOrgsKey>(&bytes, 8).is_none());
        assert!(decode::<UserOrgsKey>(b"garbage that is long enough for a header", 7).is_none());
        for length in 0..bytes.len() {
            assert!(
                decode::<UserOrgsKey>(&bytes[..length], 7).is_none(),
                "{length} bytes"
            );
        }
        let mut other_format = bytes.clone();
        other_format[3] += 1;
        assert!(decode::<UserOrgsKey>(&other_format, 7).is_none());
    }
}

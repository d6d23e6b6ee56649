//! How a value is stored in Redis: a header with format, incarnation and position,
//! then the value in postcard. Whatever does not fit is a miss.

use serde::{Serialize, de::DeserializeOwned};

const MAGIC: [u8; 2] = *b"OH";
/// Layout of the header.
const LAYOUT: u8 = 1;
const HEADER_BYTES: usize = 2 + 1 + 1 + 1 + 8 + 8;
const NOTHING: u8 = 1;

/// A value with the position it must be validated by.
pub(super) struct Decoded<V> {
    pub(super) value: Option<V>,
    pub(super) as_of: u64,
}

/// `None` if the value cannot be encoded: then it is not stored.
pub(super) fn encode<V: Serialize>(
    value: Option<&V>,
    format: u8,
    incarnation: u64,
    as_of: u64,
) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(256);
    bytes.extend_from_slice(&MAGIC);
    bytes.extend_from_slice(&[LAYOUT, format, if value.is_none() { NOTHING } else { 0 }]);
    bytes.extend_from_slice(&incarnation.to_be_bytes());
    bytes.extend_from_slice(&as_of.to_be_bytes());
    match value {
        Some(value) => postcard::to_extend(value, bytes).ok(),
        None => Some(bytes),
    }
}

/// `None` if the bytes are not whole, of another format or of another incarnation.
pub(super) fn decode<V: DeserializeOwned>(
    bytes: &[u8],
    format: u8,
    incarnation: u64,
) -> Option<Decoded<V>> {
    let (header, body) = bytes.split_at_checked(HEADER_BYTES)?;
    let number = |at: usize| header[at..at + 8].try_into().map(u64::from_be_bytes).ok();
    let is_ours = header[..2] == MAGIC && header[2] == LAYOUT && header[3] == format;
    if !is_ours || number(5)? != incarnation {
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

    fn stored() -> Vec<u8> {
        encode(Some(&vec![1_u32, 2]), 3, 7, 42).expect("encodes")
    }

    #[test]
    fn values_survive_redis() {
        let decoded = decode::<Vec<u32>>(&stored(), 3, 7).expect("decodes");
        assert_eq!((decoded.value, decoded.as_of), (Some(vec![1, 2]), 42));
        let nothing = encode::<Vec<u32>>(None, 3, 7, 42).expect("encodes");
        assert_eq!(
            decode::<Vec<u32>>(&nothing, 3, 7).expect("decodes").value,
            None
        );
    }

    #[test]
    fn other_incarnations_other_formats_garbage_and_truncated_values_are_misses() {
        let bytes = stored();
        assert!(decode::<Vec<u32>>(&bytes, 3, 8).is_none());
        assert!(decode::<Vec<u32>>(&bytes, 4, 7).is_none());
        let garbage = b"garbage that is long enough for a header";
        assert!(decode::<Vec<u32>>(garbage, 3, 7).is_none());
        for length in 0..bytes.len() {
            assert!(
                decode::<Vec<u32>>(&bytes[..length], 3, 7).is_none(),
                "{length} bytes"
            );
        }
    }
}

//! How a value is written outside of this process: a header with format, incarnation and position,
//! then the value in postcard, then the signature. Whatever does not fit is a miss.

use serde::{Serialize, de::DeserializeOwned};

use super::{
    signature::Signer,
    stamp::{Position, Rejection},
};

const MAGIC: [u8; 2] = *b"OH";
/// Layout of the header and of what stands around the value.
const LAYOUT: u8 = 2;
const HEADER_BYTES: usize = 2 + 1 + 1 + 1 + 8 + 8;
const NOTHING: u8 = 1;

/// A value with the position it must be validated by.
pub(super) struct Decoded<V> {
    pub(super) value: Option<V>,
    pub(super) position: Position,
}

/// The value, not signed yet. `None` if it cannot be encoded: then it is not stored.
pub(super) fn encode<V: Serialize>(
    value: Option<&V>,
    format: u8,
    position: Position,
) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(256);
    bytes.extend_from_slice(&MAGIC);
    bytes.extend_from_slice(&[LAYOUT, format, if value.is_none() { NOTHING } else { 0 }]);
    bytes.extend_from_slice(&position.incarnation.to_be_bytes());
    bytes.extend_from_slice(&position.as_of.to_be_bytes());
    match value {
        Some(value) => postcard::to_extend(value, bytes).ok(),
        None => Some(bytes),
    }
}

/// What `signed`, found under the key `text`, holds.
///
/// # Errors
/// [`Rejection::Forged`] if no node of ours stored it there; [`Rejection::Undecodable`] if
/// it is not whole, of another format or of another incarnation. Nothing but the layout is
/// read before the signature was verified.
pub(super) fn decode<V: DeserializeOwned>(
    signed: &[u8],
    signer: &Signer,
    text: &str,
    format: u8,
    incarnation: u64,
) -> Result<Decoded<V>, Rejection> {
    if !signed.starts_with(&[MAGIC[0], MAGIC[1], LAYOUT]) {
        return Err(Rejection::Undecodable);
    }
    let bytes = signer.verify(text, signed).ok_or(Rejection::Forged)?;
    parse(bytes, format, incarnation).ok_or(Rejection::Undecodable)
}

fn parse<V: DeserializeOwned>(bytes: &[u8], format: u8, incarnation: u64) -> Option<Decoded<V>> {
    let (header, body) = bytes.split_at_checked(HEADER_BYTES)?;
    let number = |at: usize| header[at..at + 8].try_into().map(u64::from_be_bytes).ok();
    let position = Position {
        incarnation: number(5)?,
        as_of: number(13)?,
    };
    if header[3] != format || position.incarnation != incarnation {
        return None;
    }
    let value = match header[4] {
        NOTHING => None,
        _ => Some(postcard::from_bytes(body).ok()?),
    };
    Some(Decoded { value, position })
}

#[cfg(test)]
mod tests {
    use super::{super::signature::tests::signer, *};

    const KEY: &str = "orghub:3:0000000000000007:a";

    fn stored(value: Option<&Vec<u32>>) -> Vec<u8> {
        let position = Position {
            incarnation: 7,
            as_of: 42,
        };
        let mut bytes = encode(value, 3, position).expect("encodes");
        signer(&['a']).sign(KEY, &mut bytes);
        bytes
    }

    fn found(bytes: &[u8]) -> Result<Decoded<Vec<u32>>, Rejection> {
        decode(bytes, &signer(&['a']), KEY, 3, 7)
    }

    fn refused(bytes: &[u8]) -> Option<Rejection> {
        found(bytes).err()
    }

    #[test]
    fn values_survive_redis() {
        let decoded = found(&stored(Some(&vec![1, 2]))).expect("decodes");
        assert_eq!(decoded.value, Some(vec![1, 2]));
        assert_eq!(decoded.position.as_of, 42);
        assert_eq!(found(&stored(None)).expect("decodes").value, None);
    }

    #[test]
    fn garbage_and_truncated_values_are_misses() {
        let bytes = stored(Some(&vec![1, 2]));
        let garbage = b"garbage that is long enough for a header and a signature";
        assert_eq!(refused(garbage), Some(Rejection::Undecodable));
        for length in 0..bytes.len() {
            assert!(refused(&bytes[..length]).is_some(), "{length} bytes");
        }
    }

    #[test]
    fn no_bit_of_a_value_can_be_changed() {
        let bytes = stored(Some(&vec![1, 2]));
        for bit in 0..8 * bytes.len() {
            let mut changed = bytes.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(refused(&changed).is_some(), "bit {bit}");
        }
    }

    #[test]
    fn other_keys_formats_and_incarnations_are_misses() {
        let bytes = stored(Some(&vec![1, 2]));
        let refused = |signer: Signer, text, format, incarnation| {
            decode::<Vec<u32>>(&bytes, &signer, text, format, incarnation).err()
        };
        for (text, secret) in [("another", 'a'), (KEY, 'b')] {
            let refused = refused(signer(&[secret]), text, 3, 7);
            assert_eq!(refused, Some(Rejection::Forged), "{text}");
        }
        for (format, incarnation) in [(4, 7), (3, 8)] {
            let refused = refused(signer(&['a']), KEY, format, incarnation);
            assert_eq!(refused, Some(Rejection::Undecodable));
        }
    }
}

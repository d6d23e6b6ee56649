//! Webhooks: what is posted, and how it goes wrong.

use std::fmt::Write as _;

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

/// Where webhooks are sent.
#[derive(Clone, Debug)]
pub struct WebhookTarget {
    /// Address of the endpoint, plain http.
    pub url: String,
    /// Its signing secret.
    pub secret: String,
}

/// How webhooks go wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WebhookSwitches {
    /// Every event is posted twice.
    pub duplicate: bool,
    /// Milliseconds an event waits before it is posted.
    pub delay_ms: u64,
    /// Events are never posted.
    pub drop: bool,
    /// Events are signed with another secret.
    pub wrong_signature: bool,
    /// Events come in an API version that async-stripe cannot read.
    pub other_api_version: bool,
    /// Two events at a time change places; the last one goes out after a second at most.
    pub reorder: bool,
    /// Events are thin (v2): they name their object and do not contain it.
    pub thin: bool,
    /// Events say `livemode: true`.
    pub live_mode: bool,
    /// How much later than now events are signed: for a receiver whose clock was moved.
    pub signed_ahead_seconds: i64,
}

/// An event ready to be posted.
#[derive(Clone, Debug)]
pub struct SignedEvent {
    /// `evt_…`.
    pub id: String,
    pub payload: String,
    /// The header `Stripe-Signature`.
    pub signature: String,
}

/// One post of an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Delivery {
    pub event_id: String,
    /// Of the answer. `None`: there was none.
    pub status: Option<u16>,
}

/// The header `Stripe-Signature` for `payload`, as signed at `timestamp` (seconds since
/// 1970).
pub fn sign(secret: &str, payload: &str, timestamp: i64) -> String {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("a key may have any length");
    mac.update(format!("{timestamp}.{payload}").as_bytes());
    let mut header = format!("t={timestamp},v1=");
    for byte in mac.finalize().into_bytes() {
        write!(header, "{byte:02x}").expect("writing to a string cannot fail");
    }
    header
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_stripes() {
        // Computed with `openssl dgst -sha256 -hmac whsec_test`.
        assert_eq!(
            sign("whsec_test", r#"{"id":"evt_1"}"#, 1_700_000_000),
            "t=1700000000,v1=c89214b5b5da833daed6f0b8c5bb6bd58cea9022bd80ccc78230f3942d632925",
        );
    }
}

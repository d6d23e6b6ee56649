//! Handing an organization on: the owner offers, and whoever receives it decides.

use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use super::MemberId;

/// How long an offer waits for its receiver.
pub const OFFER_LIFE: Duration = Duration::days(7);

/// Ownership that one member has offered to another, who has not decided yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnershipOffer {
    pub from: MemberId,
    pub from_name: String,
    pub to: MemberId,
    pub to_name: String,
    /// It may be taken before this.
    pub expires_at: OffsetDateTime,
}

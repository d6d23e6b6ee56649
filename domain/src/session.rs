//! Sessions.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::{CurrentUser, Device, SessionId};

/// A session as the database held it at one moment: what every page needs of it. The user's
/// own browser may carry a copy, so there is nothing in it that its user may not read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionSnapshot {
    /// Who is signed in; `None` for a visitor's session.
    pub user: Option<CurrentUser>,
    /// When it began.
    pub created_at: OffsetDateTime,
    /// When it ends unless it is used.
    pub expires_at: OffsetDateTime,
}

/// A live session in the list that its user sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnSession {
    pub id: SessionId,
    pub device: Device,
    /// The network address it began from.
    pub address: Option<String>,
    pub first_seen_at: OffsetDateTime,
    /// To the hour.
    pub last_seen_at: OffsetDateTime,
    /// Whether it is the one the list was asked for with.
    pub is_current: bool,
}

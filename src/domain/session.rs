//! Sessions.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::CurrentUser;

/// A session as the database held it at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionSnapshot {
    /// Who is signed in; `None` for a visitor's session.
    pub user: Option<CurrentUser>,
    /// The session's values by name, as the text of a JSON object.
    pub data: String,
    pub expires_at: OffsetDateTime,
}

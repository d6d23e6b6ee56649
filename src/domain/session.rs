//! What a live session stands for.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::CurrentUser;

/// A live session as the database held it at one moment: the visitor's data and,
/// when somebody signed in with it, that person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionSnapshot {
    /// Who is signed in; `None` for a visitor's session.
    pub user: Option<CurrentUser>,
    /// The session's values by name, as the text of a JSON object.
    pub data: String,
    /// When the session ends by itself.
    pub expires_at: OffsetDateTime,
}

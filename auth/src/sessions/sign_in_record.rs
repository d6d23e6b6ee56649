use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::domain::UserId;

/// The sign-in that made a session. tower-sessions carries it among the session's values;
/// the store keeps it in columns of its own, where the database can join, count and
/// cascade.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignInRecord {
    pub user_id: UserId,
    /// The user's session epoch at that moment; the session ends when it rises.
    pub epoch: i32,
    pub user_agent: Option<String>,
    /// The network address it came from.
    pub address: Option<String>,
}

impl SignInRecord {
    /// Its name among the session's values.
    pub const KEY: &str = "sign_in";

    pub(super) fn find(values: &HashMap<String, Value>) -> Result<Option<Self>, serde_json::Error> {
        values.get(Self::KEY).map(Self::deserialize).transpose()
    }
}

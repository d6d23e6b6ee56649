use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::domain::UserId;

/// The sign-in that made a session. The session keeps it among its values, and
/// the store in columns of their own, where the database can join, count and
/// cascade.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignIn {
    /// Who signed in.
    pub user_id: UserId,
    /// The person's session epoch at that moment; the session ends when it rises.
    pub epoch: i32,
    /// What the browser called itself.
    pub user_agent: Option<String>,
    /// The network address it came from.
    pub address: Option<String>,
}

impl SignIn {
    /// The name of this value in a session.
    pub const KEY: &str = "sign_in";

    /// The sign-in among a session's values.
    pub(super) fn find(values: &HashMap<String, Value>) -> Result<Option<Self>, serde_json::Error> {
        values.get(Self::KEY).map(Self::deserialize).transpose()
    }
}

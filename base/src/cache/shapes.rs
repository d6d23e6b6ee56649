//! What was last stored of each family, for the test that holds a format to the shape of its
//! values.

use std::collections::BTreeMap;

use parking_lot::Mutex;
use serde::Serialize;

use super::query::Family;

#[derive(Default)]
pub(super) struct Shapes(Mutex<BTreeMap<&'static str, String>>);

impl Shapes {
    pub(super) fn record<V: Serialize>(&self, family: Family, value: Option<&V>) {
        let Some(value) = value else { return };
        let text = serde_json::to_string(value).unwrap_or_else(|error| error.to_string());
        self.0.lock().insert(family.name, text);
    }
}

impl super::Cache {
    /// What this node last read of the family from PostgreSQL, as JSON, its fields in the order
    /// in which they are stored.
    pub fn last_stored(&self, family: Family) -> Option<String> {
        self.inner.shapes.0.lock().get(family.name).cloned()
    }
}

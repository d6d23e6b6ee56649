//! Reading Stripe's objects field by field: one that is missing, or is something else than it
//! used to be, keeps no other from being read.

use serde_json::Value;
use time::OffsetDateTime;

use crate::domain::{Currency, Money};

/// An object of Stripe's.
#[derive(Clone, Copy)]
pub(super) struct Object<'a>(pub &'a Value);

impl<'a> Object<'a> {
    /// A field; absent if it is `null`.
    pub fn get(self, field: &str) -> Option<&'a Value> {
        self.0.get(field).filter(|value| !value.is_null())
    }

    pub fn object(self, field: &str) -> Option<Object<'a>> {
        self.get(field)
            .filter(|value| value.is_object())
            .map(Object)
    }

    pub fn text(self, field: &str) -> Option<&'a str> {
        self.get(field)?.as_str().filter(|text| !text.is_empty())
    }

    pub fn owned(self, field: &str) -> Option<String> {
        self.text(field).map(str::to_owned)
    }

    pub fn number(self, field: &str) -> Option<i64> {
        self.get(field)?.as_i64()
    }

    pub fn is(self, field: &str) -> bool {
        self.get(field).and_then(Value::as_bool).unwrap_or_default()
    }

    /// A moment in seconds since 1970; absent if no calendar has it.
    pub fn moment(self, field: &str) -> Option<OffsetDateTime> {
        OffsetDateTime::from_unix_timestamp(self.number(field)?).ok()
    }

    pub fn money(self, amount: &str) -> Option<Money> {
        let currency = Currency::parse(self.text("currency")?).ok()?;
        Some(Money::new(self.number(amount)?, currency))
    }

    /// The id of what a field refers to, by its id or in full.
    pub fn id_of(self, field: &str) -> Option<&'a str> {
        match self.get(field)? {
            Value::String(id) => Some(id),
            object => Object(object).text("id"),
        }
    }

    pub fn metadata(self, key: &str) -> Option<&'a str> {
        self.object("metadata")?.text(key)
    }

    /// The entries of an array, or of a list object.
    pub fn list(self, field: &str) -> &'a [Value] {
        let found = self.get(field).and_then(|value| match value {
            Value::Array(entries) => Some(entries),
            list => list.get("data")?.as_array(),
        });
        found.map_or(&[], Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_field_that_cannot_be_read_is_absent_and_no_other_is() {
        let value = json!({
            "id": "sub_1", "start": "yesterday", "end": 1_800_000_000, "far": i64::MAX,
            "customer": { "id": "cus_1" }, "items": { "data": [1] }, "note": null,
            "currency": "jpy", "amount": 500,
        });
        let object = Object(&value);
        assert_eq!(object.text("id"), Some("sub_1"));
        assert_eq!(object.moment("start"), None);
        assert_eq!(object.moment("far"), None);
        assert!(object.moment("end").is_some());
        assert_eq!(object.id_of("customer"), Some("cus_1"));
        assert_eq!(object.list("items").len(), 1);
        assert!(object.list("note").is_empty() && object.get("note").is_none());
        assert_eq!(
            object.money("amount").map(|m| m.to_string()),
            Some("500 JPY".into())
        );
        assert!(!object.is("id"));
    }
}

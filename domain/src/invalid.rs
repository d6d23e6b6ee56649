//! Why a form was refused.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Input that is refused, with a message that says what to do, in words for whoever
/// typed it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invalid {
    /// The field it is about, by its name in the HTML form; `None`: the whole form. JSON
    /// has an empty string there.
    #[serde(with = "empty_as_none")]
    pub field: Option<String>,
    /// A sentence to show next to the field.
    pub message: String,
}

impl Invalid {
    /// `message` about the form field `field`.
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            field: Some(field.into()),
            message: message.into(),
        }
    }

    /// `message` about the whole form.
    pub fn form(message: impl Into<String>) -> Self {
        Self {
            field: None,
            message: message.into(),
        }
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.field {
            Some(field) => write!(f, "{field}: {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

impl std::error::Error for Invalid {}

/// `None` as an empty string: programs that read our JSON know it so.
mod empty_as_none {
    use serde::{Deserialize as _, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(field: &Option<String>, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(field.as_deref().unwrap_or_default())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
        let field = String::deserialize(from)?;
        Ok(Some(field).filter(|field| !field.is_empty()))
    }
}

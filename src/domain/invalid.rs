//! What is wrong with a piece of input.

use serde::{Deserialize, Serialize};

/// One field's input could not be taken; the message says what to do, in words
/// for the person who typed it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{field}: {message}")]
pub struct Invalid {
    /// Name of the form field, as in the HTML form.
    pub field: String,
    /// A sentence to show next to the field.
    pub message: String,
}

impl Invalid {
    /// `message` about the form field `field`.
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            message: message.into(),
        }
    }
}

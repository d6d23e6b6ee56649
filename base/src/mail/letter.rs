use std::fmt;

use serde::{Deserialize, Serialize};

/// What a message says, before it is text and HTML. Names of people and organizations in it
/// stand for themselves: wrap those in sentences in [`crate::domain::text::isolated`], and
/// escape nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    pub subject: String,
    pub paragraphs: Vec<String>,
    /// The one thing to do.
    pub button: Option<Button>,
    /// In small letters at the end, such as why somebody gets this.
    pub footnote: Option<String>,
}

/// A link that stands out.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Button {
    pub label: String,
    /// A path of ours with its query.
    pub path: String,
}

impl fmt::Debug for Button {
    /// Without the path: whoever has it may do what the link is for.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Button")
            .field("label", &self.label)
            .finish_non_exhaustive()
    }
}

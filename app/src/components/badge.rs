//! One word about the state of something.

use leptos::prelude::*;
use orghub::domain::Role;

/// How a badge is meant. The word says it; the color only repeats it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// A plain fact.
    Neutral,
    /// Something of one's own.
    Accent,
    /// As it should be.
    Good,
    /// Worth a look.
    Warning,
    /// Something ended or fails.
    Bad,
}

impl Tone {
    fn as_str(self) -> &'static str {
        match self {
            Self::Neutral => "neutral",
            Self::Accent => "accent",
            Self::Good => "good",
            Self::Warning => "warning",
            Self::Bad => "bad",
        }
    }
}

/// The word.
#[component]
pub fn Badge(
    /// How it is meant.
    tone: Tone,
    /// The word.
    #[prop(into)]
    text: String,
) -> impl IntoView {
    view! { <span class="badge" data-tone=tone.as_str()>{text}</span> }
}

/// A role.
#[component]
pub fn RoleBadge(
    /// The role.
    role: Role,
) -> impl IntoView {
    let tone = if role == Role::Owner {
        Tone::Accent
    } else {
        Tone::Neutral
    };
    view! { <Badge tone text=role.label()/> }
}

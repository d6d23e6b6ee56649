//! One word about the state of something.

use leptos::prelude::*;
use orghub_domain::Role;
use strum::IntoStaticStr;

/// How a badge is meant. The word says it; the color only repeats it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum Tone {
    /// A plain fact.
    Neutral,
    /// It belongs to the reader, or to the choice in force.
    Accent,
    /// As it should be.
    Good,
    /// Worth a look.
    Warning,
    /// Something ended or fails.
    Bad,
}

#[component]
pub fn Badge(tone: Tone, #[prop(into)] text: String) -> impl IntoView {
    let tone: &'static str = tone.into();
    view! { <span class="badge" data-tone=tone>{text}</span> }
}

#[component]
pub fn RoleBadge(role: Role) -> impl IntoView {
    let tone = if role == Role::Owner {
        Tone::Accent
    } else {
        Tone::Neutral
    };
    view! { <Badge tone text=role.label()/> }
}

//! An organization's audit log.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::ActivityId;

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ActivityKind {
    /// The organization was created; subject: its name.
    OrgCreated,
    /// Its name changed; subject: the old name, detail: the new one.
    OrgRenamed,
    /// Its slug changed; subject: the old slug, detail: the new one.
    SlugChanged,
    /// A role changed; subject: the member, detail: `from → to`.
    RoleChanged,
    /// A member was removed; subject: the member.
    MemberRemoved,
    /// A member left; subject: the member.
    MemberLeft,
    /// The subscription changed at Stripe; detail: plan and status.
    SubscriptionChanged,
    /// Something newer than this program.
    Unknown,
}

impl ActivityKind {
    const WORDS: [(Self, &'static str); 7] = [
        (Self::OrgCreated, "org.created"),
        (Self::OrgRenamed, "org.renamed"),
        (Self::SlugChanged, "org.slug_changed"),
        (Self::RoleChanged, "member.role_changed"),
        (Self::MemberRemoved, "member.removed"),
        (Self::MemberLeft, "member.left"),
        (Self::SubscriptionChanged, "subscription.changed"),
    ];

    /// The kind in the database.
    pub fn as_str(self) -> &'static str {
        Self::WORDS
            .iter()
            .find(|(kind, _)| *kind == self)
            .map_or("unknown", |(_, word)| word)
    }

    /// Reads the database's word.
    pub fn parse(text: &str) -> Self {
        Self::WORDS
            .iter()
            .find(|(_, word)| *word == text)
            .map_or(Self::Unknown, |(kind, _)| *kind)
    }
}

/// One entry of the audit log, names as they were at the time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Activity {
    /// The entry.
    pub id: ActivityId,
    /// Who did it.
    pub actor: String,
    /// What.
    pub kind: ActivityKind,
    /// To whom or what.
    pub subject: String,
    /// What more there is to say.
    pub detail: String,
    /// When.
    pub at: OffsetDateTime,
}

impl Activity {
    /// The entry as a sentence without its actor: "changed Ada's role from admin to member".
    pub fn sentence(&self) -> String {
        let Self {
            subject, detail, ..
        } = self;
        match self.kind {
            ActivityKind::OrgCreated => "created the organization".to_owned(),
            ActivityKind::OrgRenamed => {
                format!("renamed the organization from {subject} to {detail}")
            }
            ActivityKind::SlugChanged => {
                format!("moved the organization from /{subject} to /{detail}")
            }
            ActivityKind::RoleChanged => format!("changed the role of {subject}: {detail}"),
            ActivityKind::MemberRemoved => format!("removed {subject}"),
            ActivityKind::MemberLeft => "left the organization".to_owned(),
            ActivityKind::SubscriptionChanged => format!("changed the subscription: {detail}"),
            ActivityKind::Unknown => "changed something this version cannot name".to_owned(),
        }
    }
}

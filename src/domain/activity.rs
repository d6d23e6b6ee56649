//! An organization's audit log.

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr};
use time::OffsetDateTime;

use super::ActivityId;

/// What happened. The text is the database's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, EnumString, IntoStaticStr)]
pub enum ActivityKind {
    /// Subject: the organization's name.
    #[strum(serialize = "org.created")]
    OrgCreated,
    /// Subject: the old name; detail: the new one.
    #[strum(serialize = "org.renamed")]
    OrgRenamed,
    /// Subject: the old slug; detail: the new one.
    #[strum(serialize = "org.slug_changed")]
    SlugChanged,
    /// Subject: the member's name; detail: `from → to`.
    #[strum(serialize = "member.role_changed")]
    RoleChanged,
    /// Subject: the member's name.
    #[strum(serialize = "member.removed")]
    MemberRemoved,
    /// Subject: the member's name.
    #[strum(serialize = "member.left")]
    MemberLeft,
    /// Changed at Stripe; detail: plan and status.
    #[strum(serialize = "subscription.changed")]
    SubscriptionChanged,
    /// Written by a newer version of the program.
    #[strum(serialize = "unknown")]
    Unknown,
}

impl ActivityKind {
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// Reads the database's text; what this version does not know is [`Self::Unknown`].
    pub fn parse(text: &str) -> Self {
        text.parse().unwrap_or(Self::Unknown)
    }
}

/// One entry of the audit log, with names as they were at the time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Activity {
    pub id: ActivityId,
    /// Name of the user who did it, or "Stripe".
    pub actor: String,
    pub kind: ActivityKind,
    /// See [`ActivityKind`].
    pub subject: String,
    /// See [`ActivityKind`].
    pub detail: String,
    pub at: OffsetDateTime,
}

impl Activity {
    /// The entry as a sentence without its actor, such as "removed Ada".
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
            ActivityKind::Unknown => "did something this version does not know".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_survive_the_database() {
        assert_eq!(ActivityKind::RoleChanged.as_str(), "member.role_changed");
        assert_eq!(
            ActivityKind::parse("member.role_changed"),
            ActivityKind::RoleChanged
        );
        assert_eq!(
            ActivityKind::parse("member.teleported"),
            ActivityKind::Unknown
        );
    }
}

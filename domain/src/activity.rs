//! An organization's audit log.

use serde::{Deserialize, Serialize};
use strum::{EnumIter, EnumString, IntoStaticStr};
use time::OffsetDateTime;

use super::{ActivityGroup, ActivityId};

/// What happened. The text is the database's; what stands before its dot says what it is about
/// ([`Self::group`]).
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, EnumIter, EnumString, IntoStaticStr,
)]
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
    #[strum(serialize = "org.logo_changed")]
    LogoChanged,
    #[strum(serialize = "org.logo_removed")]
    LogoRemoved,
    /// Detail: the first day, as `2027-01-31`.
    #[strum(serialize = "org.second_factor_required")]
    SecondFactorRequired,
    #[strum(serialize = "org.second_factor_not_required")]
    SecondFactorNotRequired,
    /// Subject: the organization's name.
    #[strum(serialize = "org.deleted")]
    OrgDeleted,
    /// Subject: the organization's name.
    #[strum(serialize = "org.restored")]
    OrgRestored,
    /// Subject: the member's name; detail: `from → to`.
    #[strum(serialize = "member.role_changed")]
    RoleChanged,
    /// Subject: the member's name.
    #[strum(serialize = "member.removed")]
    MemberRemoved,
    /// Subject: the member's name.
    #[strum(serialize = "member.left")]
    MemberLeft,
    /// Subject: the member's name.
    #[strum(serialize = "member.suspended")]
    MemberSuspended,
    /// Subject: the member's name; detail: the role that came back.
    #[strum(serialize = "member.reinstated")]
    MemberReinstated,
    /// The list of members was taken away as a file. Detail: what it was asked for, as in the
    /// list's address; empty: everybody.
    #[strum(serialize = "member.exported")]
    MembersExported,
    /// A change of many members was asked for; what it does has entries of its own. Detail: what,
    /// such as `Suspend 12 members`.
    #[strum(serialize = "member.bulk_asked")]
    BulkChangeAsked,
    /// What it had not come to was left. Detail: as there.
    #[strum(serialize = "member.bulk_cancelled")]
    BulkChangeCancelled,
    /// It is taken back; that has entries of its own. Detail: as there.
    #[strum(serialize = "member.bulk_undone")]
    BulkChangeUndone,
    /// Subject: the receiver's name.
    #[strum(serialize = "ownership.offered")]
    OwnershipOffered,
    /// Done by the receiver. Subject: the former owner's name.
    #[strum(serialize = "ownership.accepted")]
    OwnershipAccepted,
    /// Done by the receiver. Subject: the name of who offered.
    #[strum(serialize = "ownership.declined")]
    OwnershipDeclined,
    /// Subject: the receiver's name.
    #[strum(serialize = "ownership.withdrawn")]
    OwnershipWithdrawn,
    /// Subject: the invited address; detail: the role.
    #[strum(serialize = "invitation.sent")]
    InvitationSent,
    /// Sent again, to the same address with the same role. Subject and detail: as there.
    #[strum(serialize = "invitation.resent")]
    InvitationResent,
    /// Another link was made, to be sent in another way. Subject and detail: as there.
    #[strum(serialize = "invitation.link_made")]
    InvitationLinkMade,
    /// The actor is who was invited. Subject and detail: as there.
    #[strum(serialize = "invitation.accepted")]
    InvitationAccepted,
    /// By whoever has the link: there is an actor only if somebody is signed in. Subject and
    /// detail: as there.
    #[strum(serialize = "invitation.declined")]
    InvitationDeclined,
    /// Subject and detail: as there.
    #[strum(serialize = "invitation.cancelled")]
    InvitationCancelled,
    /// Detail: for whom it is, such as `asks first`; empty: anybody.
    #[strum(serialize = "join_link.made")]
    JoinLinkMade,
    #[strum(serialize = "join_link.revoked")]
    JoinLinkRevoked,
    /// The actor followed it and became a member.
    #[strum(serialize = "join_link.used")]
    JoinLinkUsed,
    /// Subject: the domain.
    #[strum(serialize = "domain.verified")]
    DomainVerified,
    /// Subject: the domain; detail: `from → to`.
    #[strum(serialize = "domain.policy_changed")]
    DomainPolicyChanged,
    /// Subject: the domain.
    #[strum(serialize = "domain.removed")]
    DomainRemoved,
    /// The actor became a member by their address. Subject: the domain.
    #[strum(serialize = "domain.joined")]
    JoinedByDomain,
    /// By the actor.
    #[strum(serialize = "join_request.made")]
    JoinRequestMade,
    /// Subject: the name of who asked.
    #[strum(serialize = "join_request.accepted")]
    JoinRequestAccepted,
    /// Subject: as there.
    #[strum(serialize = "join_request.declined")]
    JoinRequestDeclined,
    /// Changed at Stripe; detail: plan and status.
    #[strum(serialize = "subscription.changed")]
    SubscriptionChanged,
    /// Detail: from what to what, and when.
    #[strum(serialize = "subscription.plan_changed")]
    PlanChanged,
    #[strum(serialize = "subscription.change_taken_back")]
    PlanChangeTakenBack,
    /// It ends with its period. Detail: why, in words of ours.
    #[strum(serialize = "subscription.cancelled")]
    SubscriptionCancelled,
    #[strum(serialize = "subscription.restored")]
    SubscriptionRestored,
    /// Detail: the address, or "the owners".
    #[strum(serialize = "billing.contact_changed")]
    BillingContactChanged,
    /// Detail: the limits from now on.
    #[strum(serialize = "platform.limits_changed")]
    StaffChangedLimits,
    #[strum(serialize = "platform.org_restored")]
    StaffRestoredOrg,
    #[strum(serialize = "platform.cache_flushed")]
    StaffFlushedCache,
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

    /// What it is about; `None`: this version does not know.
    pub fn group(self) -> Option<ActivityGroup> {
        match self {
            Self::Unknown => return None,
            Self::RoleChanged => return Some(ActivityGroup::Roles),
            _ => {}
        }
        Some(match self.as_str().split('.').next() {
            Some("member") => ActivityGroup::Members,
            Some("invitation" | "join") => ActivityGroup::Invitations,
            Some("subscription" | "billing" | "limits") => ActivityGroup::Billing,
            Some("platform") => ActivityGroup::Platform,
            _ => ActivityGroup::Settings,
        })
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

/// An entry with all that is kept of it, for whoever may read the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActivityEntry {
    pub activity: Activity,
    /// The network address it was done from; `None`: not by somebody's browser.
    pub address: Option<String>,
}

/// A part of a sentence about an [`Activity`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Phrase {
    /// Words of ours.
    Words(&'static str),
    /// A text from outside, which may run from right to left: it is shown isolated from the
    /// words around it.
    Text(String),
}

impl Activity {
    /// The entry as a sentence without its actor, such as "removed Ada".
    pub fn sentence(&self) -> Vec<Phrase> {
        use Phrase::Words;
        let subject = || Phrase::Text(self.subject.clone());
        let detail = || Phrase::Text(self.detail.clone());
        match self.kind {
            ActivityKind::OrgCreated => vec![Words("created the organization")],
            ActivityKind::OrgRenamed => vec![
                Words("renamed the organization from "),
                subject(),
                Words(" to "),
                detail(),
            ],
            ActivityKind::SlugChanged => vec![
                Words("moved the organization from /"),
                subject(),
                Words(" to /"),
                detail(),
            ],
            ActivityKind::LogoChanged => vec![Words("changed the logo")],
            ActivityKind::LogoRemoved => vec![Words("removed the logo")],
            ActivityKind::SecondFactorRequired => vec![
                Words("required a second factor of all members, from "),
                detail(),
                Words(" on"),
            ],
            ActivityKind::SecondFactorNotRequired => {
                vec![Words("stopped requiring a second factor of all members")]
            }
            ActivityKind::OrgDeleted => vec![Words("deleted the organization")],
            ActivityKind::OrgRestored => vec![Words("restored the organization")],
            ActivityKind::RoleChanged => vec![
                Words("changed the role of "),
                subject(),
                Words(": "),
                detail(),
            ],
            ActivityKind::MemberRemoved => vec![Words("removed "), subject()],
            ActivityKind::MemberLeft => vec![Words("left the organization")],
            ActivityKind::MemberSuspended => vec![Words("suspended "), subject()],
            ActivityKind::MemberReinstated => {
                vec![Words("reinstated "), subject(), Words(" as "), detail()]
            }
            ActivityKind::MembersExported if self.detail.is_empty() => {
                vec![Words("exported the list of members")]
            }
            ActivityKind::MembersExported => {
                vec![
                    Words("exported the list of members ("),
                    detail(),
                    Words(")"),
                ]
            }
            ActivityKind::BulkChangeAsked => {
                vec![Words("asked for a change of many members: "), detail()]
            }
            ActivityKind::BulkChangeCancelled => {
                vec![Words("cancelled the change of many members: "), detail()]
            }
            ActivityKind::BulkChangeUndone => {
                vec![Words("took back the change of many members: "), detail()]
            }
            ActivityKind::OwnershipOffered => vec![Words("offered ownership to "), subject()],
            ActivityKind::OwnershipAccepted => {
                vec![Words("became an owner in the place of "), subject()]
            }
            ActivityKind::OwnershipDeclined => {
                vec![
                    Words("declined the ownership that "),
                    subject(),
                    Words(" offered"),
                ]
            }
            ActivityKind::OwnershipWithdrawn => {
                vec![Words("withdrew the offer of ownership to "), subject()]
            }
            ActivityKind::InvitationSent => {
                vec![Words("invited "), subject(), Words(" as "), detail()]
            }
            ActivityKind::InvitationResent => vec![Words("invited "), subject(), Words(" again")],
            ActivityKind::InvitationLinkMade => {
                vec![Words("copied the link of the invitation of "), subject()]
            }
            ActivityKind::InvitationAccepted => {
                vec![Words("accepted the invitation and joined as "), detail()]
            }
            ActivityKind::InvitationDeclined => {
                vec![Words("declined the invitation of "), subject()]
            }
            ActivityKind::InvitationCancelled => {
                vec![Words("cancelled the invitation of "), subject()]
            }
            ActivityKind::JoinLinkMade if self.detail.is_empty() => vec![Words("made a join link")],
            ActivityKind::JoinLinkMade => {
                vec![Words("made a join link ("), detail(), Words(")")]
            }
            ActivityKind::JoinLinkRevoked => vec![Words("revoked a join link")],
            ActivityKind::JoinLinkUsed => vec![Words("joined by a link")],
            ActivityKind::DomainVerified => vec![Words("verified the domain "), subject()],
            ActivityKind::DomainPolicyChanged => vec![
                Words("changed what people of "),
                subject(),
                Words(" can do: "),
                detail(),
            ],
            ActivityKind::DomainRemoved => vec![Words("removed the domain "), subject()],
            ActivityKind::JoinedByDomain => {
                vec![Words("joined by an address at "), subject()]
            }
            ActivityKind::JoinRequestMade => vec![Words("asked to join")],
            ActivityKind::JoinRequestAccepted => {
                vec![
                    Words("accepted the request of "),
                    subject(),
                    Words(" to join"),
                ]
            }
            ActivityKind::JoinRequestDeclined => {
                vec![
                    Words("declined the request of "),
                    subject(),
                    Words(" to join"),
                ]
            }
            ActivityKind::SubscriptionChanged => {
                vec![Words("changed the subscription: "), detail()]
            }
            ActivityKind::PlanChanged => vec![Words("changed the plan: "), detail()],
            ActivityKind::PlanChangeTakenBack => {
                vec![Words("took back the change of plan that was to come")]
            }
            ActivityKind::SubscriptionCancelled => {
                vec![Words("cancelled the subscription: "), detail()]
            }
            ActivityKind::SubscriptionRestored => vec![Words("restored the subscription")],
            ActivityKind::BillingContactChanged => vec![
                Words("changed where mails about payments go: to "),
                detail(),
            ],
            ActivityKind::StaffChangedLimits => vec![Words("changed the limits: "), detail()],
            ActivityKind::StaffRestoredOrg => vec![Words("restored the organization")],
            ActivityKind::StaffFlushedCache => vec![Words("flushed the cache")],
            ActivityKind::Unknown => vec![Words("did something this version does not know")],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_about_something() {
        use strum::IntoEnumIterator as _;
        for kind in ActivityKind::iter() {
            assert_eq!(kind.group().is_none(), kind == ActivityKind::Unknown);
            assert_eq!(ActivityKind::parse(kind.as_str()), kind);
        }
        let of = |kind: ActivityKind| kind.group();
        assert_eq!(of(ActivityKind::MemberLeft), Some(ActivityGroup::Members));
        assert_eq!(of(ActivityKind::RoleChanged), Some(ActivityGroup::Roles));
        assert_eq!(of(ActivityKind::SlugChanged), Some(ActivityGroup::Settings));
        assert_eq!(
            of(ActivityKind::SubscriptionChanged),
            Some(ActivityGroup::Billing)
        );
    }

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

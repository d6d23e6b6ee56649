//! Organizations, and what one of their people sees of them.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::{Activity, Invalid, MemberId, OrgId, OrgSlug, Role, UserId, user::parse_name};

/// An organization's name, 1 to 100 characters without surrounding white space.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrgName(String);

impl OrgName {
    /// Parses what a person typed.
    ///
    /// # Errors
    /// [`Invalid`] for the field `name`.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        parse_name(text).map(Self)
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// One person's membership of one organization, with what every page of the
/// organization shows of it. Data, not proof: only `access` makes the proof.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Membership {
    /// The membership's own id.
    pub member_id: MemberId,
    /// The member.
    pub user_id: UserId,
    /// What the member may do.
    pub role: Role,
    /// The organization.
    pub org_id: OrgId,
    /// Its current slug, also when it was looked up by a former one.
    pub org_slug: OrgSlug,
    /// Its name.
    pub org_name: String,
    /// Address of its logo, if it has one.
    pub org_logo_url: Option<String>,
}

/// What a slug and a person come to: the organization the slug leads to, and the
/// person's membership of it, if there is one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MembershipLookup {
    /// The organization, named also when the person is no member: a copy of this
    /// answer must be dropped when they become one.
    pub org_id: OrgId,
    /// The membership.
    pub membership: Option<Membership>,
}

/// A line of "my organizations".
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrgSummary {
    /// The organization.
    pub id: OrgId,
    /// Its slug.
    pub slug: OrgSlug,
    /// Its name.
    pub name: String,
    /// Address of its logo, if it has one.
    pub logo_url: Option<String>,
    /// My role in it.
    pub role: Role,
}

/// Whom to ask in an organization: its oldest owner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnerContact {
    /// Display name.
    pub name: String,
    /// Address.
    pub email: String,
}

/// What the overview page shows beyond the membership and the subscription.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrgOverview {
    /// Whom to ask.
    pub owner: Option<OwnerContact>,
    /// Exact number of members.
    pub member_count: i64,
    /// When the organization was created.
    pub created_at: OffsetDateTime,
    /// The latest entries of the audit log, newest first, five at most.
    pub recent_activity: Vec<Activity>,
}

//! Organizations, and what their members see of them.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::{Activity, Invalid, MemberId, OrgId, OrgSlug, Role, UserId, user::parse_name};

/// An organization's name: 1 to 100 characters without surrounding white space.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrgName(String);

impl OrgName {
    /// # Errors
    /// [`Invalid`] for the field `name`.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        parse_name(text).map(Self)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// One user's membership of one organization, with what every page of the
/// organization shows. Data, not proof: only `access` makes the proof.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Membership {
    pub member_id: MemberId,
    pub user_id: UserId,
    pub role: Role,
    pub org_id: OrgId,
    /// The organization's current slug, also when it was looked up by a former one.
    pub org_slug: OrgSlug,
    pub org_name: String,
    pub org_logo_url: Option<String>,
}

/// The organization a slug names, and a user's membership of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MembershipLookup {
    /// Also known for non-members: the cached answer must end when they join.
    pub org_id: OrgId,
    /// `None`: the user is not a member.
    pub membership: Option<Membership>,
}

/// One line of a user's list of organizations.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrgSummary {
    pub id: OrgId,
    pub slug: OrgSlug,
    pub name: String,
    pub logo_url: Option<String>,
    /// The user's role.
    pub role: Role,
}

/// Whom to contact in an organization: its oldest owner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnerContact {
    pub name: String,
    pub email: String,
}

/// What the overview page shows beyond the membership and the subscription.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrgOverview {
    /// Whose overview this is: compared with the reader's membership before use.
    pub org_id: OrgId,
    pub owner: Option<OwnerContact>,
    /// Exact.
    pub member_count: i64,
    pub created_at: OffsetDateTime,
    /// The latest five entries of the audit log, newest first.
    pub recent_activity: Vec<Activity>,
}

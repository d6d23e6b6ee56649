//! Organizations, and what their members see of them.

use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use super::{
    Activity, Invalid, MemberId, OrgId, OrgSlug, OwnershipOffer, PictureHash, Role, UserId,
    text::parse_name,
};

/// An organization's name: 1 to 100 characters that can be seen; [`super::text`] has the
/// rule.
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

impl AsRef<str> for OrgName {
    fn as_ref(&self) -> &str {
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
    pub org_logo: Option<PictureHash>,
    /// From when on members need a second factor, if they do.
    pub second_factor_from: Option<OffsetDateTime>,
    /// When the organization was deleted, if it was. Only owners have a membership of one
    /// that was.
    pub deleted_at: Option<OffsetDateTime>,
}

/// How long an organization that was deleted can be restored.
pub const RESTORABLE_FOR: Duration = Duration::days(30);

/// Why a member has no access to an organization of theirs, and may know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Barred {
    /// It was deleted, and the user owns it.
    Deleted {
        slug: OrgSlug,
        name: String,
        deleted_at: OffsetDateTime,
        /// Until then it can be restored.
        restorable_until: OffsetDateTime,
    },
    /// Its members need a second factor, and the user has none.
    SecondFactor { slug: OrgSlug, name: String },
}

/// The organization a slug names, and a user's membership of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MembershipLookup {
    /// Also known for non-members: the cached answer must end when they join.
    pub org_id: OrgId,
    /// `None`: the user is not a member, is suspended, or is no owner of an organization that
    /// was deleted.
    pub membership: Option<Membership>,
}

/// One line of a user's list of organizations.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrgSummary {
    pub id: OrgId,
    pub slug: OrgSlug,
    pub name: String,
    pub logo: Option<PictureHash>,
    /// The user's role.
    pub role: Role,
}

/// The slugs that an organization had before; all of them still lead to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormerSlugs {
    /// Whose they are: compared with the reader's membership before use.
    pub org_id: OrgId,
    /// In the order in which they were first used.
    pub slugs: Vec<OrgSlug>,
}

/// An organization that was deleted, as an owner sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeletedOrg {
    pub id: OrgId,
    pub slug: OrgSlug,
    pub name: String,
    pub deleted_at: OffsetDateTime,
}

impl DeletedOrg {
    /// From then on nobody can restore it.
    pub fn restorable_until(&self) -> OffsetDateTime {
        self.deleted_at + RESTORABLE_FOR
    }
}

/// Whom to contact in an organization: its oldest owner who is not suspended.
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
    /// The last offer of ownership that nobody has decided on, be it over or not.
    pub ownership_offer: Option<OwnershipOffer>,
}

impl OrgOverview {
    /// The offer of ownership that can still be taken. What is cached does not end with an
    /// offer's time, so that is compared at each use.
    pub fn offer_at(&self, now: OffsetDateTime) -> Option<&OwnershipOffer> {
        let offer = self.ownership_offer.as_ref();
        offer.filter(|offer| offer.expires_at > now)
    }

    /// When [`Self::offer_at`] becomes `None`.
    pub fn offer_ends(&self, now: OffsetDateTime) -> Option<OffsetDateTime> {
        self.offer_at(now).map(|offer| offer.expires_at)
    }
}

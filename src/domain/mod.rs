//! The nouns of the product and the rules that need nothing but themselves.
//!
//! Input becomes one of these types once, at the edge; from there on it is
//! trusted. Nothing here knows of a database, a cache or a request.

pub mod activity;
pub mod email;
pub mod ids;
pub mod invalid;
pub mod member;
pub mod org;
pub mod page;
pub mod permission;
pub mod plan;
pub mod session;
pub mod slug;
pub mod subscription;
pub mod user;

pub use activity::{Activity, ActivityKind};
pub use email::Email;
pub use ids::{ActivityId, MemberId, OrgId, UserId};
pub use invalid::Invalid;
pub use member::{MemberListQuery, MemberPage, MemberRow, MemberSort, Role, RoleFilter};
pub use org::{Membership, MembershipLookup, OrgName, OrgOverview, OrgSummary, OwnerContact};
pub use page::{PAGE_SIZE, Page, PageNumber};
pub use permission::Permission;
pub use plan::{BillingInterval, Limits, Plan};
pub use session::SessionSnapshot;
pub use slug::{OrgSegment, OrgSlug};
pub use subscription::{Subscription, SubscriptionStatus, SubscriptionView};
pub use user::CurrentUser;

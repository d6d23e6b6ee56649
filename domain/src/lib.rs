//! The nouns of the product and the rules that need nothing but themselves, and its addresses
//! ([`routes`]), for server and browser.
//!
//! Input becomes one of these types once, at the edge; from there on it is
//! trusted. Nothing here knows of a database, a cache or a request. (That the types can be
//! bound to a query is said here too, behind the feature `server`, because nobody else may.)

pub mod account_token;
pub mod activity;
pub mod activity_list;
pub mod billing;
pub mod bulk_change;
pub mod device;
pub mod edit;
pub mod email;
pub mod identity;
pub mod ids;
pub mod invalid;
pub mod invitation;
pub mod invitee;
pub mod joining;
pub mod mail_domain;
pub mod member;
mod member_cursor;
mod member_marks;
pub mod money;
pub mod numbers;
pub mod org;
pub mod org_list;
pub mod ownership;
pub mod page;
pub mod passkey;
pub mod password;
pub mod permission;
pub mod picture;
pub mod plan;
pub mod platform;
#[cfg(feature = "server")]
mod postgres;
pub mod routes;
pub mod second_factor_rule;
pub mod second_factors;
pub mod session;
pub mod slug;
pub mod subscription;
pub mod subscription_terms;
pub mod text;
pub mod user;

pub use account_token::TokenKind;
pub use activity::{Activity, ActivityEntry, ActivityKind};
pub use activity_list::{ActivityGroup, ActivityListQuery, ActivityPage, ActivityPosition};
pub use billing::{
    CancelFeedback, CancelReason, ChangePreview, CheckoutOutcome, Invoice, InvoicePage,
    LedgerEntry, LedgerEvent, LedgerFilter, LimitedThing, ListedPrice, MAX_CANCEL_COMMENT,
    OverLimit, PortalPage, PriceList, TRIAL_DAYS, TakesEffect,
};
pub use bulk_change::{
    BulkAction, BulkChange, BulkCounts, BulkEnd, BulkPreview, BulkReport, BulkRow, BulkState,
    MOST_CHANGED, RowOutcome, SomeMembers, Standing, UNDO_FOR, UndoOutcome,
};
pub use device::Device;
pub use edit::Edit;
pub use email::Email;
pub use identity::{
    ConnectedProvider, Identity, Provider, ProviderName, ProviderProblem, UserProviders,
};
pub use ids::{
    ActivityId, BulkChangeId, DraftId, IdentityId, InvitationId, JoinLinkId, JoinRequestId, MailId,
    MemberId, OrgId, PasskeyId, PlatformActId, SessionId, UserId,
};
pub use invalid::Invalid;
pub use invitation::{
    CheckedDraft, CheckedRow, INVITATION_LIFETIME, InvitationDetails, InvitationListQuery,
    InvitationPage, InvitationRow, InvitationState, MAX_IMPORTED, MAX_PASTED, RowResult, Seats,
    SentRow,
};
pub use invitee::{parse_invitee, split_pasted};
pub use joining::{
    DECLINED_FOR, DOMAIN_CODE_LIFETIME, DomainPolicy, JoinLink, JoinLinkLife, JoinLinkTerms,
    JoinOffer, JoinRequest, JoinStanding, JoinWay, JoinableOrg, Joined, MAX_JOIN_LINKS,
    MAX_ORG_DOMAINS, OrgDomain, PendingDomain, WaysToJoin, request_page_in,
};
pub use mail_domain::MailDomain;
pub use member::{
    Inactivity, MemberListQuery, MemberPage, MemberRow, MemberSort, MemberStatus, MemberTotal,
    NO_FACTOR, Role, RoleFilter,
};
pub use member_cursor::{ListFrom, MemberCursor};
pub use member_marks::{MemberMarks, Skipped};
pub use money::{Currency, Money};
pub use numbers::grouped;
pub use org::{
    Barred, DeletedOrg, FormerSlugs, Membership, MembershipLookup, OrgName, OrgOverview,
    OrgSummary, OwnerContact, RESTORABLE_FOR,
};
pub use org_list::OrgListQuery;
pub use ownership::OwnershipOffer;
pub use page::{COUNT_CAP, PAGE_SIZE, Page, PageNumber, PageSize};
pub use passkey::{Passkey, PasskeyName};
pub use password::NewPassword;
pub use permission::Permission;
pub use picture::{PictureHash, PictureOf};
pub use plan::{BillingInterval, Limits, Plan};
pub use platform::{LimitOverride, PlatformAct, PlatformActKind, RecordQuery};
pub use second_factor_rule::{FirstDay, NamedMember, WithoutSecondFactor};
pub use second_factors::{FactorChoice, RECOVERY_CODES, SecondFactors, TotpSetUp};
pub use session::{OwnSession, SessionSnapshot};
pub use slug::{OrgSegment, OrgSlug};
pub use subscription::{Subscription, SubscriptionStatus, SubscriptionView};
pub use subscription_terms::{
    Certainty, Charge, ComingChange, Conflict, Cycle, Discount, DiscountAmount, Pause, PendingWish,
    Terms, WishKind,
};
pub use user::{CurrentUser, UserName};

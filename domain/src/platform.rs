//! What platform admins see of the whole site, and the log of what they did.

use strum::{EnumString, IntoStaticStr};
use time::OffsetDateTime;

use super::{
    Email, Invalid, Limits, OrgId, OrgSlug, PageNumber, Plan, PlatformActId, Role,
    SubscriptionView, UserId,
    activity::Phrase::{self, Text, Words},
    text,
};

/// How an organization's own audit log calls a platform admin: its members need not know who
/// of us it was. The platform's log says it.
pub const STAFF: &str = "Orghub staff";

/// What a platform admin did. The text is the database's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, IntoStaticStr)]
pub enum PlatformActKind {
    /// Subject: the organization's slug; detail: the limits from now on.
    #[strum(serialize = "org.limits_changed")]
    LimitsChanged,
    /// Subject: the organization's slug.
    #[strum(serialize = "org.restored")]
    OrgRestored,
    /// Subject: the organization's slug.
    #[strum(serialize = "cache.org_flushed")]
    OrgFlushed,
    /// Subject: the user's address.
    #[strum(serialize = "cache.user_flushed")]
    UserFlushed,
    #[strum(serialize = "cache.flushed")]
    AllFlushed,
    /// Subject: the user's address.
    #[strum(serialize = "user.suspended")]
    UserSuspended,
    /// Subject: the user's address.
    #[strum(serialize = "user.reinstated")]
    UserReinstated,
    /// Subject: the user's address.
    #[strum(serialize = "user.signed_out")]
    UserSignedOut,
    #[strum(serialize = "sessions.everybody_signed_out")]
    EverybodySignedOut,
    /// Subject: the kind, or the number, of the jobs; detail: how many there were.
    #[strum(serialize = "jobs.retried")]
    JobsRetried,
    /// Subject: the job's number.
    #[strum(serialize = "jobs.dropped")]
    JobDropped,
    /// Subject: the event's id; detail: its type.
    #[strum(serialize = "webhook.retried")]
    WebhookRetried,
    /// Written by a newer version of the program.
    #[strum(serialize = "unknown")]
    Unknown,
}

impl PlatformActKind {
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// Reads the database's text; what this version does not know is [`Self::Unknown`].
    pub fn parse(text: &str) -> Self {
        text.parse().unwrap_or(Self::Unknown)
    }
}

/// One entry of the platform's log, with names as they were at the time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlatformAct {
    pub id: PlatformActId,
    pub actor: String,
    pub kind: PlatformActKind,
    /// See [`PlatformActKind`].
    pub subject: String,
    /// See [`PlatformActKind`].
    pub detail: String,
    /// The network address the request came from.
    pub address: Option<String>,
    pub at: OffsetDateTime,
}

impl PlatformAct {
    /// The entry as a sentence without its actor.
    pub fn sentence(&self) -> Vec<Phrase> {
        let subject = || Text(self.subject.clone());
        let detail = || Text(self.detail.clone());
        match self.kind {
            PlatformActKind::LimitsChanged => vec![
                Words("changed the limits of /"),
                subject(),
                Words(": "),
                detail(),
            ],
            PlatformActKind::OrgRestored => vec![Words("restored /"), subject()],
            PlatformActKind::OrgFlushed => vec![Words("flushed the cache of /"), subject()],
            PlatformActKind::UserFlushed => vec![Words("flushed the cache of "), subject()],
            PlatformActKind::AllFlushed => vec![Words("flushed the whole cache")],
            PlatformActKind::UserSuspended => vec![Words("suspended "), subject()],
            PlatformActKind::UserReinstated => vec![Words("reinstated "), subject()],
            PlatformActKind::UserSignedOut => {
                vec![Words("signed "), subject(), Words(" out everywhere")]
            }
            PlatformActKind::EverybodySignedOut => vec![Words("signed everybody out")],
            PlatformActKind::JobsRetried => {
                vec![Words("retried jobs: "), subject(), Words(", "), detail()]
            }
            PlatformActKind::JobDropped => vec![Words("dropped the job "), subject()],
            PlatformActKind::WebhookRetried => vec![
                Words("retried the event "),
                subject(),
                Words(", "),
                detail(),
            ],
            PlatformActKind::Unknown => vec![Words("did something this version does not know")],
        }
    }
}

/// A list of organizations or users that an address asks for. Reading it never fails:
/// nonsense means the default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecordQuery {
    pub page: PageNumber,
    /// What to look for ([`text::clean_search`]), taken literally; empty: all.
    pub search: String,
}

impl RecordQuery {
    /// Reads the parameters `page` and `q` of an address's query. Of one that is there
    /// twice, the last counts.
    pub fn from_query(query: &str) -> Self {
        let mut list = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "page" => list.page = PageNumber::parse(&value),
                "q" => list.search = text::clean_search(&value),
                _ => {}
            }
        }
        list
    }

    /// Another page of the same list.
    pub fn at_page(&self, page: PageNumber) -> Self {
        Self {
            page,
            ..self.clone()
        }
    }

    /// The address's parameters in a fixed order, defaults left out.
    pub fn to_params(&self) -> Vec<(&'static str, String)> {
        let mut params = Vec::new();
        if !self.search.is_empty() {
            params.push(("q", self.search.clone()));
        }
        if self.page != PageNumber::FIRST {
            params.push(("page", self.page.to_string()));
        }
        params
    }
}

/// The site in a few figures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PlatformCounts {
    pub users: i64,
    pub suspended_users: i64,
    /// Those that can be used.
    pub orgs: i64,
    /// Deleted, and not yet removed.
    pub deleted_orgs: i64,
    /// With a subscription that has not ended.
    pub subscribed_orgs: i64,
}

/// One line of the list of organizations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrgLine {
    pub id: OrgId,
    pub slug: OrgSlug,
    pub name: String,
    pub plan: Plan,
    pub members: i64,
    pub created_at: OffsetDateTime,
    pub is_deleted: bool,
}

/// Limits that an organization has instead of its plan's; `None` keeps the plan's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LimitOverride {
    pub members: Option<u32>,
    pub projects: Option<u32>,
    pub storage_gb: Option<u32>,
}

impl LimitOverride {
    /// Far more than anybody uses, and far from what the database can hold.
    pub const MOST: u32 = 10_000_000;

    /// What was typed; an empty field keeps the plan's limit.
    ///
    /// # Errors
    /// [`Invalid`] on the field `members`, `projects` or `storage_gb`.
    pub fn parse(members: &str, projects: &str, storage_gb: &str) -> Result<Self, Invalid> {
        Ok(Self {
            members: parse_limit("members", members)?,
            projects: parse_limit("projects", projects)?,
            storage_gb: parse_limit("storage_gb", storage_gb)?,
        })
    }

    /// What the organization may use on a plan with these limits.
    pub fn over(self, plan: Limits) -> Limits {
        Limits {
            members: self.members.unwrap_or(plan.members),
            projects: self.projects.unwrap_or(plan.projects),
            storage_gb: self.storage_gb.unwrap_or(plan.storage_gb),
        }
    }

    /// In words, for the logs.
    pub fn in_words(self) -> String {
        let one = |name: &str, limit: Option<u32>| match limit {
            Some(limit) => format!("{name} {limit}"),
            None => format!("{name} as in the plan"),
        };
        [
            one("members", self.members),
            one("projects", self.projects),
            one("GB", self.storage_gb),
        ]
        .join(", ")
    }
}

fn parse_limit(field: &str, typed: &str) -> Result<Option<u32>, Invalid> {
    let typed = text::trimmed(typed);
    if typed.is_empty() {
        return Ok(None);
    }
    let is_number = typed.bytes().all(|b| b.is_ascii_digit());
    let limit = typed
        .parse()
        .ok()
        .filter(|limit| *limit <= LimitOverride::MOST);
    match limit {
        Some(limit) if is_number => Ok(Some(limit)),
        _ => Err(Invalid::new(
            field,
            "Type a whole number up to 10,000,000, or nothing for the plan’s own limit.",
        )),
    }
}

/// An owner of an organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrgOwner {
    pub user_id: UserId,
    pub name: String,
    pub email: String,
}

/// All that is shown of one organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrgRecord {
    pub id: OrgId,
    pub slug: OrgSlug,
    pub name: String,
    pub created_at: OffsetDateTime,
    pub deleted_at: Option<OffsetDateTime>,
    pub members: i64,
    /// The oldest first; no more than a page shows.
    pub owners: Vec<OrgOwner>,
    pub limit_override: LimitOverride,
    /// Plan, status, seats and limits as they hold now.
    pub subscription: SubscriptionView,
}

/// One line of the list of users.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserLine {
    pub id: UserId,
    pub name: String,
    pub email: Email,
    pub created_at: OffsetDateTime,
    pub is_suspended: bool,
    pub is_platform_admin: bool,
}

/// A user's membership, as platform admins see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserMembership {
    pub org_id: OrgId,
    pub slug: OrgSlug,
    pub org_name: String,
    pub role: Role,
    pub joined_at: OffsetDateTime,
    pub is_suspended: bool,
    /// Whether the organization is.
    pub is_deleted: bool,
}

/// All that is shown of one user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserRecord {
    pub id: UserId,
    pub name: String,
    pub email: Email,
    pub email_verified: bool,
    pub created_at: OffsetDateTime,
    pub suspended_at: Option<OffsetDateTime>,
    pub is_platform_admin: bool,
    pub has_password: bool,
    pub has_second_factor: bool,
    /// Live ones.
    pub sessions: i64,
    /// The oldest first; no more than a page shows.
    pub memberships: Vec<UserMembership>,
}

/// What became of the look-ups of one kind of cached value on this node since it started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FamilyStatus {
    pub name: &'static str,
    /// Outcomes, as the metrics name them, and how often each was.
    pub outcomes: Vec<(&'static str, u64)>,
}

impl FamilyStatus {
    /// Outcomes for which PostgreSQL was not asked.
    const HITS: [&str; 4] = ["near_hit", "offered", "redis_hit", "joined"];
    /// Outcomes for which it was.
    const MISSES: [&str; 2] = ["fill", "bypass"];

    fn sum(&self, of: &[&str]) -> u64 {
        let counted = self.outcomes.iter().filter(|(name, _)| of.contains(name));
        counted.map(|(_, count)| count).sum()
    }

    pub fn lookups(&self) -> u64 {
        self.sum(&Self::HITS) + self.sum(&Self::MISSES)
    }

    /// Look-ups of a hundred that did not ask PostgreSQL; `None`: there were none.
    pub fn hit_percent(&self) -> Option<f64> {
        let lookups = self.lookups();
        (lookups > 0).then(|| self.sum(&Self::HITS) as f64 * 100.0 / lookups as f64)
    }
}

/// The cache of this node.
#[derive(Clone, Debug, PartialEq)]
pub struct CacheStatus {
    pub families: Vec<FamilyStatus>,
    pub near_bytes: u64,
    /// Whether cached values may be used.
    pub lease_is_running: bool,
    /// Seconds since the change log was last read; `None`: never.
    pub last_poll_seconds: Option<f64>,
    /// Age of the oldest transaction that has written something, in seconds. `None`: the
    /// database did not say.
    pub oldest_write_seconds: Option<f64>,
    /// What the breaker before Redis lets through; `None`: there is no Redis.
    pub breaker: Option<&'static str>,
    /// A round trip to Redis just now, in seconds; `None`: no answer.
    pub redis_seconds: Option<f64>,
}

/// How much of one kind of jobs waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaitingJobs {
    pub kind: String,
    pub due: i64,
    /// When the one that has been due longest should have run.
    pub oldest_due: Option<OffsetDateTime>,
    pub dead: i64,
}

/// A job that failed: a dead letter, or to be run again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedJob {
    pub id: i64,
    pub kind: String,
    pub attempts: i32,
    pub run_at: OffsetDateTime,
    pub dead_at: Option<OffsetDateTime>,
    pub last_error: Option<String>,
}

/// Which dead letters to run again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobChoice {
    One(i64),
    /// All of one kind.
    Kind(String),
    All,
}

/// The queue, over all nodes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QueueStatus {
    pub kinds: Vec<WaitingJobs>,
    /// Dead letters, the latest first, and then what runs again; no more than a page shows.
    pub failed: Vec<FailedJob>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_survive_the_database() {
        let kind = PlatformActKind::LimitsChanged;
        assert_eq!(kind.as_str(), "org.limits_changed");
        assert_eq!(PlatformActKind::parse(kind.as_str()), kind);
        assert_eq!(
            PlatformActKind::parse("user.praised"),
            PlatformActKind::Unknown
        );
    }

    #[test]
    fn nonsense_in_an_address_means_the_default() {
        for query in ["", "page", "page=-1", "q=%00", "x=%ff", "&&="] {
            assert_eq!(RecordQuery::from_query(query), RecordQuery::default());
        }
        let list = RecordQuery::from_query("page=2&q=a+b&page=3");
        assert_eq!(
            list.to_params(),
            [("q", "a b".to_owned()), ("page", "3".to_owned())]
        );
    }

    #[test]
    fn an_empty_field_keeps_the_limit_of_the_plan() {
        let limits = LimitOverride::parse(" 7 ", "", "0").expect("limits");
        assert_eq!(
            limits,
            LimitOverride {
                members: Some(7),
                projects: None,
                storage_gb: Some(0),
            }
        );
        let plan = Plan::Pro.limits();
        assert_eq!(limits.over(plan).members, 7);
        assert_eq!(limits.over(plan).projects, plan.projects);
        assert_eq!(
            limits.in_words(),
            "members 7, projects as in the plan, GB 0"
        );
        for typed in ["-1", "+1", "1.5", "x", "10000001", "99999999999", "1 000"] {
            let refused = LimitOverride::parse("", typed, "").expect_err(typed);
            assert_eq!(refused.field.as_deref(), Some("projects"), "{typed}");
        }
    }

    #[test]
    fn a_family_that_nobody_asked_has_no_ratio() {
        let family = |outcomes: &[(&'static str, u64)]| FamilyStatus {
            name: "membership",
            outcomes: outcomes.to_vec(),
        };
        assert_eq!(family(&[]).hit_percent(), None);
        assert_eq!(family(&[("prefetched", 3)]).hit_percent(), None);
        let asked = family(&[
            ("near_hit", 2),
            ("joined", 1),
            ("fill", 1),
            ("prefetched", 9),
        ]);
        assert_eq!((asked.lookups(), asked.hit_percent()), (4, Some(75.0)));
    }
}

//! Ways to join an organization without an invitation: links, domains, requests.

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr};
use time::{Duration, OffsetDateTime};

use super::{
    Email, JoinLinkId, JoinRequestId, MailDomain, OrgId, OrgSlug, Page, PageNumber, PictureHash,
};
#[cfg(feature = "server")]
use super::{Invalid, text};

/// Links that an organization can have at a time: enough for a few teams, and few enough to
/// keep in sight.
pub const MAX_JOIN_LINKS: i64 = 10;

/// Domains that an organization can have.
pub const MAX_ORG_DOMAINS: i64 = 10;

/// How long a mailed code works.
pub const DOMAIN_CODE_LIFETIME: Duration = Duration::minutes(15);

/// How long somebody who was declined cannot ask again by the same way.
pub const DECLINED_FOR: Duration = Duration::days(7);

/// Domains that a link can be limited to.
#[cfg(feature = "server")]
const MAX_ALLOWED_DOMAINS: usize = 20;

/// People whom a limit of a link can let in.
#[cfg(feature = "server")]
const MOST_USES: i32 = 10_000;

/// How long a new link works.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum JoinLinkLife {
    Day,
    #[default]
    Week,
    Month,
    Endless,
}

impl JoinLinkLife {
    pub const ALL: [Self; 4] = [Self::Day, Self::Week, Self::Month, Self::Endless];

    pub fn as_str(self) -> &'static str {
        self.into()
    }

    pub fn label(self) -> &'static str {
        match self {
            Self::Day => "1 day",
            Self::Week => "7 days",
            Self::Month => "30 days",
            Self::Endless => "Until it is revoked",
        }
    }

    /// `None`: it does not end by itself.
    pub fn duration(self) -> Option<Duration> {
        match self {
            Self::Day => Some(Duration::DAY),
            Self::Week => Some(Duration::WEEK),
            Self::Month => Some(Duration::days(30)),
            Self::Endless => None,
        }
    }
}

/// For whom a new link is, and for how long.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JoinLinkTerms {
    pub life: JoinLinkLife,
    /// People whom it lets in; `None`: as many as there are seats.
    pub most_uses: Option<i32>,
    /// Domains of their addresses; empty: any.
    pub allowed_domains: Vec<MailDomain>,
    /// They ask, and somebody answers.
    pub asks_first: bool,
}

#[cfg(feature = "server")]
impl JoinLinkTerms {
    /// Parses the fields of a form: `life`, `most_uses` (empty: no limit), `domains` (with
    /// white space or commas in between), and the box `asks_first`, which is sent if it is
    /// ticked.
    ///
    /// # Errors
    /// [`Invalid`] for one of these fields.
    pub fn parse(
        life: &str,
        most_uses: &str,
        domains: &str,
        asks_first: &str,
    ) -> Result<Self, Invalid> {
        let life: JoinLinkLife = life
            .parse()
            .map_err(|_unknown| Invalid::new("life", "Choose how long the link works."))?;
        let most_uses = match text::trimmed(most_uses) {
            "" => None,
            typed => Some(
                typed
                    .parse::<i32>()
                    .ok()
                    .filter(|uses| (1..=MOST_USES).contains(uses))
                    .ok_or_else(|| {
                        Invalid::new(
                            "most_uses",
                            "Enter a number from 1 to 10,000, or nothing for no limit.",
                        )
                    })?,
            ),
        };
        let mut allowed_domains = domains
            .split(|c: char| c.is_whitespace() || matches!(c, ',' | ';'))
            .filter(|domain| !domain.is_empty())
            .map(|domain| {
                MailDomain::parse(domain).map_err(|_no_domain| {
                    Invalid::new(
                        "domains",
                        format!(
                            "“{}” is no domain. Write them like example.com.",
                            short(domain)
                        ),
                    )
                })
            })
            .collect::<Result<Vec<_>, _>>()?;
        allowed_domains.sort();
        allowed_domains.dedup();
        if allowed_domains.len() > MAX_ALLOWED_DOMAINS {
            return Err(Invalid::new(
                "domains",
                format!("Enter {MAX_ALLOWED_DOMAINS} domains at most."),
            ));
        }
        Ok(Self {
            life,
            most_uses,
            allowed_domains,
            asks_first: !asks_first.is_empty(),
        })
    }
}

/// As much of what was typed as a sentence can hold.
#[cfg(feature = "server")]
fn short(typed: &str) -> String {
    let kept: String = typed.chars().take(60).collect();
    text::isolated(&kept).into_owned()
}

/// A link that works, for those who may revoke it. Nobody can read its secret again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JoinLink {
    pub id: JoinLinkId,
    /// Name of who made it; `None`: their account is gone.
    pub made_by: Option<String>,
    pub created_at: OffsetDateTime,
    /// `None`: it does not end by itself.
    pub expires_at: Option<OffsetDateTime>,
    pub most_uses: Option<i32>,
    /// People whom it let in, or had ask.
    pub uses: i32,
    pub allowed_domains: Vec<MailDomain>,
    pub asks_first: bool,
}

/// What somebody with a verified address at a domain of the organization can do. The text is
/// the database's.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, EnumString, IntoStaticStr,
)]
#[strum(serialize_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum DomainPolicy {
    /// Nothing.
    #[default]
    Off,
    /// Ask; somebody answers.
    MayAsk,
    /// Join, by a button in their list of organizations.
    MayJoin,
    /// And whoever verifies such an address becomes a member in that moment.
    Joins,
}

impl DomainPolicy {
    pub const ALL: [Self; 4] = [Self::Off, Self::MayAsk, Self::MayJoin, Self::Joins];

    pub fn as_str(self) -> &'static str {
        self.into()
    }

    pub fn label(self) -> &'static str {
        match self {
            Self::Off => "Cannot join by it",
            Self::MayAsk => "May ask to join",
            Self::MayJoin => "May join",
            Self::Joins => "Join by themselves",
        }
    }

    /// Whether a button makes them members.
    pub fn lets_join(self) -> bool {
        matches!(self, Self::MayJoin | Self::Joins)
    }
}

/// A domain that was shown to be the organization's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrgDomain {
    pub domain: MailDomain,
    pub policy: DomainPolicy,
    pub verified_at: OffsetDateTime,
}

/// A domain for which a code is on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingDomain {
    pub domain: MailDomain,
    /// Where the code was mailed to.
    pub sent_to: Email,
    pub expires_at: OffsetDateTime,
}

/// By which way somebody asks to join.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JoinWay {
    Link(JoinLinkId),
    Domain(MailDomain),
}

/// Somebody who asks to join.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JoinRequest {
    pub id: JoinRequestId,
    pub name: String,
    pub email: Email,
    pub picture: Option<PictureHash>,
    /// The domain they ask by; `None`: by a link.
    pub domain: Option<MailDomain>,
    pub asked_at: OffsetDateTime,
}

/// All that an organization has decided about joining, and who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaysToJoin {
    pub links: Vec<JoinLink>,
    pub domains: Vec<OrgDomain>,
    pub pending: Vec<PendingDomain>,
    /// The longest waiting first.
    pub requests: Page<JoinRequest>,
}

/// The page of requests that an address asks for with `page`.
pub fn request_page_in(query: &str) -> PageNumber {
    form_urlencoded::parse(query.as_bytes())
        .filter(|(name, _)| name == "page")
        .last()
        .map_or(PageNumber::FIRST, |(_, value)| PageNumber::parse(&value))
}

/// What a link offers to whoever looks at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JoinOffer {
    pub org_name: String,
    pub allowed_domains: Vec<MailDomain>,
    pub asks_first: bool,
    pub standing: JoinStanding,
}

/// What stands between somebody and joining.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JoinStanding {
    /// Nobody is signed in.
    SignedOut,
    /// Their address is not verified.
    Unverified,
    /// They are a member already.
    Member(OrgSlug),
    /// Their address is at none of the domains that the link is for.
    WrongDomain,
    /// They have asked, and nobody answered yet.
    Asked,
    /// They were declined a short time ago.
    Declined,
    /// There is no seat.
    Full,
    /// Nothing.
    Ready,
}

/// What became of somebody who wanted to join.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Joined {
    /// A member, now or already.
    Member(OrgSlug),
    /// Somebody will answer.
    Asked,
}

/// An organization that somebody can join by their address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JoinableOrg {
    pub id: OrgId,
    pub name: String,
    pub logo: Option<PictureHash>,
    pub policy: DomainPolicy,
    /// They have asked, and nobody answered yet.
    pub has_asked: bool,
    /// Nobody can join until it is restored.
    pub is_deleted: bool,
}

#[cfg(all(test, feature = "server"))]
mod tests {
    use super::*;

    #[test]
    fn the_terms_of_a_link_are_read_from_a_form() {
        let terms = JoinLinkTerms::parse("month", " 25 ", "b.test, A.test;b.test\n", "on");
        let terms = terms.expect("terms");
        let domains: Vec<_> = terms
            .allowed_domains
            .iter()
            .map(MailDomain::as_str)
            .collect();
        assert_eq!(terms.life, JoinLinkLife::Month);
        assert_eq!(terms.most_uses, Some(25));
        assert_eq!(domains, ["a.test", "b.test"]);
        assert!(terms.asks_first);
        assert_eq!(
            JoinLinkTerms::parse("week", "", " ", ""),
            Ok(JoinLinkTerms::default())
        );
    }

    #[test]
    fn what_a_form_cannot_mean_is_said_next_to_its_field() {
        let many: String = (0..21).map(|number| format!("d{number}.test ")).collect();
        for (life, uses, domains, field) in [
            ("", "", "", "life"),
            ("year", "", "", "life"),
            ("week", "0", "", "most_uses"),
            ("week", "-1", "", "most_uses"),
            ("week", "10001", "", "most_uses"),
            ("week", "99999999999", "", "most_uses"),
            ("week", "some", "", "most_uses"),
            ("week", "", "acme", "domains"),
            ("week", "", "a.test ada@b.test", "domains"),
            ("week", "", &many, "domains"),
        ] {
            let refused = JoinLinkTerms::parse(life, uses, domains, "").expect_err(field);
            assert_eq!(refused.field.as_deref(), Some(field), "{refused}");
        }
    }

    #[test]
    fn nonsense_in_an_address_means_the_first_page() {
        for query in ["", "page", "page=-1", "page=x&&=", "x=%ff"] {
            assert_eq!(request_page_in(query), PageNumber::FIRST, "{query:?}");
        }
        assert_eq!(request_page_in("page=2&page=3").get(), 3);
    }

    #[test]
    fn policies_survive_the_database() {
        for policy in DomainPolicy::ALL {
            assert_eq!(policy.as_str().parse(), Ok(policy));
        }
    }
}

//! Invitations, and the seats they take.

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr};
use time::{Duration, OffsetDateTime};

use super::{DraftId, Email, InvitationId, Page, PageNumber, Role, grouped, text};

/// How long an invitation can be accepted: over a week of vacation, not much longer than
/// whoever invited remembers it.
pub const INVITATION_LIFETIME: Duration = Duration::days(7);

/// Most addresses that can be pasted at once.
pub const MAX_PASTED: usize = 100;

/// Most rows of a file that are read.
pub const MAX_IMPORTED: usize = 500;

/// Where an invitation stands. The text is that of addresses; the database has no `expired`,
/// which is computed.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Hash,
    Serialize,
    Deserialize,
    EnumString,
    IntoStaticStr,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum InvitationState {
    /// It can be accepted, and takes a seat.
    #[default]
    Pending,
    /// Nobody decided in time. It takes no seat, and can be sent again.
    Expired,
    Accepted,
    Declined,
    Cancelled,
}

impl InvitationState {
    /// All states, the default of lists first.
    pub const ALL: [Self; 5] = [
        Self::Pending,
        Self::Expired,
        Self::Accepted,
        Self::Declined,
        Self::Cancelled,
    ];

    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// The state as pages show it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::Expired => "Expired",
            Self::Accepted => "Accepted",
            Self::Declined => "Declined",
            Self::Cancelled => "Cancelled",
        }
    }

    /// Whether nobody has decided about it: it can be sent again and cancelled.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Pending | Self::Expired)
    }
}

/// One line of an organization's list of invitations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvitationRow {
    pub id: InvitationId,
    pub email: Email,
    /// What the invited person will be.
    pub role: Role,
    pub state: InvitationState,
    /// Name of who invited; `None`: their account is gone.
    pub invited_by: Option<String>,
    /// When it was last mailed by somebody.
    pub sent_at: OffsetDateTime,
    pub expires_at: OffsetDateTime,
}

/// A page of an organization's invitations.
pub type InvitationPage = Page<InvitationRow>;

/// The list of invitations an address asks for. Nonsense means the default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InvitationListQuery {
    pub page: PageNumber,
    /// Part of an address ([`text::clean_search`]), taken literally; empty: everybody.
    pub search: String,
    pub state: InvitationState,
}

impl InvitationListQuery {
    /// Reads the parameters `page`, `q` and `state` of an address's query. Of one that is
    /// there twice, the last counts.
    pub fn from_query(query: &str) -> Self {
        let mut list = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "page" => list.page = PageNumber::parse(&value),
                "q" => list.search = text::clean_search(&value),
                "state" => list.state = value.parse().unwrap_or_default(),
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
        if self.state != InvitationState::default() {
            params.push(("state", self.state.as_str().to_owned()));
        }
        if self.page != PageNumber::FIRST {
            params.push(("page", self.page.to_string()));
        }
        params
    }
}

/// What an invitation is about, for whoever has its link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvitationDetails {
    pub org_name: String,
    /// Name of who invited; `None`: their account is gone.
    pub invited_by: Option<String>,
    /// Whom it was sent to.
    pub email: Email,
    pub role: Role,
    pub expires_at: OffsetDateTime,
}

/// The seats of an organization. Members and pending invitations take one each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seats {
    /// The plan's, or the organization's own.
    pub limit: u32,
    /// Suspended ones included, so that bringing one back never fails for want of a seat.
    pub members: i64,
    /// Invitations that can be accepted.
    pub pending: i64,
}

impl Seats {
    pub fn used(&self) -> i64 {
        self.members + self.pending
    }

    /// More are taken than there are: the limit went down. Everybody stays; nobody is added.
    pub fn is_over(&self) -> bool {
        self.used() > i64::from(self.limit)
    }

    /// Seats that nobody has.
    pub fn free(&self) -> i64 {
        (i64::from(self.limit) - self.used()).max(0)
    }

    /// How the seats are taken: "All 3 seats are taken (2 members, 1 pending invitation)."
    pub fn sentence(&self) -> String {
        let count = |number: i64, one: &str, many: &str| match number {
            1 => format!("1 {one}"),
            _ => format!("{} {many}", grouped(number)),
        };
        let taken = format!(
            "{}, {}",
            count(self.members, "member", "members"),
            count(self.pending, "pending invitation", "pending invitations"),
        );
        let limit = count(i64::from(self.limit), "seat", "seats");
        match self.free() {
            _ if self.is_over() => {
                format!("The organization has {limit}, and more are taken ({taken}).")
            }
            0 => format!("All of the {limit} are taken ({taken})."),
            free => format!("{} of {limit} are free ({taken}).", grouped(free)),
        }
    }
}

/// A row of a list of people to invite, as it was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentRow {
    /// Where it stands in the list or file, from 1.
    pub line: u64,
    pub email: String,
    /// Empty: it does not say.
    pub role: String,
}

/// What would become of a [`SentRow`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowResult {
    /// An invitation is sent.
    New(Role),
    /// There is one already, which is sent again with this role.
    Again(Role),
    /// Nothing is sent; the sentence says why.
    Refused(String),
}

/// A row with what would become of it now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedRow {
    pub row: SentRow,
    pub result: RowResult,
}

/// A list of people to invite that somebody looks at before it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedDraft {
    pub id: DraftId,
    /// It was pasted, not read from a file.
    pub is_pasted: bool,
    pub rows: Vec<CheckedRow>,
    /// Rows of the file that were not read, because there were too many.
    pub left_out: u32,
    pub seats: Seats,
}

impl CheckedDraft {
    /// How many invitations would be sent.
    pub fn sendable(&self) -> usize {
        let sent = |checked: &&CheckedRow| !matches!(checked.result, RowResult::Refused(_));
        self.rows.iter().filter(sent).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nonsense_in_an_address_means_the_default() {
        for query in ["", "page=-1", "state=lost&q=%00", "&&="] {
            assert_eq!(
                InvitationListQuery::from_query(query),
                InvitationListQuery::default(),
                "{query:?}"
            );
        }
        let query = InvitationListQuery::from_query("state=expired&q=a%40b&page=3");
        assert_eq!(
            query.to_params(),
            [
                ("q", "a@b".to_owned()),
                ("state", "expired".to_owned()),
                ("page", "3".to_owned())
            ]
        );
    }

    #[test]
    fn seats_are_counted_and_explained() {
        let seats = |limit, members, pending| Seats {
            limit,
            members,
            pending,
        };
        assert_eq!(seats(3, 1, 0).free(), 2);
        assert_eq!(
            seats(3, 2, 1).sentence(),
            "All of the 3 seats are taken (2 members, 1 pending invitation)."
        );
        let over = seats(3, 8, 0);
        assert_eq!((over.free(), over.is_over()), (0, true));
        assert_eq!(
            over.sentence(),
            "The organization has 3 seats, and more are taken (8 members, 0 pending invitations)."
        );
        assert!(!seats(3, 3, 0).is_over());
        assert_eq!(
            seats(12_000, 1_988, 12).sentence(),
            "10,000 of 12,000 seats are free (1,988 members, 12 pending invitations)."
        );
    }
}

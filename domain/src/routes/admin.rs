use percent_encoding::utf8_percent_encode;

use super::{QUERY_VALUE, param_in, with_query};
use crate::{LedgerFilter, OrgId, PageNumber, RecordQuery, UserId};

/// The parameters of the ledger: which events, and which page of them.
const SHOWN: &str = "show";
const PAGE: &str = "page";

/// A page for platform admins, in the order of their navigation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AdminPage {
    /// Figures, and what platform admins did.
    Overview,
    Orgs,
    Users,
    Cache,
    Jobs,
    /// Stripe's events.
    Webhooks,
    /// Everybody's sessions.
    Sessions,
}

impl AdminPage {
    /// All pages, in the order of the navigation.
    pub const ALL: [Self; 7] = [
        Self::Overview,
        Self::Orgs,
        Self::Users,
        Self::Cache,
        Self::Jobs,
        Self::Webhooks,
        Self::Sessions,
    ];

    pub const fn path(self) -> &'static str {
        match self {
            Self::Overview => "/admin",
            Self::Orgs => "/admin/orgs",
            Self::Users => "/admin/users",
            Self::Cache => "/admin/cache",
            Self::Jobs => "/admin/jobs",
            Self::Webhooks => "/admin/webhooks",
            Self::Sessions => "/admin/sessions",
        }
    }

    /// The page's name in the navigation and in its title.
    pub fn label(self) -> &'static str {
        match self {
            Self::Overview => "Overview",
            Self::Orgs => "Organizations",
            Self::Users => "Users",
            Self::Cache => "Cache",
            Self::Jobs => "Jobs",
            Self::Webhooks => "Webhooks",
            Self::Sessions => "Sessions",
        }
    }

    /// The page of one record below this one, as Axum's router names it. `None`: there are
    /// none below it.
    pub fn record_pattern(self) -> Option<String> {
        matches!(self, Self::Orgs | Self::Users | Self::Webhooks)
            .then(|| format!("{}/{{id}}", self.path()))
    }
}

/// What platform admins see of one organization.
pub fn admin_org(org: OrgId) -> String {
    format!("{}/{org}", AdminPage::Orgs.path())
}

/// What platform admins see of one user.
pub fn admin_user(user: UserId) -> String {
    format!("{}/{user}", AdminPage::Users.path())
}

/// What platform admins see of one of Stripe's events, by its id.
pub fn admin_webhook(event: &str) -> String {
    let event = utf8_percent_encode(event, QUERY_VALUE);
    format!("{}/{event}", AdminPage::Webhooks.path())
}

/// The events of the ledger that are filtered so, at that page.
pub fn admin_ledger(filter: LedgerFilter, number: PageNumber) -> String {
    let mut params = Vec::new();
    if filter != LedgerFilter::All {
        let filter: &'static str = filter.into();
        params.push((SHOWN, filter.to_owned()));
    }
    if number != PageNumber::FIRST {
        params.push((PAGE, number.get().to_string()));
    }
    with_query(AdminPage::Webhooks.path().to_owned(), &params)
}

/// What a query asks of the ledger. Nonsense means the default.
pub fn ledger_in(query: &str) -> (LedgerFilter, PageNumber) {
    let filter = param_in(query, SHOWN).parse().unwrap_or_default();
    (filter, PageNumber::parse(&param_in(query, PAGE)))
}

/// The list of organizations or users that `query` asks for.
pub fn admin_list(page: AdminPage, query: &RecordQuery) -> String {
    with_query(page.path().to_owned(), &query.to_params())
}

/// A page of the platform's log.
pub fn admin_log(number: PageNumber) -> String {
    let query = RecordQuery {
        page: number,
        ..RecordQuery::default()
    };
    admin_list(AdminPage::Overview, &query)
}

/// Whether the path is the page of one organization, user or event.
pub(super) fn is_admin_record(path: &str) -> bool {
    let below = |page: AdminPage| path.strip_prefix(page.path())?.strip_prefix('/');
    let is_org = below(AdminPage::Orgs).is_some_and(|id| id.parse::<OrgId>().is_ok());
    let is_user = below(AdminPage::Users).is_some_and(|id| id.parse::<UserId>().is_ok());
    let is_event = |id: &str| {
        let is_id = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        !id.is_empty() && id.bytes().all(is_id)
    };
    is_org || is_user || below(AdminPage::Webhooks).is_some_and(is_event)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_view_of_the_ledger_survives_its_address() {
        let first = (LedgerFilter::All, PageNumber::FIRST);
        assert_eq!(admin_ledger(first.0, first.1), "/admin/webhooks");
        assert_eq!(ledger_in("show=nonsense&page=x"), first);
        let asked = (LedgerFilter::Failed, PageNumber::new(3));
        let address = admin_ledger(asked.0, asked.1);
        assert_eq!(address, "/admin/webhooks?show=failed&page=3");
        let (_, query) = address.split_once('?').expect("a query");
        assert_eq!(ledger_in(query), asked);
    }

    #[test]
    fn a_record_has_one_address() {
        let id = "0192f0c4-5b5e-7cc3-98c4-dc0c0c07398f";
        let (org, user) = (
            admin_org(id.parse().expect("an id")),
            admin_user(id.parse().expect("an id")),
        );
        assert_eq!(org, format!("/admin/orgs/{id}"));
        assert!(is_admin_record(&org) && is_admin_record(&user));
        assert!(is_admin_record(&admin_webhook("evt_1Qx")));
        for path in [
            "/admin/webhooks/",
            "/admin/webhooks/evt_1/x",
            "/admin/webhooks/evt%201",
            "/admin/orgs",
            "/admin/orgs/",
            "/admin/orgs/acme",
            "/admin/cache/0192f0c4-5b5e-7cc3-98c4-dc0c0c07398f",
            "/admin/orgs/0192f0c4-5b5e-7cc3-98c4-dc0c0c07398f/x",
            "/administration",
        ] {
            assert!(!is_admin_record(path), "{path}");
        }
    }
}

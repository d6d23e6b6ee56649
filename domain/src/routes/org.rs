use super::{NEW_ORG, ORG_PREFIX};
use crate::{OrgSlug, Permission};

/// A page of an organization: everything the rest of the program has to know about it.
///
/// To add one: a variant here, its file in `app/src/pages/`, its line in
/// `app/src/app.rs`, its icon in `app/ui/src/components/icon.rs`, and its row in
/// `server/tests/it/endpoints/reads.rs`. `docs/how-to.md` has the whole list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OrgPage {
    Overview,
    Members,
    Invitations,
    Joining,
    Subscription,
    Activity,
    Settings,
    /// Part of the members, as the next: who is meant by a change of all whom a list finds.
    ChangeMembers,
    /// How far such a change is.
    BulkChange,
    /// Part of the settings; see [`Self::is_in_navigation`].
    SecondFactor,
    /// Part of the subscription, as all that follow: which plans there are, at what price.
    Plans,
    /// What another plan would cost and take away, before it is changed to.
    ChangePlan,
    /// Sends the browser on to a page of Stripe's.
    ToStripe,
    /// Where Stripe sends the browser back to after a checkout.
    CheckoutDone,
    CancelPlan,
    Invoices,
}

impl OrgPage {
    /// All pages, in the order of the navigation.
    pub const ALL: [Self; 16] = [
        Self::Overview,
        Self::Members,
        Self::Invitations,
        Self::Joining,
        Self::Subscription,
        Self::Activity,
        Self::Settings,
        Self::ChangeMembers,
        Self::BulkChange,
        Self::SecondFactor,
        Self::Plans,
        Self::ChangePlan,
        Self::ToStripe,
        Self::CheckoutDone,
        Self::CancelPlan,
        Self::Invoices,
    ];

    /// What follows the organization in the page's address.
    fn suffix(self) -> &'static str {
        match self {
            Self::Overview => "",
            Self::Members => "/members",
            Self::Invitations => "/invitations",
            Self::Joining => "/joining",
            Self::Subscription => "/subscription",
            Self::Activity => "/activity",
            Self::Settings => "/settings",
            Self::ChangeMembers => "/members/change",
            Self::BulkChange => "/members/change/progress",
            Self::SecondFactor => "/settings/second-factor",
            Self::Plans => "/subscription/plans",
            Self::ChangePlan => "/subscription/change",
            Self::ToStripe => "/subscription/leave",
            Self::CheckoutDone => "/subscription/done",
            Self::CancelPlan => "/subscription/cancel",
            Self::Invoices => "/subscription/invoices",
        }
    }

    /// The page of one organization.
    pub fn path(self, slug: &OrgSlug) -> String {
        format!("{ORG_PREFIX}{slug}{}", self.suffix())
    }

    /// The page of all organizations, as Axum's router and the access log name it.
    pub fn pattern(self) -> String {
        format!("{ORG_PREFIX}{{slug}}{}", self.suffix())
    }

    /// The page's name in the navigation and in its title.
    pub fn label(self) -> &'static str {
        match self {
            Self::Overview => "Overview",
            Self::Members => "Members",
            Self::Invitations => "Invitations",
            Self::Joining => "Ways to join",
            Self::Subscription => "Subscription",
            Self::Activity => "Activity",
            Self::Settings => "Settings",
            Self::ChangeMembers => "Change members",
            Self::BulkChange => "Change of members",
            Self::SecondFactor => "Second factor",
            Self::Plans => "Plans",
            Self::ChangePlan => "Change plan",
            Self::ToStripe => "On to Stripe",
            Self::CheckoutDone => "Checkout",
            Self::CancelPlan => "Cancel subscription",
            Self::Invoices => "Invoices",
        }
    }

    /// The permission it takes to see the page. `pages::render_org` asks for it, and the
    /// navigation leaves out what the user may not see.
    pub fn needs(self) -> Permission {
        match self {
            Self::Overview | Self::Members | Self::Subscription => Permission::Read,
            Self::Invitations | Self::Joining => Permission::Invite,
            Self::Activity => Permission::ReadActivity,
            Self::Settings => Permission::UpdateOrg,
            Self::ChangeMembers | Self::BulkChange => Permission::ManageMembers,
            Self::SecondFactor => Permission::DeleteOrg,
            Self::Plans
            | Self::ChangePlan
            | Self::ToStripe
            | Self::CheckoutDone
            | Self::CancelPlan
            | Self::Invoices => Permission::ManageSubscription,
        }
    }

    /// Whether the navigation leads to it. To others their page above does.
    pub fn is_in_navigation(self) -> bool {
        self.entry() == self
    }

    /// The page whose entry in the navigation stands for this one, too.
    pub fn entry(self) -> Self {
        match self {
            Self::ChangeMembers | Self::BulkChange => Self::Members,
            Self::SecondFactor => Self::Settings,
            Self::Plans
            | Self::ChangePlan
            | Self::ToStripe
            | Self::CheckoutDone
            | Self::CancelPlan
            | Self::Invoices => Self::Subscription,
            page => page,
        }
    }

    /// The page with this suffix, without a query.
    fn parse(suffix: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|page| page.suffix() == suffix)
    }
}

/// An organization's audit log as a file, as Axum's router names it (GET). It takes what the
/// page takes, and the same query.
pub const ACTIVITY_FILE: &str = "/orgs/{slug}/activity.csv";

/// An organization's member list as a file, as Axum's router names it (GET). It takes the query
/// of the page.
pub const MEMBER_FILE: &str = "/orgs/{slug}/members.csv";

/// The address of one of an organization's pages, taken apart but not yet believed: the
/// organization need not exist, nor the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrgPath<'a> {
    /// What names the organization: a slug, an id, `default`, or nonsense.
    pub segment: &'a str,
    /// Which page; `None`: there is no such page.
    pub page: Option<OrgPage>,
    /// The query as it was sent, without the question mark.
    pub query: &'a str,
    /// Everything after the segment.
    rest: &'a str,
}

impl<'a> OrgPath<'a> {
    /// Parses path and query. `None`: the address does not belong to an organization.
    pub fn parse(path_and_query: &'a str) -> Option<Self> {
        let (path, query) = path_and_query
            .split_once('?')
            .unwrap_or((path_and_query, ""));
        let below = path.strip_prefix(ORG_PREFIX)?;
        if below.is_empty() || path == NEW_ORG {
            return None;
        }
        let end = below.find('/').unwrap_or(below.len());
        let (segment, suffix) = below.split_at(end);
        Some(Self {
            segment,
            page: OrgPage::parse(suffix),
            query,
            rest: &path_and_query[ORG_PREFIX.len() + end..],
        })
    }

    /// The same address, query included, of the organization with this slug.
    pub fn moved_to(&self, slug: &OrgSlug) -> String {
        format!("{ORG_PREFIX}{slug}{}", self.rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routes::PAGES;

    fn slug(text: &str) -> OrgSlug {
        OrgSlug::parse(text).expect("a slug")
    }

    fn parse(address: &str) -> Option<(&str, Option<OrgPage>, &str)> {
        OrgPath::parse(address).map(|path| (path.segment, path.page, path.query))
    }

    #[test]
    fn a_page_is_found_at_its_own_address() {
        let acme = slug("acme");
        for page in OrgPage::ALL {
            let path = page.path(&acme);
            assert_eq!(path, page.pattern().replace("{slug}", "acme"));
            assert_eq!(parse(&path), Some(("acme", Some(page), "")));
            assert_eq!(
                parse(&format!("{path}?page=2&q=a/b")),
                Some(("acme", Some(page), "page=2&q=a/b"))
            );
        }
    }

    #[test]
    fn addresses_below_a_slug_that_no_page_has_belong_to_the_organization_too() {
        for suffix in ["/", "/members/", "/Members", "/no/such/page", "//members"] {
            assert_eq!(
                parse(&format!("/orgs/acme{suffix}")),
                Some(("acme", None, ""))
            );
        }
        assert_eq!(
            parse("/orgs/new/members"),
            Some(("new", Some(OrgPage::Members), ""))
        );
        assert_eq!(
            parse("/orgs/newer"),
            Some(("newer", Some(OrgPage::Overview), ""))
        );
    }

    #[test]
    fn other_addresses_belong_to_no_organization() {
        for address in PAGES.iter().copied().chain([
            "/orgs/",
            "/orgs/?x",
            "/orgs/new?name=x",
            "/orgs?x=/orgs/acme",
            "/organizations/acme",
            "//evil.test/orgs/acme",
            "https://evil.test/orgs/acme",
        ]) {
            assert_eq!(OrgPath::parse(address), None, "{address}");
        }
    }

    #[test]
    fn an_address_moves_to_another_slug_with_all_that_follows() {
        let umbrella = slug("umbrella");
        for rest in [
            "",
            "/",
            "/members?page=2&q=a%26b",
            "?tab=1",
            "/no/such/page",
        ] {
            let address = format!("/orgs/acme{rest}");
            let path = OrgPath::parse(&address).expect("an organization's");
            assert_eq!(path.moved_to(&umbrella), format!("/orgs/umbrella{rest}"));
        }
    }
}

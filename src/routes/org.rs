use super::{NEW_ORG, ORG_PREFIX};
use crate::domain::{OrgSlug, Permission};

/// A page of an organization: everything the rest of the program has to know about it.
///
/// To add one: a variant here, its file in `app/src/pages/`, its line in
/// `app/src/app.rs`, its icon in `app/src/components/icon.rs`, and its row in
/// `server/tests/it/endpoints.rs`. `docs/how-to.md` has the whole list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OrgPage {
    Overview,
    Members,
    Subscription,
    Settings,
}

impl OrgPage {
    /// All pages, in the order of the navigation.
    pub const ALL: [Self; 4] = [
        Self::Overview,
        Self::Members,
        Self::Subscription,
        Self::Settings,
    ];

    /// What follows the organization in the page's address.
    fn suffix(self) -> &'static str {
        match self {
            Self::Overview => "",
            Self::Members => "/members",
            Self::Subscription => "/subscription",
            Self::Settings => "/settings",
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
            Self::Subscription => "Subscription",
            Self::Settings => "Settings",
        }
    }

    /// The permission it takes to see the page. `pages::render_org` asks for it, and the
    /// navigation leaves out what the user may not see.
    pub fn needs(self) -> Permission {
        match self {
            Self::Overview | Self::Members | Self::Subscription => Permission::Read,
            Self::Settings => Permission::UpdateOrg,
        }
    }

    /// The page with this suffix, without a query.
    fn parse(suffix: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|page| page.suffix() == suffix)
    }
}

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
        for address in PAGES.into_iter().chain([
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

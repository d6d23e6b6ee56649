//! The list of a user's organizations.

use serde::{Deserialize, Serialize};

use super::{OrgSummary, Page, PageNumber, text};

/// The list of organizations that an address asks for. Reading it never fails: nonsense
/// means the default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct OrgListQuery {
    pub page: PageNumber,
    /// Part of a name or slug ([`text::clean_search`]), taken literally; empty: all.
    pub search: String,
}

impl OrgListQuery {
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

    /// The page of `orgs` that is asked for, in their order.
    pub fn page_of(&self, orgs: &[OrgSummary]) -> Page<OrgSummary> {
        if self.search.is_empty() {
            return Page::of(orgs.iter(), self.page);
        }
        let key = text::key(&self.search);
        Page::of(orgs.iter().filter(|org| has_key(org, &key)), self.page)
    }
}

/// The first `most` of `orgs` that the search finds: those whose slugs are in `recent`, parted
/// by commas, in that order, and then the others in theirs.
pub fn recent_first<'a>(
    orgs: &'a [OrgSummary],
    search: &str,
    recent: &str,
    most: usize,
) -> Vec<&'a OrgSummary> {
    let key = text::key(&text::clean_search(search));
    let mut found: Vec<_> = orgs.iter().filter(|org| has_key(org, &key)).collect();
    let recent: Vec<&str> = recent.split(',').take(MOST_RECENT).collect();
    let rank = |org: &&OrgSummary| {
        let place = recent.iter().position(|slug| *slug == org.slug.as_str());
        place.unwrap_or(MOST_RECENT)
    };
    found.sort_by_key(rank);
    found.truncate(most);
    found
}

/// Organizations that a browser remembers to have opened last.
pub const MOST_RECENT: usize = 8;

fn has_key(org: &OrgSummary, key: &str) -> bool {
    key.is_empty() || text::key(&org.name).contains(key) || org.slug.as_str().contains(key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{OrgId, OrgSlug, Role};

    fn orgs(names: &[(&str, &str)]) -> Vec<OrgSummary> {
        let org = |(slug, name): &(&str, &str)| OrgSummary {
            id: OrgId::new(),
            slug: OrgSlug::parse(slug).expect("a slug"),
            name: (*name).to_owned(),
            logo: None,
            role: Role::Member,
        };
        names.iter().map(org).collect()
    }

    #[test]
    fn nonsense_in_an_address_means_the_default() {
        for query in [
            "",
            "page",
            "page=-1",
            "q=%00",
            "q=%E2%80%8B",
            "x=%ff",
            "&&=",
        ] {
            assert_eq!(
                OrgListQuery::from_query(query),
                OrgListQuery::default(),
                "{query:?}"
            );
        }
        let list = OrgListQuery::from_query("page=2&q=a+b&page=3");
        assert_eq!(list.page, PageNumber::new(3));
        assert_eq!(list.search, "a b");
        assert_eq!(
            list.to_params(),
            [("q", "a b".to_owned()), ("page", "3".to_owned())]
        );
    }

    #[test]
    fn what_was_opened_last_comes_first_and_nothing_else_comes_along() {
        let orgs = orgs(&[("acme", "Acme"), ("globex", "Globex"), ("hooli", "Hooli")]);
        let found = |search: &str, recent: &str, most: usize| {
            let found = recent_first(&orgs, search, recent, most);
            let slugs = found.into_iter().map(|org| org.slug.to_string());
            slugs.collect::<Vec<_>>().join(" ")
        };
        assert_eq!(found("", "", 9), "acme globex hooli");
        assert_eq!(found("", "hooli,globex", 9), "hooli globex acme");
        assert_eq!(found("", "hooli", 2), "hooli acme");
        assert_eq!(found("GLÖ", "hooli", 9), "globex");
        assert_eq!(found("", "stranger,,hooli", 1), "hooli", "not theirs");
        let long = "x,".repeat(MOST_RECENT) + "hooli";
        assert_eq!(found("", &long, 1), "acme", "the rest is not read");
    }

    #[test]
    fn a_search_finds_names_and_slugs_whatever_the_case_and_accents() {
        let orgs = orgs(&[
            ("acme", "Söhne & Söhne"),
            ("lodz", "Łódź"),
            ("100-percent", "100 %"),
        ]);
        let found = |search: &str| {
            let query = OrgListQuery {
                search: search.to_owned(),
                ..Default::default()
            };
            let page = query.page_of(&orgs);
            let slugs = page.rows.iter().map(|org| org.slug.to_string());
            (page.total, slugs.collect::<Vec<_>>())
        };
        for (search, slug) in [
            ("sohne", "acme"),
            ("SO\u{308}HNE", "acme"),
            ("cme", "acme"),
            ("Lódz", "lodz"),
            ("%", "100-percent"),
        ] {
            assert_eq!(found(search), (1, vec![slug.to_owned()]), "{search:?}");
        }
        assert_eq!(found("_").0, 0, "taken literally");
        assert_eq!(found("").0, 3);
    }
}

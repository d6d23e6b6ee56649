//! What a request will ask the cache for, told before anything is looked up: from
//! its cookie and its address. A node that holds nothing can then ask Redis once
//! (`cache::prefetch`).
//!
//! This is a guess about keys, never about rights: what is fetched in vain is
//! dropped, and what is used is judged like everything else.

use tower_sessions::session::Id;

use crate::{
    cache::Foreseen,
    domain::{MemberListQuery, OrgSlug, UserId},
    routes::{self, OrgPlace},
    session,
};

/// What is known of a request when it arrives.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// The session its cookie names.
    pub session: Id,
    /// Whose session that is, if the browser remembers. Nobody vouches for it.
    pub person: Option<UserId>,
    /// Path and query of the page it asks for; `None`: it asks for no page.
    pub page: Option<String>,
}

impl Arrival {
    /// What it will probably ask for.
    pub fn foresee(&self) -> Vec<Foreseen> {
        let mut list = vec![session::foresee(&self.session)];
        let Some(page) = &self.page else { return list };
        if page.split('?').next() == Some(routes::ORGS) {
            list.extend(self.person.map(Foreseen::user_orgs));
        }
        if let Some(place) = OrgPlace::of(page)
            && let Ok(slug) = OrgSlug::parse(place.segment)
        {
            list.extend(
                self.person
                    .map(|person| Foreseen::membership(&slug, person)),
            );
            list.extend(page_of(&slug, place.rest));
        }
        list
    }
}

/// What the page at `rest` below an organization's address shows.
fn page_of(slug: &OrgSlug, rest: &str) -> Vec<Foreseen> {
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    match path {
        "" => vec![Foreseen::overview(slug), Foreseen::subscription(slug)],
        "/members" => {
            let params: Vec<(String, String)> = url::form_urlencoded::parse(query.as_bytes())
                .into_owned()
                .collect();
            let query = MemberListQuery::from_params(|name| {
                params
                    .iter()
                    .rev()
                    .find(|(known, _)| known == name)
                    .map(|(_, value)| value.as_str())
            });
            // Searches are not cached.
            if query.search.is_empty() {
                vec![Foreseen::member_page(slug, &query)]
            } else {
                Vec::new()
            }
        }
        "/subscription" => vec![Foreseen::subscription(slug)],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_brings_its_own_values_along() {
        let person = UserId::new();
        let foresee = |page: &str| {
            let arrival = Arrival {
                session: Id(7),
                person: Some(person),
                page: Some(page.to_owned()),
            };
            arrival.foresee().into_iter().skip(1).collect::<Vec<_>>()
        };
        let acme = OrgSlug::parse("acme").expect("a slug");
        let membership = || Foreseen::membership(&acme, person);
        let list = |page| Foreseen::member_page(&acme, &MemberListQuery::default().at_page(page));
        let page = crate::domain::PageNumber::new;
        assert_eq!(foresee("/orgs"), [Foreseen::user_orgs(person)]);
        assert_eq!(
            foresee("/orgs/acme"),
            [
                membership(),
                Foreseen::overview(&acme),
                Foreseen::subscription(&acme)
            ]
        );
        assert_eq!(
            foresee("/orgs/acme/members?page=3"),
            [membership(), list(page(3))]
        );
        assert_eq!(foresee("/orgs/acme/members?q=ada"), [membership()]);
        assert_eq!(
            foresee("/orgs/acme/subscription"),
            [membership(), Foreseen::subscription(&acme)]
        );
        assert_eq!(foresee("/orgs/acme/settings"), [membership()]);
        assert_eq!(foresee("/sign-in"), []);
    }

    #[test]
    fn of_a_stranger_the_session_alone_is_foreseen_and_what_the_address_tells() {
        let arrival = Arrival {
            session: Id(7),
            person: None,
            page: Some("/orgs/acme/subscription".to_owned()),
        };
        assert_eq!(arrival.foresee().len(), 2);
        assert_eq!(
            Arrival {
                page: None,
                ..arrival
            }
            .foresee()
            .len(),
            1
        );
    }
}

//! The member list of a large organization: walking it, its pages by number, its searches, and
//! the copies it is read from.

mod copies;
mod crowd;
mod searches;
mod walking;

use orghub::domain::{ListFrom, MemberId, MemberListQuery, MemberPage, PageNumber};

fn ids(page: &MemberPage) -> Vec<MemberId> {
    page.page.rows.iter().map(|row| row.id).collect()
}

/// What the page says of the length of its list, and whether it is longer.
fn total(page: &MemberPage) -> (i64, bool) {
    (page.page.total, page.page.total_is_capped)
}

/// The next page of the list, as its link says.
fn next(query: &MemberListQuery, page: &MemberPage) -> Option<MemberListQuery> {
    let place = page.after.clone()?;
    let number = PageNumber::new(page.page.number.get() + 1);
    Some(through_an_address(
        &query.from_place(number, ListFrom::After(place)),
    ))
}

/// The previous page of the list.
fn previous(query: &MemberListQuery, page: &MemberPage) -> Option<MemberListQuery> {
    let place = page.before.clone()?;
    let number = PageNumber::new(page.page.number.get().saturating_sub(1));
    Some(through_an_address(
        &query.from_place(number, ListFrom::Before(place)),
    ))
}

/// The list that the address of a list leads to.
fn through_an_address(query: &MemberListQuery) -> MemberListQuery {
    let mut address = form_urlencoded::Serializer::new(String::new());
    address.extend_pairs(query.to_params());
    let read = MemberListQuery::from_query(&address.finish());
    assert_eq!(&read, query);
    read
}

//! Two different questions never have one key: the answer to one would be given to the
//! other, across organizations and users.

use orghub::{
    cache::keys,
    domain::{
        Inactivity, ListFrom, MemberCursor, MemberListQuery, MemberSort, MemberStatus, OrgSlug,
        PageNumber, PageSize, Role, UserId,
    },
};
use proptest::prelude::*;

/// A family, and all that its key is made of.
#[derive(Clone, Debug, PartialEq)]
enum Question {
    UserOrgs(UserId),
    Membership(OrgSlug, UserId),
    OrgOverview(OrgSlug),
    Session([u8; 32]),
    Subscription(OrgSlug),
    MemberPage(OrgSlug, MemberListQuery),
    /// Of all pages of a list, in every order.
    MemberTotal(OrgSlug, MemberListQuery),
}

impl Question {
    fn key(&self) -> (u8, String) {
        let key = match self {
            Self::UserOrgs(user) => keys::user_orgs(*user),
            Self::Membership(slug, user) => keys::membership(slug, *user),
            Self::OrgOverview(slug) => keys::org_overview(slug),
            Self::Session(hash) => keys::session(hash),
            Self::Subscription(slug) => keys::subscription(slug),
            Self::MemberPage(slug, query) => keys::member_page(slug, query),
            Self::MemberTotal(slug, query) => keys::member_total(slug, query),
        };
        (key.family().format, key.text().to_owned())
    }
}

/// What keys are made of, and what would look like it.
const PIECES: [&str; 22] = [
    "org",
    "user",
    "session",
    "member",
    "members",
    "subscription",
    "orgs",
    "all",
    "joined",
    "owner",
    ":",
    "}",
    "{",
    "%",
    "%3A",
    "%7D",
    "1",
    "-",
    "\0",
    "\r\n",
    " ",
    "é",
];

fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        9 => proptest::sample::select(&PIECES[..]).prop_map(str::to_owned),
        1 => any::<String>(),
    ];
    proptest::collection::vec(piece, 0..5).prop_map(|pieces| pieces.concat())
}

/// Few, so that questions differ in one thing only; and what users try.
fn slug() -> impl Strategy<Value = OrgSlug> {
    let tried = prop_oneof![text(), "[a-z0-9-]{2,5}"];
    tried.prop_map(|text| {
        OrgSlug::parse(&text).unwrap_or_else(|_refused| OrgSlug::parse("acme").expect("a slug"))
    })
}

fn user() -> impl Strategy<Value = UserId> {
    (0..3_u128).prop_map(|id| UserId(uuid::Uuid::from_u128(id)))
}

fn query() -> impl Strategy<Value = MemberListQuery> {
    let role = proptest::option::of(proptest::sample::select(vec![
        Role::Owner,
        Role::Admin,
        Role::Member,
    ]));
    let sort = proptest::sample::select(MemberSort::ALL.to_vec());
    let status = proptest::option::of(proptest::sample::select(MemberStatus::ALL.to_vec()));
    let inactive = proptest::option::of(proptest::sample::select(Inactivity::ALL.to_vec()));
    let filter = (role, status, inactive, proptest::bool::ANY);
    let page = (
        0..30_u32,
        proptest::sample::select(PageSize::ALL.to_vec()),
        proptest::option::of((proptest::bool::ANY, text())),
    );
    let made = (page, text(), filter, sort).prop_map(|(page, search, filter, sort)| {
        let (page, size, from) = page;
        let (role, status, inactive, without_factor) = filter;
        let from = from.and_then(|(is_after, key)| {
            let place = format!("00000000000000000000000000000007.{key}");
            let place = MemberCursor::parse(sort, &place)?;
            let from = if is_after {
                ListFrom::After
            } else {
                ListFrom::Before
            };
            Some(from(place))
        });
        MemberListQuery {
            page: PageNumber::new(page),
            size,
            from,
            search,
            role,
            status,
            inactive,
            without_factor,
            sort,
            count_all: false,
        }
    });
    prop_oneof![
        made,
        text().prop_map(|text| MemberListQuery::from_query(&text))
    ]
}

/// The list of such a query, whichever page of it and in whichever order.
fn list() -> impl Strategy<Value = MemberListQuery> {
    query().prop_map(|query| MemberListQuery {
        size: PageSize::default(),
        sort: MemberSort::default(),
        ..query.at_page(PageNumber::FIRST)
    })
}

fn question() -> impl Strategy<Value = Question> {
    prop_oneof![
        user().prop_map(Question::UserOrgs),
        (slug(), user()).prop_map(|(slug, user)| Question::Membership(slug, user)),
        slug().prop_map(Question::OrgOverview),
        (0..3_u8).prop_map(|byte| Question::Session([byte; 32])),
        slug().prop_map(Question::Subscription),
        (slug(), query()).prop_map(|(slug, query)| Question::MemberPage(slug, query)),
        (slug(), list()).prop_map(|(slug, list)| Question::MemberTotal(slug, list)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, ..Default::default() })]

    #[test]
    fn two_questions_have_one_key_only_if_they_are_the_same((one, other) in (question(), question())) {
        prop_assert_eq!(one == other, one.key().1 == other.key().1, "{:?}", (one.key(), other.key()));
    }

    /// Pairs that differ in the typed text alone.
    #[test]
    fn searches_have_keys_of_their_own((one, other) in (text(), text())) {
        let key = |search: &String| {
            let slug = OrgSlug::parse("acme").expect("a slug");
            let search = search.clone();
            let query = MemberListQuery { search, ..Default::default() };
            [keys::member_page(&slug, &query), keys::member_total(&slug, &query)]
                .map(|key| key.text().to_owned())
        };
        let [[page, total], [other_page, other_total]] = [key(&one), key(&other)];
        prop_assert_eq!(one == other, page == other_page);
        prop_assert_eq!(one == other, total == other_total);
    }

    /// A cluster hashes what the first pair of braces encloses, and we mean one pair.
    #[test]
    fn no_input_moves_the_braces(question in question()) {
        let text = question.key().1;
        prop_assert_eq!(text.matches('{').count(), 1);
        prop_assert_eq!(text.matches('}').count(), 1);
        prop_assert!(text.bytes().all(|byte| byte.is_ascii_graphic()));
    }
}

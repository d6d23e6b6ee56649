//! What people write: found, sorted, signed in with and refused, in a cluster whose own
//! locale knows ASCII only.

use axum::body::Body;
use http::{Method, StatusCode};
use orghub::routes::{self, api};
use orghub_test_support::PASSWORD;

use crate::site::{Answer, Site, Visitor};

/// `acme` with members of these names, and its owner signed in.
async fn site_with(names: &[&str]) -> (Site, Visitor) {
    let site = Site::start().await;
    let ada = site.app.user("Ada").await;
    let acme = site.org("acme", &ada).await;
    for (number, name) in names.iter().enumerate() {
        let insert = "with new_user as (
                          insert into users (id, email, name, password_hash)
                          values (gen_random_uuid(), 'user-' || $1 || '@users.test', $2, 'none')
                          returning id
                      )
                      insert into member (id, organization_id, user_id, role)
                      select gen_random_uuid(), $3::uuid, id, 'member' from new_user";
        let values = [&*number.to_string(), name, &acme.to_string()];
        site.app.sql_with(insert, &values).await;
    }
    let visitor = site.sign_in(&ada).await;
    (site, visitor)
}

/// The names of the members on a page, from top to bottom.
fn names(page: &Answer) -> Vec<&str> {
    let names = page.body.split("<bdi class=\"members__name\">").skip(1);
    names
        .map(|rest| rest.split('<').next().unwrap_or(rest))
        .collect()
}

async fn search(visitor: &mut Visitor, text: &str) -> Answer {
    let params = [("q", text.to_owned()), ("sort", "name".to_owned())];
    let address = routes::with_query("/orgs/acme/members".to_owned(), &params);
    visitor.open(&address).await
}

#[tokio::test]
async fn a_name_is_found_whatever_the_case_the_accents_and_the_way_they_are_written() {
    let everybody = [
        "Émile Zola",
        "Jose\u{301} Decomposed",
        "Jos\u{e9} Composed",
        "Łucja Nowak",
        "İpek Işık",
        "Straßer",
        "محمد",
        "می\u{200c}خواهم",
    ];
    let (_site, mut ada) = site_with(&everybody).await;
    let jose = ["Jos\u{e9} Composed", "Jos\u{e9} Decomposed"];
    for (text, found) in [
        ("émile", &["Émile Zola"][..]),
        ("ÉMILE", &["Émile Zola"]),
        ("emile", &["Émile Zola"]),
        ("e\u{301}mile", &["Émile Zola"]),
        ("É\u{200b}mile\u{a0}ZOLA ", &["Émile Zola"]),
        ("Jos\u{e9}", &jose),
        ("JOSE\u{301}", &jose),
        ("jose", &jose),
        ("łucja", &["Łucja Nowak"]),
        ("lucja", &["Łucja Nowak"]),
        ("IPEK IŞIK", &["İpek Işık"]),
        ("STRASSER", &["Straßer"]),
        ("محمد", &["محمد"]),
        ("میخواهم", &["می\u{200c}خواهم"]),
        ("Emilia", &[]),
    ] {
        let page = search(&mut ada, text).await;
        assert_eq!(page.status, StatusCode::OK, "{text:?}");
        assert_eq!(names(&page), found, "{text:?}");
        assert_eq!(page.attribute("data-total"), found.len().to_string());
    }
    let nothing = search(&mut ada, "\u{200b}\u{301}").await;
    assert_eq!(
        nothing.attribute("data-total"),
        "9",
        "no search is everybody"
    );
}

#[tokio::test]
async fn names_are_sorted_by_their_letters_and_keep_their_places() {
    let everybody = [
        "Zoe Adams",
        "Ärger Müller",
        "zoë adams",
        "Émile Zola",
        "Łucja",
        "Łukasz",
        "Lydia",
        "Aaron",
        "Özil",
        "Ольга",
        "Анна",
        "Ёлка",
        "Егор",
        "Same",
        "Same",
        "Same",
    ];
    let (_site, mut ada) = site_with(&everybody).await;
    let list = "/orgs/acme/members?sort=name";
    let page = ada.open(list).await;
    // The two Zoes have the same letters: either may come first.
    let letters = |name: &str| name.replace("zoë adams", "Zoe Adams");
    let shown: Vec<String> = names(&page).iter().map(|name| letters(name)).collect();
    assert_eq!(
        shown,
        [
            "Aaron",
            "Ada",
            "Ärger Müller",
            "Émile Zola",
            "Łucja",
            "Łukasz",
            "Lydia",
            "Özil",
            "Same",
            "Same",
            "Same",
            "Zoe Adams",
            "Zoe Adams",
            "Анна",
            "Егор",
            "Ёлка",
            "Ольга",
        ]
    );
    let again = ada.open("/orgs/acme/members?sort=name&role=").await;
    let ids = |page: &Answer| -> Vec<String> {
        let ids = page.body.split("data-member-id=\"").skip(1);
        ids.map(|rest| rest[..36].to_owned()).collect()
    };
    assert_eq!(ids(&page), ids(&again));
}

#[tokio::test]
async fn an_address_signs_in_however_it_was_pasted() {
    let site = Site::start().await;
    let user = site.app.user("Ada").await;
    for (stored, typed) in [
        ("ada@users.test", " ADA@users.test "),
        ("ada@users.test", "ada@users.test\u{a0}"),
        ("ada@users.test", "\u{200b}ada@users.test\u{200b}"),
        ("ada@users.test", "\u{feff}ada@users.test\r\n"),
        ("ada@users.test", "\u{2068}Ada@Users.test\u{2069}"),
        ("Łucja@users.test", "łucja@users.test"),
        ("łucja@users.test", "ŁUCJA@USERS.TEST"),
        ("jos\u{e9}@users.test", "jose\u{301}@users.test"),
        ("jose\u{301}@users.test", "JOS\u{c9}@users.test"),
        ("ΟΔΥΣΣΕΥΣ@users.test", "οδυσσευς@users.test"),
    ] {
        let update = "update users set email = $1 where id = $2::uuid";
        site.app
            .sql_with(update, &[stored, &user.id.to_string()])
            .await;
        let fields = [("email", typed), ("password", PASSWORD)];
        let answer = site.visitor().submit(api::SIGN_IN, &fields).await;
        assert_eq!(answer.location(), routes::ORGS, "{typed:?}");
    }
    let mut visitor = site.visitor();
    let fields = [
        ("email", "od\u{200b}ysseus@users.test"),
        ("password", PASSWORD),
    ];
    let back = visitor.submit(api::SIGN_IN, &fields).await;
    let page = visitor.open(back.location()).await;
    assert!(page.body.contains("id=\"email-error\""), "{}", page.body);
}

#[tokio::test]
async fn a_name_that_cannot_be_seen_is_refused_next_to_its_field() {
    let site = Site::start().await;
    let ada = site.app.user("Ada").await;
    site.app.org("acme", &ada).await;
    let mut ada = site.sign_in(&ada).await;
    for (name, why) in [
        ("\u{200b}", "Enter a name."),
        (
            "Acme \u{202e}tset",
            "Leave out characters that cannot be seen.",
        ),
        ("\u{3164}", "Leave out characters that cannot be seen."),
        ("Acm\u{fffd}", "One character could not be read."),
        ("Acme\nGmbH", "Use one line"),
        (
            "a\u{332}\u{333}\u{334}\u{335}\u{336}",
            "Use at most four accents",
        ),
    ] {
        for (form, fields) in [
            (
                api::CREATE_ORG,
                [("name", name), ("slug", "fresh"), ("org", "")],
            ),
            (
                api::UPDATE_ORG,
                [("name", name), ("slug", "acme"), ("org", "acme")],
            ),
        ] {
            let back = ada.submit(form, &fields).await;
            let page = ada.open(back.location()).await;
            let (_, error) = page
                .body
                .split_once("id=\"org-name-error\"")
                .unwrap_or_else(|| panic!("{name:?} at {form}: {}", page.body));
            assert!(error.contains(why), "{name:?} at {form}");
            if !name.contains('\n') {
                let kept = format!("value=\"{name}\"");
                assert!(page.body.contains(&kept), "{name:?} at {form} is kept");
            }
        }
    }
    // What comes along with a slug that was copied is no part of it, either.
    let fields = [
        ("name", " So\u{308}hne \u{a0} & Co\u{200b}"),
        ("slug", "fresh\u{200b}\u{a0}"),
    ];
    let answer = ada.submit(api::CREATE_ORG, &fields).await;
    let page = ada.open(answer.location()).await;
    let shown = page.markup();
    assert!(shown.contains("<bdi>S\u{f6}hne &amp; Co</bdi>"), "{shown}");
}

#[tokio::test]
async fn bytes_that_are_no_text_are_stored_by_no_form() {
    let site = Site::start().await;
    let ada = site.app.user("Ada").await;
    let mut ada = site.sign_in(&ada).await;
    let headers = [
        ("accept", "text/html"),
        ("content-type", "application/x-www-form-urlencoded"),
        ("sec-fetch-site", "same-origin"),
    ];
    for name in ["Acm%E9", "%FF%FE", "Acme%ED%A0%80"] {
        let form = Body::from(format!("name={name}&slug=bytes"));
        let answer = ada
            .send(Method::POST, api::CREATE_ORG, &headers, form)
            .await;
        assert_ne!(answer.header("location"), "/orgs/bytes", "{name}");
        let page = ada.open("/orgs/bytes").await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{name}");
    }
    let found = ada.open("/orgs?q=%E9").await;
    assert!(!found.body.contains('\u{fffd}'), "{}", found.body);
}

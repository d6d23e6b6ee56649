//! What strangers ask leaves nothing behind that lets anybody in.

use std::collections::BTreeMap;

use orghub::{
    auth::{ClientInfo, SignedIn},
    domain::{OrgSegment, OrgSlug},
    routes::OrgPage,
    services::Services,
};
use orghub_test_support::{
    PATIENCE, PrivateRedis, browser, eventually, look_everything_up, sign_in, user_of,
};
use tower_sessions::session::Id;

use crate::{Acme, loads, near_and_redis, store::Store};

/// Everything that somebody can ask who is not a member.
async fn ask(node: &Services, acme: &Acme, stranger: &SignedIn, session: &Id) {
    // As nobody, with an id that leads nowhere.
    assert_eq!(user_of(node, &Id::default()).await, None);
    let (browser, client) = (browser(node, None), ClientInfo::default());
    let email = acme.owner.email.as_str();
    let guess = node.auth.sign_in(&browser, email, "a guess", &client);
    assert!(guess.await.is_err());

    // As somebody who is signed in.
    assert!(user_of(node, session).await.is_some());
    let org = acme.access.org_id();
    for segment in ["acme", "ACME", "default", &org.to_string(), "nowhere"] {
        let Some(segment) = OrgSegment::parse(segment) else {
            continue;
        };
        for page in OrgPage::ALL {
            let companions = |slug: &OrgSlug| node.companions(page, slug, "");
            let found = node.access.find_with(stranger, &segment, companions).await;
            let found = found.expect("an answer");
            assert!(!matches!(found, orghub::access::OrgLookup::Granted(_)));
        }
    }
    assert!(node.access.require(stranger, &acme.slug).await.is_err());
    assert!(
        node.orgs
            .list_mine(stranger)
            .await
            .expect("a list")
            .is_empty()
    );
    assert!(
        !node
            .orgs
            .is_slug_free(stranger, &acme.slug)
            .await
            .expect("an answer")
    );
}

/// What is in `after` and was not, or not like that, in `before`.
fn added(
    before: &BTreeMap<String, Vec<u8>>,
    after: BTreeMap<String, Vec<u8>>,
) -> BTreeMap<String, Vec<u8>> {
    let is_new = |key: &String, value: &Vec<u8>| before.get(key) != Some(value);
    after
        .into_iter()
        .filter(|(key, value)| is_new(key, value))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_leave_only_what_is_about_themselves() {
    let redis = PrivateRedis::start();
    let acme = Acme::start_with(near_and_redis(&redis)).await;
    let mut store = Store::of(&redis);
    let stranger = acme.app.user("Mallory").await;
    let session = acme.app.sign_in(&stranger).await;
    for is_warm in [false, true] {
        store.clear();
        if is_warm {
            // There is something that could be taken along.
            look_everything_up(&acme.app.services, &acme.owner, &acme.slug).await;
            acme.app.services.cache.wait_until_stored().await;
        }
        let before = store.dump();
        assert_eq!(!before.is_empty(), is_warm);
        let node = acme.app.another_node_with(near_and_redis(&redis)).await;
        ask(&node, &acme, &stranger, &session).await;
        node.cache.wait_until_stored().await;

        let about_stranger = [
            format!(":member:{}", stranger.id),
            format!(":user:{{{}}}:orgs", stranger.id),
        ];
        let added = added(&before, store.dump());
        assert!(!added.is_empty());
        for (key, value) in added {
            // Of sessions: the stranger's own, and the one that is not there.
            let is_theirs = about_stranger.iter().any(|end| key.ends_with(end));
            // And how often they tried to be somebody, which names nobody.
            let is_count = key.starts_with("orghub:attempts:");
            assert!(is_theirs || is_count || key.contains(":session:{"), "{key}");
            for member in [&acme.owner, &acme.guest] {
                for of_member in [
                    member.id.0.as_bytes().as_slice(),
                    member.name.as_bytes(),
                    member.email.as_str().as_bytes(),
                ] {
                    let mut parts = value.windows(of_member.len());
                    assert!(!parts.any(|part| part == of_member), "{key}");
                }
            }
        }
        node.stop().await;
    }
}

/// In the memory of the node neither: what the owner asks next is answered by PostgreSQL.
#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_looks_nothing_up_for_somebody_else() {
    let redis = PrivateRedis::start();
    let acme = Acme::start_with(near_and_redis(&redis)).await;
    let stranger = acme.app.user("Mallory").await;
    let session = acme.app.sign_in(&stranger).await;
    let owners = sign_in(&acme.app.services, &acme.owner).await;
    let everything_is_loaded = async || {
        let node = acme.app.another_node_with(near_and_redis(&redis)).await;
        Store::of(&redis).clear();
        ask(&node, &acme, &stranger, &session).await;
        let (_, of_session) = loads(&node, user_of(&node, &owners)).await;
        let look_up = look_everything_up(&node, &acme.owner, &acme.slug);
        let ((), of_pages) = loads(&node, look_up).await;
        // The control: they are all kept now.
        let look_up = look_everything_up(&node, &acme.owner, &acme.slug);
        let ((), again) = loads(&node, look_up).await;
        node.stop().await;
        assert_eq!((of_session, of_pages), (1, 5));
        again == 0
    };
    eventually("what members ask is kept", PATIENCE, everything_is_loaded).await;
}

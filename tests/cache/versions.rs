//! Two versions of the program over the same services, as while a new one is deployed: the
//! values of the one mean nothing to the other, and changes through either are seen by both.

use orghub::{
    access::OrgAccess,
    cache::keys::FAMILIES,
    domain::{MemberListQuery, OrgName, Role},
    services::Services,
};
use orghub_test_support::{Counters, PATIENCE, PrivateRedis, eventually, user_of};

use crate::{Acme, loads, near_and_redis, only_redis, role, role_of_turn, store::Store};

/// What `node` shows the owner: names of the organization in two families, and the guest's
/// role in three.
async fn shown(node: &Services, acme: &Acme) -> (String, Option<Role>) {
    let access: OrgAccess = node
        .access
        .require(&acme.owner, &acme.slug)
        .await
        .expect("a member");
    let mine = node.orgs.list_mine(&acme.owner).await.expect("a list");
    let name = access.membership().org_name.to_string();
    assert_eq!(mine[0].name.to_string(), name);

    let own = role(node, &acme.guest, &acme.slug).await;
    let query = MemberListQuery::default();
    let page = node.orgs.list_members(&access, &query).await;
    let page = page.expect("a page");
    let row = page
        .page
        .rows
        .iter()
        .find(|row| row.user_id == acme.guest.id);
    assert_eq!(row.map(|row| row.role), own);
    let orgs = node.orgs.list_mine(&acme.guest).await.expect("a list");
    assert_eq!(orgs.first().map(|org| org.role), own);
    (name, own)
}

/// The format of sessions in this version.
fn session_format() -> u8 {
    let session = FAMILIES.iter().find(|family| family.name == "session");
    session.expect("sessions are cached").format
}

#[tokio::test(flavor = "multi_thread")]
async fn two_versions_side_by_side_are_both_right() {
    let counters = Counters::listen();
    let redis = PrivateRedis::start();
    let acme = Acme::start_with(near_and_redis(&redis)).await;
    let mut nodes = vec![acme.app.services.clone()];
    for newer_by in [0, 1, 1] {
        let node = if nodes.len() == 2 {
            acme.app.another_node_with(near_and_redis(&redis)).await
        } else {
            acme.app.another_node_with(only_redis(&redis)).await
        };
        node.cache.be_newer(newer_by);
        nodes.push(node);
    }
    for turn in 0..24 {
        // In turn through an old and a new one.
        let writer = &nodes[turn % nodes.len()];
        let access = writer.access.require(&acme.owner, &acme.slug).await;
        let access = access.expect("a member");
        let name = format!("Acme {turn}");
        let new_name = OrgName::parse(&name).expect("a name");
        let role = role_of_turn(turn);
        let updated = writer.orgs.update(&access, &new_name, &acme.slug).await;
        updated.expect("an owner may");
        let changed = writer.orgs.change_role(&access, acme.member, role).await;
        changed.expect("an owner may");
        for (number, node) in nodes.iter().enumerate() {
            let shown = shown(node, &acme).await;
            assert_eq!(
                shown,
                (name.clone(), Some(role)),
                "turn {turn}, node {number}"
            );
        }
    }
    // They did not meet: each version has found values of its own, and no others.
    for reason in ["undecodable", "forged"] {
        assert_eq!(counters.rejected(reason), 0);
    }
    let session = acme.app.sign_in(&acme.guest).await;
    for node in &nodes {
        eventually("a version finds its own values", PATIENCE, async || {
            loads(node, user_of(node, &session)).await.1 == 0
        })
        .await;
    }
    let keys = Store::of(&redis).keys();
    for format in [session_format(), session_format() + 1] {
        let prefix = format!("orghub:{format}:");
        let is_session = |key: &&String| key.starts_with(&prefix) && key.contains(":session:");
        assert_eq!(keys.iter().filter(is_session).count(), 1, "{keys:?}");
    }
}

/// A new version that keeps its keys and changes its values would meet those of the old one.
#[tokio::test(flavor = "multi_thread")]
async fn a_value_of_another_version_under_ones_own_key_is_a_miss() {
    let counters = Counters::listen();
    let redis = PrivateRedis::start();
    let acme = Acme::start_with(only_redis(&redis)).await;
    let old = &acme.app.services;
    let new = acme.app.another_node_with(only_redis(&redis)).await;
    new.cache.be_newer(1);
    let session = acme.app.sign_in(&acme.guest).await;
    let mut store = Store::of(&redis);
    store.clear();
    user_of(old, &session).await;
    let of_old = store.key("}").await;
    let [old_prefix, new_prefix] =
        [0, 1].map(|newer_by| format!("orghub:{}:", session_format() + newer_by));
    let of_new = of_old.replace(&old_prefix, &new_prefix);
    let value = store.get(&of_old);
    let misplaced = old.cache.signed_for(&of_new, &value);
    store.set(&of_new, &misplaced);
    let before = counters.rejected("undecodable");
    let (user, loaded) = loads(&new, user_of(&new, &session)).await;
    assert_eq!((user, loaded), (Some(acme.guest.user().clone()), 1));
    assert_eq!(counters.rejected("undecodable"), before + 1);
}

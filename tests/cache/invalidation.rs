//! The calls that end cached values by hand.

use std::collections::BTreeSet;

use orghub_test_support::{PrivateRedis, look_everything_up};

use crate::{Acme, loads, near_and_redis};

impl Acme {
    /// Asks for everything the guest can see, and returns when Redis has it.
    async fn fill(&self) {
        let node = &self.app.services;
        look_everything_up(node, &self.guest, &self.slug).await;
        node.cache.wait_until_stored().await;
    }
}

/// What stands in Redis, without what all keys begin with.
fn stored(redis: &mut redis::Connection) -> BTreeSet<String> {
    let keys: Vec<String> = redis::cmd("KEYS")
        .arg("*")
        .query(redis)
        .expect("Redis answers");
    let name = |key: &String| key.splitn(4, ':').nth(3).expect("a key of ours").to_owned();
    keys.iter().map(name).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_removal_takes_the_values_it_names_and_no_other() {
    let redis = PrivateRedis::start();
    let acme = Acme::start_with(near_and_redis(&redis)).await;
    let (node, slug, guest) = (&acme.app.services, &acme.slug, acme.guest.id);
    let mut redis = redis.connect();
    acme.fill().await;
    let all = stored(&mut redis);
    for (call, removed) in [
        ("user_orgs", vec![format!("user:{{{guest}}}:orgs")]),
        ("org_member", vec![format!("org:{{acme}}:member:{guest}")]),
        (
            "org_slug",
            vec![
                "org:{acme}".to_owned(),
                "org:{acme}:members:all:any:any:any:joined:50:1:start::".to_owned(),
            ],
        ),
        (
            "org_subscription",
            vec!["org:{acme}:subscription".to_owned()],
        ),
    ] {
        match call {
            "user_orgs" => node.cache.invalidate_user_orgs(guest).await,
            "org_member" => node.cache.invalidate_org_member(slug, guest).await,
            "org_slug" => node.cache.invalidate_org_slug(slug).await,
            _ => node.cache.invalidate_org_subscription(slug).await,
        }
        let left = stored(&mut redis);
        let gone: Vec<String> = all.difference(&left).cloned().collect();
        assert_eq!(gone, removed, "{call}");
        let ((), loaded) = loads(node, acme.fill()).await;
        assert_eq!(loaded, removed.len(), "{call}: and they are read anew");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_depends_on_a_user_or_an_organization_ends_on_all_nodes() {
    let redis = PrivateRedis::start();
    let acme = Acme::start_with(near_and_redis(&redis)).await;
    let node = &acme.app.services;
    let other = acme.app.another_node().await;
    let membership = async || loads(&other, acme.guests_role_on(&other)).await;
    let list = async || loads(&other, other.orgs.list_mine(&acme.guest)).await.1;
    for everything_of_the_user in [true, false] {
        membership().await;
        list().await;
        assert_eq!((membership().await.1, list().await), (0, 0), "known");
        if everything_of_the_user {
            let ended = node.cache.invalidate_all_user_caches(acme.guest.id).await;
            ended.expect("the database answers");
        } else {
            let org = acme.access.org_id();
            let ended = node.cache.invalidate_all_org_members(org).await;
            ended.expect("the database answers");
        }
        assert_eq!((membership().await.1, list().await), (1, 1), "read anew");
    }
}

//! After everything of an organization, or everything there is, was ended by hand, the next
//! reading of each family on each node goes to PostgreSQL.

use orghub::{
    access::OrgAccess,
    cache::keys::FAMILIES,
    domain::{ActivityListQuery, MemberListQuery, MemberSort},
    orgs::{MemberMarksOf, MemberTotalOf},
    services::Services,
};
use orghub_test_support::{PATIENCE, PrivateRedis, eventually, under_lease, user_of};
use tower_sessions::session::Id;

use crate::{Acme, loads, near_and_redis, only_near, only_redis};

/// How often PostgreSQL is asked when the guest, on `node`, reads a value of this family.
pub async fn loads_of(
    family: &str,
    node: &Services,
    acme: &Acme,
    guest: &(Id, OrgAccess),
) -> usize {
    let (session, access) = guest;
    match family {
        "session" => loads(node, user_of(node, session)).await.1,
        "membership" => {
            let check = node.access.require(&acme.guest, &acme.slug);
            loads(node, check).await.1
        }
        "user_orgs" => loads(node, node.orgs.list_mine(&acme.guest)).await.1,
        "org_overview" => loads(node, node.orgs.get_overview(access)).await.1,
        "subscription" => {
            let view = node.billing.get_org_subscription(access);
            loads(node, view).await.1
        }
        "member_page" => {
            let query = MemberListQuery::default();
            loads(node, node.orgs.list_members(access, &query)).await.1
        }
        "member_marks" => {
            let marks = MemberMarksOf::new(&acme.slug, MemberSort::Name);
            loads(node, node.cache.get(&marks)).await.1
        }
        "member_total" => {
            let search = MemberListQuery::from_query("q=test");
            let total = MemberTotalOf::new(&acme.slug, &search);
            loads(node, node.cache.get(&total)).await.1
        }
        "activity_page" => {
            let query = ActivityListQuery::default();
            loads(node, node.orgs.list_activity(access, &query)).await.1
        }
        "former_slugs" => loads(node, node.orgs.list_former_slugs(access)).await.1,
        "deleted_orgs" => loads(node, node.orgs.list_deleted(&acme.guest)).await.1,
        "joinable_orgs" => loads(node, node.joining.list_joinable(&acme.guest)).await.1,
        other => panic!("{other}: how is it read?"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_flush_each_family_is_read_anew_on_each_node() {
    let redis = PrivateRedis::start();
    let acme = Acme::start_with(near_and_redis(&redis)).await;
    let session = acme.app.sign_in(&acme.guest).await;
    let guest = (session, acme.app.access(&acme.guest, &acme.slug).await);
    let nodes = [
        acme.app.services.clone(),
        acme.app.another_node_with(near_and_redis(&redis)).await,
        acme.app.another_node_with(only_redis(&redis)).await,
        acme.app.another_node_with(only_near).await,
    ];
    for everything in [false, true] {
        // One node after the other: what one has read anew lies in Redis for the next.
        for (number, node) in nodes.iter().enumerate() {
            for family in FAMILIES {
                let case = format!("{}, all: {everything}, node {number}", family.name);
                let read = async || loads_of(family.name, node, &acme, &guest).await;
                eventually("it is cached", PATIENCE, async || read().await == 0).await;
                let flushed = async || {
                    let flusher = &acme.app.services;
                    if everything {
                        flusher.flush_all_by_operator().await.expect("flushed");
                    } else {
                        assert!(
                            flusher
                                .flush_org_by_operator(&acme.slug)
                                .await
                                .expect("flushed")
                        );
                    }
                    read().await
                };
                let loaded = under_lease(&node.cache, flushed).await;
                // Whose session it is has nothing to do with an organization, nor have the
                // guest's lists in which this one does not stand.
                let is_of_acme =
                    !["session", "deleted_orgs", "joinable_orgs"].contains(&family.name);
                let expected = usize::from(everything || is_of_acme);
                assert_eq!(loaded, expected, "{case}");
            }
        }
    }
}

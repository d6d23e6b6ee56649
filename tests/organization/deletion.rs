//! Deleting an organization, which ends what it pays for first, and restoring it.

use std::collections::BTreeMap;

use fake_stripe::Failure;
use orghub::{
    access::OrgLookup,
    auth::SignedIn,
    billing::WebhookOutcome,
    domain::{Barred, OrgName, RESTORABLE_FOR, Role, SubscriptionStatus},
    error::Error,
};
use time::Duration;

use crate::{Acme, SUBSCRIPTION, field, find};

impl Acme {
    async fn find(&self, user: &SignedIn) -> OrgLookup {
        find(self.node(), user, &self.slug).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_organization_is_out_of_everybodys_sight_but_its_owners() {
    let acme = Acme::start_with_pro().await;
    let other = acme.app.another_node().await;
    for node in [acme.node(), &other] {
        for user in [&acme.owner, &acme.admin, &acme.member] {
            let found = find(node, user, &acme.slug).await;
            assert!(matches!(found, OrgLookup::Granted(_)), "{found:?}");
            node.orgs.list_mine(user).await.expect("a list");
            assert!(
                node.orgs
                    .list_deleted(user)
                    .await
                    .expect("a list")
                    .is_empty()
            );
        }
    }
    let before = acme.access(&acme.admin).await;
    acme.delete().await.expect("deleted");

    let cold = acme.app.another_node().await;
    for node in [acme.node(), &other, &cold] {
        for user in [&acme.admin, &acme.member] {
            let found = find(node, user, &acme.slug).await;
            assert!(matches!(found, OrgLookup::NotFound), "{found:?}");
            assert!(node.orgs.list_mine(user).await.expect("a list").is_empty());
            assert!(
                node.orgs
                    .list_deleted(user)
                    .await
                    .expect("a list")
                    .is_empty()
            );
        }
        let found = find(node, &acme.owner, &acme.slug).await;
        let OrgLookup::Barred(Barred::Deleted { slug, .. }) = found else {
            panic!("the owner is told nothing: {found:?}");
        };
        assert_eq!(slug, acme.slug);
        let mine = node.orgs.list_mine(&acme.owner).await.expect("a list");
        assert!(mine.is_empty());
        let deleted = node.orgs.list_deleted(&acme.owner).await.expect("a list");
        assert_eq!(deleted.len(), 1);
        assert_eq!((&deleted[0].slug, deleted[0].id), (&acme.slug, acme.id));
    }
    // With a proof from before.
    let leaving = acme.node().orgs.leave(&before).await;
    assert!(matches!(leaving, Err(Error::NotFound)), "{leaving:?}");
    let stranger = acme.app.user("Mallory").await;
    let free = acme.node().orgs.is_slug_free(&stranger, &acme.slug).await;
    assert!(!free.expect("an answer"), "its slug stays taken");

    assert_eq!(acme.mailed(&acme.owner).await.len(), 1);
    assert!(acme.mailed(&acme.admin).await.is_empty());
    let logged = acme.logged().await;
    assert_eq!(logged.last().map(String::as_str), Some("org.deleted"));
    other.stop().await;
    cold.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_delete_an_organization_changes_nothing_not_even_at_stripe() {
    let acme = Acme::start_with_pro().await;
    let orgs = &acme.node().orgs;
    let access = acme.access(&acme.owner).await;
    assert_eq!(
        field(orgs.delete(&access, "acme-inc").await),
        "confirmation"
    );
    assert_eq!(field(orgs.delete(&access, "").await), "confirmation");
    let admins = acme.access(&acme.admin).await;
    let refused = orgs.delete(&admins, "acme").await;
    assert!(matches!(refused, Err(Error::Forbidden)), "{refused:?}");

    acme.app
        .sql("update session set confirmed_at = now() - interval '11 minutes'")
        .await;
    let refused = orgs.delete(&access, "acme").await;
    assert!(matches!(refused, Err(Error::ConfirmFirst)), "{refused:?}");
    acme.app
        .sql("update session set confirmed_at = now()")
        .await;

    // Demoted since the proof was made.
    acme.app
        .sql_announced("update member set role = 'admin'")
        .await;
    let refused = orgs.delete(&access, "acme").await;
    assert!(matches!(refused, Err(Error::Forbidden)), "{refused:?}");
    assert!(!acme.is_deleted().await);
    assert_eq!(acme.status_at_stripe(SUBSCRIPTION), "active");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_subscription_is_cancelled_first_and_without_an_answer_nothing_is_deleted() {
    let acme = Acme::start_with_pro().await;
    acme.stripe.fail(Failure::ServerError);
    let refused = acme.delete().await;
    let Err(Error::Conflict(invalid)) = refused else {
        panic!("not refused: {refused:?}");
    };
    assert!(invalid.message.contains("Nothing was deleted"), "{invalid}");
    assert!(!acme.is_deleted().await);
    assert_eq!(acme.status_at_stripe(SUBSCRIPTION), "active");

    // Cancelled, and then the process died.
    acme.stripe.recover();
    acme.stripe
        .change_subscription(SUBSCRIPTION, |subscription| subscription.cancel());
    acme.delete()
        .await
        .expect("there is nothing left to cancel");
    assert!(acme.is_deleted().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn deleting_cancels_everything_that_is_paid_for_and_the_mirror_shows_it() {
    let acme = Acme::start_with_pro().await;
    acme.pay("sub_another");
    acme.delete().await.expect("deleted");
    for subscription in [SUBSCRIPTION, "sub_another"] {
        assert_eq!(acme.status_at_stripe(subscription), "canceled");
    }
    let sql = "select count(*) from subscription where status = 'canceled'";
    assert_eq!(acme.number(sql).await, 1);

    // What Stripe tells of it arrives at an organization that is deleted.
    let event = acme.webhook("customer.subscription.deleted", SUBSCRIPTION);
    assert_eq!(event.await, WebhookOutcome::Processed);
    assert!(acme.is_deleted().await);

    acme.restore(&acme.owner).await.expect("restored");
    let access = acme.access(&acme.member).await;
    let view = acme.node().billing.get_org_subscription(&access).await;
    let subscription = view.expect("a view").subscription.clone();
    let status = subscription.expect("it is shown").status;
    assert_eq!(status, SubscriptionStatus::parse("canceled"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_restores_an_organization_for_all_of_its_members() {
    let acme = Acme::start().await;
    let other = acme.app.another_node().await;
    acme.delete().await.expect("deleted");
    for node in [acme.node(), &other] {
        // Now it is cached that there is nothing.
        for user in [&acme.owner, &acme.admin, &acme.member] {
            find(node, user, &acme.slug).await;
            node.orgs.list_mine(user).await.expect("a list");
            node.orgs.list_deleted(user).await.expect("a list");
        }
    }
    for user in [&acme.admin, &acme.member] {
        let refused = acme.restore(user).await;
        assert!(matches!(refused, Err(Error::NotFound)), "{refused:?}");
    }
    let second = acme.app.user("Second Owner").await;
    acme.app.add_member(acme.id, &second, Role::Owner).await;
    acme.app
        .sql_announced(
            "update member set suspended_at = now()
             where user_id in (select id from users where name = 'Second Owner')",
        )
        .await;
    let refused = acme.restore(&second).await;
    assert!(matches!(refused, Err(Error::NotFound)), "{refused:?}");

    assert_eq!(
        acme.restore(&acme.owner).await.expect("restored"),
        acme.slug
    );
    for node in [acme.node(), &other] {
        for (user, role) in [
            (&acme.owner, Role::Owner),
            (&acme.admin, Role::Admin),
            (&acme.member, Role::Member),
        ] {
            let OrgLookup::Granted(access) = find(node, user, &acme.slug).await else {
                panic!("{} is not back", user.name);
            };
            assert_eq!(access.role(), role);
            assert_eq!(node.orgs.list_mine(user).await.expect("a list").len(), 1);
            assert!(
                node.orgs
                    .list_deleted(user)
                    .await
                    .expect("a list")
                    .is_empty()
            );
        }
    }
    // Twice is once.
    acme.restore(&acme.owner).await.expect("it is there");
    let logged = acme.logged().await;
    assert_eq!(logged, ["org.created", "org.deleted", "org.restored"]);
    other.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_thirty_days_nobody_restores_an_organization() {
    let acme = Acme::start().await;
    acme.delete().await.expect("deleted");
    let clock = &acme.node().clock;
    clock.advance(RESTORABLE_FOR - Duration::MINUTE);
    assert_eq!(
        acme.node()
            .orgs
            .list_deleted(&acme.owner)
            .await
            .expect("a list")
            .len(),
        1
    );
    clock.advance(Duration::minutes(2));
    let refused = acme.restore(&acme.owner).await;
    assert!(matches!(refused, Err(Error::NotFound)), "{refused:?}");
    assert!(matches!(acme.find(&acme.owner).await, OrgLookup::NotFound));
    let deleted = acme.node().orgs.list_deleted(&acme.owner).await;
    assert!(deleted.expect("a list").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_runs_at_once_an_organization_is_deleted_or_it_is_not() {
    let acme = Acme::start_with_pro().await;
    let other = acme.app.another_node().await;
    let name = |number: u32| OrgName::parse(&format!("Acme {number}")).expect("a name");
    for round in 0..6_u32 {
        let before = acme.node().access.require(&acme.owner, &acme.slug).await;
        let rename = async {
            if let Ok(access) = &before {
                let renamed = acme
                    .node()
                    .orgs
                    .update(access, name(round), acme.slug.clone());
                let _outcome = renamed.await;
            }
        };
        let delete = async {
            if let Ok(access) = &before {
                let _outcome = other.orgs.delete(access, "acme").await;
            }
        };
        let restore = async {
            let _outcome = acme.restore(&acme.owner).await;
        };
        let webhook = acme.webhook("customer.subscription.updated", SUBSCRIPTION);
        tokio::join!(rename, delete, restore, webhook);

        let is_deleted = acme.is_deleted().await;
        for node in [acme.node(), &other] {
            let found = find(node, &acme.member, &acme.slug).await;
            let has_access = matches!(found, OrgLookup::Granted(_));
            assert_ne!(has_access, is_deleted, "{found:?}");
        }
    }
    let logged = acme.logged().await;
    let mut counts = BTreeMap::new();
    for kind in &logged {
        *counts.entry(kind.as_str()).or_insert(0) += 1;
    }
    let count = |kind| counts.get(kind).copied().unwrap_or(0);
    let deleted = i32::from(acme.is_deleted().await);
    assert!(count("org.deleted") > 0, "{logged:?}");
    assert_eq!(
        count("org.deleted") - count("org.restored"),
        deleted,
        "each deletion was one, and each restoration: {logged:?}"
    );
    other.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_deletes_their_account_leaves_a_deleted_organization_to_be_removed() {
    let acme = Acme::start_with_pro().await;
    acme.delete().await.expect("deleted");
    let client = orghub::auth::ClientInfo::default();
    let auth = &acme.node().auth;
    auth.request_deletion(&acme.owner, &client)
        .await
        .expect("mailed");
    let token = acme.app.mailed_token(acme.owner.email.as_str()).await;
    let token = orghub::auth::LinkToken::of(&token);
    auth.delete_account(&token).await.expect("deleted");
    assert!(
        acme.is_deleted().await,
        "it is there until its time is over"
    );
    acme.node()
        .clock
        .advance(RESTORABLE_FOR + Duration::hours(2));
    assert_eq!(acme.node().orgs.purge_deleted().await.expect("removed"), 1);
}

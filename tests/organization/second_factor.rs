//! A second factor, required of all members from a day on.

use orghub::{
    access::OrgLookup,
    auth::SignedIn,
    domain::{Barred, CurrentUser, FirstDay},
    error::Error,
};
use orghub_test_support::{session_of, totp_code};
use time::Duration;

use crate::{Acme, field, find};

impl Acme {
    /// Gives the user an authenticator app, by the use cases, and returns the user as their
    /// next request finds them.
    async fn set_up_second_factor(&self, user: &SignedIn) -> SignedIn {
        let auth = &self.node().auth;
        auth.begin_totp(user).await.expect("it begins");
        let set_up = auth.totp_set_up(user).await.expect("it can be seen");
        let secret = set_up.expect("it is being set up").secret;
        let code = totp_code(&secret, self.node().clock.now());
        auth.turn_on_totp(user, &code)
            .await
            .expect("the right code");
        let user = CurrentUser {
            has_second_factor: true,
            ..user.user().clone()
        };
        let session = session_of(user.id);
        SignedIn::claimed(user, session)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_no_second_factor_is_listed_warned_and_then_out_until_they_set_one_up() {
    let acme = Acme::start().await;
    let other = acme.app.another_node().await;
    let orgs = &acme.node().orgs;
    let clock = &acme.node().clock;
    let access = acme.access(&acme.owner).await;
    let refused = orgs.require_second_factor(&access, FirstDay::of(clock.now()));
    let refused = refused.await;
    assert!(matches!(refused, Err(Error::Conflict(_))), "{refused:?}");

    let owner = acme.set_up_second_factor(&acme.owner).await;
    let access = acme.access(&owner).await;
    let without = orgs
        .list_without_second_factor(&access)
        .await
        .expect("a list");
    let names: Vec<_> = without
        .first
        .iter()
        .map(|member| member.name.as_str())
        .collect();
    assert_eq!((without.total, names), (2, vec!["Grace", "Joan"]));
    let from = FirstDay::usual(clock.now());
    for day in [
        clock.now() - Duration::DAY,
        clock.now() + Duration::days(91),
    ] {
        let refused = orgs.require_second_factor(&access, FirstDay::of(day)).await;
        assert_eq!(field(refused), "from");
    }
    orgs.require_second_factor(&access, from)
        .await
        .expect("required");
    orgs.require_second_factor(&access, from)
        .await
        .expect("it is");

    // Before the day.
    for node in [acme.node(), &other] {
        for user in [&owner, &acme.admin, &acme.member] {
            let OrgLookup::Granted(access) = find(node, user, &acme.slug).await else {
                panic!("{} is out too early", user.name);
            };
            let known = access.membership().second_factor_from;
            assert_eq!(known, Some(from.begins_at()));
        }
    }
    assert_eq!(acme.mailed(&acme.admin).await.len(), 1);
    assert_eq!(acme.mailed(&acme.member).await.len(), 1);
    let owners = acme.mailed(&owner).await;
    assert!(
        owners
            .iter()
            .all(|subject| !subject.contains("second factor"))
    );

    // From that day on, whatever was cached.
    let before = acme.access(&acme.admin).await;
    for node in [acme.node(), &other] {
        node.clock.advance(Duration::days(15));
    }
    let cold = acme.app.another_node().await;
    cold.clock.advance(Duration::days(15));
    for node in [acme.node(), &other, &cold] {
        let found = find(node, &acme.admin, &acme.slug).await;
        let is_told = matches!(found, OrgLookup::Barred(Barred::SecondFactor { .. }));
        assert!(is_told, "{found:?}");
        let found = find(node, &owner, &acme.slug).await;
        assert!(matches!(found, OrgLookup::Granted(_)), "{found:?}");
    }
    let left = orgs.leave(&before).await;
    assert!(matches!(left, Err(Error::NotFound)), "{left:?}");

    acme.app
        .sql("update session set confirmed_at = now() + interval '15 days'")
        .await;
    let admin = acme.set_up_second_factor(&acme.admin).await;
    for node in [acme.node(), &other, &cold] {
        let found = find(node, &admin, &acme.slug).await;
        assert!(matches!(found, OrgLookup::Granted(_)), "{found:?}");
        let found = find(node, &acme.member, &acme.slug).await;
        assert!(matches!(found, OrgLookup::Barred(_)), "{found:?}");
    }

    orgs.stop_requiring_second_factor(&access)
        .await
        .expect("not any more");
    for node in [acme.node(), &other, &cold] {
        let found = find(node, &acme.member, &acme.slug).await;
        assert!(matches!(found, OrgLookup::Granted(_)), "{found:?}");
    }
    let logged = acme.logged().await;
    assert_eq!(
        logged,
        [
            "org.created",
            "org.second_factor_required",
            "org.second_factor_not_required"
        ]
    );
    other.stop().await;
    cold.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_owners_require_a_second_factor() {
    let acme = Acme::start().await;
    let orgs = &acme.node().orgs;
    let admin = acme.set_up_second_factor(&acme.admin).await;
    let access = acme.access(&admin).await;
    let today = FirstDay::of(acme.node().clock.now());
    let refused = orgs.require_second_factor(&access, today).await;
    assert!(matches!(refused, Err(Error::Forbidden)), "{refused:?}");
    let refused = orgs.stop_requiring_second_factor(&access).await;
    assert!(matches!(refused, Err(Error::Forbidden)), "{refused:?}");
    let refused = orgs.list_without_second_factor(&access).await;
    assert!(matches!(refused, Err(Error::Forbidden)), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_without_the_required_second_factor_restores_nothing() {
    let acme = Acme::start().await;
    acme.delete().await.expect("deleted");
    acme.app
        .sql_announced("update organization set second_factor_from = now() - interval '1 day'")
        .await;
    let refused = acme.restore(&acme.owner).await;
    assert!(
        matches!(refused, Err(Error::SecondFactorFirst)),
        "{refused:?}"
    );
    let owner = acme.set_up_second_factor(&acme.owner).await;
    acme.restore(&owner).await.expect("restored");
}

#[tokio::test(flavor = "multi_thread")]
async fn hundreds_of_members_are_told_once_each() {
    let acme = Acme::start().await;
    acme.app.add_members(acme.id, 450).await;
    let owner = acme.set_up_second_factor(&acme.owner).await;
    let access = acme.access(&owner).await;
    let from = FirstDay::usual(acme.node().clock.now());
    let orgs = &acme.node().orgs;
    orgs.require_second_factor(&access, from)
        .await
        .expect("required");
    for _ in 0..4 {
        acme.node().worker.run_due().await.expect("the jobs run");
    }
    let sql = "select count(*) from mail where letter->>'subject' like '%second factor'";
    assert_eq!(acme.number(sql).await, 452);
    let sql = "select count(distinct recipient) from mail
               where letter->>'subject' like '%second factor'";
    assert_eq!(acme.number(sql).await, 452);
}

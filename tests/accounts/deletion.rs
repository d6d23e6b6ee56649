use orghub::{
    auth::{ClientInfo, SignedIn},
    domain::{OrgSegment, OrgSlug, Role},
    error::{Error, Result},
};
use orghub_test_support::{PASSWORD, TestApp};

use crate::{ADA, is_dead, link, sign_in, who};

async fn request(app: &TestApp, user: &SignedIn) -> Result<()> {
    let client = ClientInfo::default();
    app.services.auth.request_deletion(user, &client).await
}

fn sentence(refused: Result<()>) -> String {
    match refused {
        Err(Error::Conflict(invalid)) => invalid.message,
        other => panic!("not refused: {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_goes_with_what_was_only_its_own() {
    let app = TestApp::start().await;
    let (ada, grace) = (app.user("Ada").await, app.user("Grace").await);
    let alone = app.org("alone", &ada).await;
    let shared = app.org("shared", &grace).await;
    let org = app.access(&grace, &shared).await.org_id();
    app.add_member(org, &ada, Role::Owner).await;
    let session = app.sign_in(&ada).await;
    app.services
        .access
        .require(&ada, &shared)
        .await
        .expect("a member");

    request(&app, &ada).await.expect("mailed");
    assert!(
        who(&app, &session).await.is_some(),
        "nothing has changed yet"
    );
    let link = link(&app, ADA).await;
    let auth = &app.services.auth;
    auth.delete_account(&link).await.expect("deleted");
    assert_eq!(who(&app, &session).await, None);
    assert!(matches!(
        sign_in(&app, ADA, PASSWORD).await,
        Err(Error::SignInFailed)
    ));
    assert!(is_dead(auth.delete_account(&link).await));
    let access = &app.services.access;
    for slug in [&alone, &shared] {
        let refused = access.require(&ada, slug).await;
        assert!(matches!(refused, Err(Error::NotFound)), "{slug}");
    }
    let left = access.find(&grace, &OrgSegment::Slug(alone)).await;
    assert!(matches!(left, Ok(orghub::access::OrgLookup::NotFound)));
    app.access(&grace, &shared).await;
    let letters = app.mail_to(ADA).await;
    assert_eq!(
        letters.last().expect("mail").subject,
        "Your account was deleted"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_leaves_an_organization_without_an_owner() {
    let app = TestApp::start().await;
    let (ada, grace) = (app.user("Ada").await, app.user("Grace").await);
    let slugs = [app.org("first", &ada).await, app.org("second", &ada).await];
    let mut members = Vec::new();
    for slug in &slugs {
        let org = app.access(&ada, slug).await.org_id();
        members.push(app.add_member(org, &grace, Role::Member).await);
    }
    let refused = sentence(request(&app, &ada).await);
    for slug in ["/orgs/first", "/orgs/second"] {
        assert!(refused.contains(slug), "{refused}");
    }
    // What was right when the link was mailed is looked at again when it is used.
    let orgs = &app.services.orgs;
    for (slug, member) in slugs.iter().zip(&members) {
        let access = app.access(&ada, slug).await;
        orgs.change_role(&access, *member, Role::Owner)
            .await
            .expect("two owners");
    }
    request(&app, &ada).await.expect("mailed");
    let link = link(&app, ADA).await;
    let grace_there = app.access(&grace, &slugs[0]).await;
    orgs.leave(&grace_there).await.expect("not the last");
    let again = app.user("Joan").await;
    let org = app.access(&ada, &slugs[0]).await.org_id();
    app.add_member(org, &again, Role::Member).await;
    let refused = sentence(app.services.auth.delete_account(&link).await);
    assert!(refused.contains("/orgs/first") && !refused.contains("/orgs/second"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_that_goes_on_is_canceled_first() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    let slug: OrgSlug = app.org("acme", &ada).await;
    let org = app.access(&ada, &slug).await.org_id().to_string();
    app.sql_with(
        "insert into subscription (organization_id, stripe_subscription_id, plan,
             billing_interval, status, synced_at)
         values ($1::uuid, 'sub_1', 'pro', 'month', 'past_due', now())",
        &[&org],
    )
    .await;
    assert!(sentence(request(&app, &ada).await).contains("/orgs/acme"));
    app.sql("update subscription set status = 'canceled'").await;
    request(&app, &ada).await.expect("mailed");
}

//! The organization as a whole: its logo, the second factor it can require, deleting it,
//! restoring it, and removing it for good.

use std::{collections::BTreeMap, io::Cursor};

use fake_stripe::{Customer, Failure, FakeStripe, Subscription};
use image::{DynamicImage, ImageFormat};
use orghub::{
    access::{OrgAccess, OrgLookup},
    auth::SignedIn,
    billing::WebhookOutcome,
    config::{AppEnv, StripeConfig, StripeKey, WebhookSecret},
    domain::{
        Barred, CurrentUser, FirstDay, OrgId, OrgName, OrgSegment, OrgSlug, RESTORABLE_FOR, Role,
        SubscriptionStatus,
    },
    error::{Error, Result},
    services::Services,
    test_hooks::DbInternals as _,
};
use orghub_test_support::{TestApp, session_of, totp_code};
use sqlx::AssertSqlSafe;
use time::Duration;

const SECRET: &str = "whsec_of_these_tests";
const CUSTOMER: &str = "cus_acme";
const SUBSCRIPTION: &str = "sub_acme";

/// `acme`: an owner, an admin, a plain member, and a subscription at a Stripe.
struct Acme {
    app: TestApp,
    stripe: FakeStripe,
    slug: OrgSlug,
    id: OrgId,
    owner: SignedIn,
    admin: SignedIn,
    member: SignedIn,
}

impl Acme {
    async fn start() -> Self {
        let stripe = FakeStripe::start(fake_stripe::Config::default());
        let stripe = stripe.await.expect("a free port");
        let api_base = Some(stripe.url());
        let app = TestApp::start_with(|config| {
            config.stripe = StripeConfig {
                secret_key: StripeKey::parse("sk_test_fake", AppEnv::Development).expect("a key"),
                api_base,
                webhook_secrets: WebhookSecret::parse_list(SECRET, AppEnv::Development)
                    .expect("a secret"),
                automatic_tax: false,
                daily_reconcile: false,
                portal_configuration: None,
            };
        })
        .await;
        let owner = app.user("Ada").await;
        let slug = app.org("acme", &owner).await;
        let id = app.access(&owner, &slug).await.org_id();
        let (admin, member) = (app.user("Grace").await, app.user("Joan").await);
        app.add_member(id, &admin, Role::Admin).await;
        app.add_member(id, &member, Role::Member).await;
        Self {
            app,
            stripe,
            slug,
            id,
            owner,
            admin,
            member,
        }
    }

    /// [`Self::start`], and it pays for something.
    async fn start_with_pro() -> Self {
        let acme = Self::start().await;
        acme.stripe.put_customer(Customer {
            id: CUSTOMER.into(),
            ..Customer::default()
        });
        acme.pay(SUBSCRIPTION);
        let attach = "insert into billing_customer (organization_id, stripe_customer_id) \
                      values ($1::uuid, $2)";
        let id = acme.id.to_string();
        acme.app.sql_with(attach, &[&id, CUSTOMER]).await;
        let outcome = acme.webhook("customer.subscription.created", SUBSCRIPTION);
        assert_eq!(outcome.await, WebhookOutcome::Processed);
        acme
    }

    /// Has the customer subscribe at Stripe.
    fn pay(&self, subscription: &str) {
        let price = "price_pro_month";
        let bought = Subscription::active(subscription, CUSTOMER, price);
        self.stripe.put_subscription(bought);
    }

    async fn webhook(&self, event_type: &str, object: &str) -> WebhookOutcome {
        let event = self.stripe.event(event_type, object, SECRET);
        let billing = &self.node().billing;
        let received = billing.receive_webhook(event.payload.as_bytes(), &event.signature);
        received.await.expect("the event is accepted")
    }

    fn node(&self) -> &Services {
        &self.app.services
    }

    async fn find(&self, user: &SignedIn) -> OrgLookup {
        find(self.node(), user, &self.slug).await
    }

    async fn access(&self, user: &SignedIn) -> OrgAccess {
        self.app.access(user, &self.slug).await
    }

    async fn delete(&self) -> Result<()> {
        let access = self.node().access.require(&self.owner, &self.slug).await?;
        let slug = self.slug.as_str();
        self.node().orgs.delete(&access, slug).await
    }

    async fn restore(&self, user: &SignedIn) -> Result<OrgSlug> {
        self.node().orgs.restore(user, &self.slug).await
    }

    async fn number(&self, sql: &str) -> i64 {
        let found = sqlx::query_scalar(AssertSqlSafe(sql.to_owned()))
            .fetch_one(self.node().db.pool())
            .await;
        found.unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    async fn is_deleted(&self) -> bool {
        let sql = "select count(*) from organization where deleted_at is not null";
        self.number(sql).await == 1
    }

    /// What is in its audit log, oldest first.
    async fn logged(&self) -> Vec<String> {
        let kinds = sqlx::query_scalar("select kind from activity order by created_at, id")
            .fetch_all(self.node().db.pool())
            .await;
        kinds.expect("the audit log answers")
    }

    /// The subjects of what was mailed to the user.
    async fn mailed(&self, user: &CurrentUser) -> Vec<String> {
        self.node().worker.run_due().await.expect("the jobs run");
        let letters = self.app.mail_to(user.email.as_str()).await;
        letters.into_iter().map(|letter| letter.subject).collect()
    }

    fn status_at_stripe(&self, subscription: &str) -> String {
        let mut status = String::new();
        self.stripe
            .change_subscription(subscription, |found| status.clone_from(&found.status));
        status
    }

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

async fn find(node: &Services, user: &SignedIn, slug: &OrgSlug) -> OrgLookup {
    let segment = OrgSegment::Slug(slug.clone());
    let found = node.access.find(user, &segment).await;
    found.expect("an answer")
}

fn png(side: u32) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    let picture = DynamicImage::new_rgb8(side, side);
    let written = picture.write_to(&mut bytes, ImageFormat::Png);
    written.expect("it encodes");
    bytes.into_inner()
}

fn field<T: std::fmt::Debug>(refused: Result<T>) -> String {
    match refused {
        Err(Error::Invalid(invalid)) => invalid.field.expect("about one field"),
        other => panic!("not refused for a field: {other:?}"),
    }
}

// The logo.

#[tokio::test(flavor = "multi_thread")]
async fn a_logo_is_made_anew_and_everybody_sees_it_at_once() {
    let acme = Acme::start().await;
    let other = acme.app.another_node().await;
    let access = acme.access(&acme.admin).await;
    for node in [acme.node(), &other] {
        let seen = node.access.require(&acme.member, &acme.slug).await;
        assert_eq!(seen.expect("a member").membership().org_logo, None);
        node.orgs.list_mine(&acme.member).await.expect("a list");
    }

    let sent = png(300);
    let orgs = &acme.node().orgs;
    orgs.change_logo(&access, sent.clone())
        .await
        .expect("a logo");
    let mut hashes = Vec::new();
    for node in [acme.node(), &other] {
        let seen = node.access.require(&acme.member, &acme.slug).await;
        hashes.push(seen.expect("a member").membership().org_logo);
        let mine = node.orgs.list_mine(&acme.member).await.expect("a list");
        hashes.push(mine[0].logo);
    }
    let hash = hashes[0].expect("a logo");
    assert!(hashes.iter().all(|other| *other == Some(hash)));
    let kept = acme
        .node()
        .pictures
        .get(&hash)
        .await
        .expect("it is there")
        .0;
    assert_ne!(kept, sent);
    assert!(kept.starts_with(&[0xff, 0xd8]), "a JPEG");

    orgs.remove_logo(&access).await.expect("removed");
    assert_eq!(acme.access(&acme.owner).await.membership().org_logo, None);
    let gone = acme.node().pictures.get(&hash).await;
    assert!(matches!(gone, Err(Error::NotFound)));
    orgs.remove_logo(&access).await.expect("nothing to do");
    let logged = acme.logged().await;
    assert_eq!(
        logged,
        ["org.created", "org.logo_changed", "org.logo_removed"]
    );
    other.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_who_may_update_an_organization_changes_its_logo() {
    let acme = Acme::start().await;
    let orgs = &acme.node().orgs;
    let access = acme.access(&acme.member).await;
    let refused = orgs.change_logo(&access, png(9)).await;
    assert!(matches!(refused, Err(Error::Forbidden)), "{refused:?}");
    let refused = orgs.remove_logo(&access).await;
    assert!(matches!(refused, Err(Error::Forbidden)), "{refused:?}");

    let access = acme.access(&acme.admin).await;
    for sent in [Vec::new(), b"<svg/>".to_vec(), vec![0; 1024 * 1024 + 1]] {
        assert_eq!(field(orgs.change_logo(&access, sent).await), "logo");
    }
    // Demoted since the proof was made.
    acme.app
        .sql_announced("update member set role = 'member' where role = 'admin'")
        .await;
    let refused = orgs.change_logo(&access, png(9)).await;
    assert!(matches!(refused, Err(Error::Forbidden)), "{refused:?}");
    assert_eq!(
        acme.number("select count(*) from organization_logo").await,
        0
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn former_slugs_are_listed_until_they_are_taken_back() {
    let acme = Acme::start().await;
    let orgs = &acme.node().orgs;
    let name = || OrgName::parse("Acme").expect("a name");
    let slug = |text: &str| OrgSlug::parse(text).expect("a slug");
    let former = async |at: &str| {
        let access = acme.app.access(&acme.admin, &slug(at)).await;
        let former = orgs.list_former_slugs(&access).await.expect("a list");
        former
            .slugs
            .iter()
            .map(OrgSlug::to_string)
            .collect::<Vec<_>>()
    };
    assert!(former("acme").await.is_empty());
    let access = acme.access(&acme.admin).await;
    orgs.update(&access, name(), slug("anvils"))
        .await
        .expect("moved");
    assert_eq!(former("anvils").await, ["acme"]);
    let access = acme.app.access(&acme.admin, &slug("anvils")).await;
    orgs.update(&access, name(), slug("acme"))
        .await
        .expect("moved");
    assert_eq!(former("acme").await, ["anvils"]);

    let access = acme.access(&acme.member).await;
    let refused = orgs.list_former_slugs(&access).await;
    assert!(matches!(refused, Err(Error::Forbidden)), "{refused:?}");
}

// Deleting and restoring.

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
    let token = orghub::auth::AccountToken::of(&token);
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

// For good.

/// Everything that has an organization by a foreign key: table and column.
async fn references(acme: &Acme) -> Vec<(String, String)> {
    let found = sqlx::query_as(
        "select c.conrelid::regclass::text, a.attname::text
         from pg_constraint c
         join pg_attribute a on a.attrelid = c.conrelid and a.attnum = any (c.conkey)
         where c.contype = 'f' and c.confrelid = 'organization'::regclass
         order by 1, 2",
    )
    .fetch_all(acme.node().db.pool())
    .await;
    found.expect("the catalog answers")
}

#[tokio::test(flavor = "multi_thread")]
async fn removing_for_good_has_more_time_than_a_statement_of_a_request() {
    let acme = Acme::start().await;
    acme.delete().await.expect("deleted");
    // As slow as a log of millions of entries.
    for sql in [
        "create function wait() returns trigger language plpgsql as $$ begin
             perform pg_sleep(2.5);
             return old;
         end $$",
        "create trigger wait before delete on activity for each statement execute function wait()",
    ] {
        acme.app.sql(sql).await;
    }
    acme.node()
        .clock
        .advance(RESTORABLE_FOR + Duration::hours(2));
    assert_eq!(acme.node().orgs.purge_deleted().await.expect("removed"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_its_time_nothing_of_an_organization_is_left() {
    let acme = Acme::start_with_pro().await;
    let orgs = &acme.node().orgs;
    let owners = acme.access(&acme.owner).await;
    orgs.change_logo(&owners, png(9)).await.expect("a logo");
    let rows = [
        "insert into invitation
         select * from jsonb_populate_record(null::invitation, jsonb_build_object(
             'id', gen_random_uuid(), 'organization_id', $1::text, 'email', 'guest@users.test',
             'role', 'member', 'token_hash', '\\x00', 'state', 'pending', 'created_at', now(),
             'sent_at', now(), 'expires_at', now()))",
        "insert into limit_override (organization_id, members) values ($1::uuid, 5)",
    ];
    for row in rows {
        acme.app.sql_with(row, &[&acme.id.to_string()]).await;
    }
    acme.app.add_members(acme.id, 1_500).await;
    // What belongs to others stays.
    let others = acme.app.org("globex", &acme.admin).await;
    acme.delete().await.expect("deleted");

    let references = references(&acme).await;
    for table in [
        "activity",
        "billing_customer",
        "invitation",
        "limit_override",
        "member",
        "organization_logo",
        "organization_member_count",
        "organization_slug",
        "subscription",
    ] {
        assert!(
            references.iter().any(|(found, _)| found == table),
            "{table}"
        );
        let sql = format!(
            "select count(*) from {table} where organization_id = '{}'",
            acme.id
        );
        assert!(acme.number(&sql).await > 0, "{table} has no row to remove");
    }
    let clock = &acme.node().clock;
    clock.advance(RESTORABLE_FOR - Duration::MINUTE);
    assert_eq!(orgs.purge_deleted().await.expect("nothing"), 0);
    clock.advance(Duration::hours(2));
    // The other way in which it runs.
    assert_eq!(orgs.purge_deleted().await.expect("removed"), 1);

    for (table, column) in &references {
        let sql = format!(
            "select count(*) from {table} where {column} = '{}'",
            acme.id
        );
        assert_eq!(acme.number(&sql).await, 0, "{table}.{column}");
    }
    let sql = format!("select count(*) from organization where id = '{}'", acme.id);
    assert_eq!(acme.number(&sql).await, 0);
    let globex = find(acme.node(), &acme.admin, &others).await;
    assert!(matches!(globex, OrgLookup::Granted(_)), "{globex:?}");
    let free = orgs.is_slug_free(&acme.admin, &acme.slug).await;
    assert!(free.expect("an answer"), "somebody else can have the slug");

    // What Stripe still tells of it is nobody's. (At a node whose clock was not moved: a
    // signature from weeks ago is refused.)
    let other = acme.app.another_node().await;
    let event = acme
        .stripe
        .event("customer.subscription.deleted", SUBSCRIPTION, SECRET);
    let received = other
        .billing
        .receive_webhook(event.payload.as_bytes(), &event.signature);
    let outcome = received.await.expect("the event is accepted");
    assert_eq!(outcome, WebhookOutcome::Ignored);
    other.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_table_can_outlive_an_organization() {
    let acme = Acme::start().await;
    // Another action than a cascade would keep the organization, or the row.
    let sql = "select count(*) from pg_constraint
               where contype = 'f' and confrelid = 'organization'::regclass
                   and confdeltype <> 'c'";
    assert_eq!(acme.number(sql).await, 0, "a foreign key does not cascade");
    let references = references(&acme).await;
    let columns: Vec<(String, String)> = sqlx::query_as(
        "select table_name::text, column_name::text
         from information_schema.columns
         where table_schema = 'public' and column_name in ('organization_id', 'org_id')",
    )
    .fetch_all(acme.node().db.pool())
    .await
    .expect("the catalog answers");
    for column in columns {
        assert!(
            references.contains(&column),
            "{column:?} has no foreign key"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_bought_after_the_deletion_is_cancelled_before_the_end() {
    let acme = Acme::start_with_pro().await;
    acme.delete().await.expect("deleted");
    acme.pay("sub_late");
    let clock = &acme.node().clock;
    clock.advance(RESTORABLE_FOR + Duration::hours(2));
    acme.stripe.fail(Failure::ServerError);
    let orgs = &acme.node().orgs;
    assert_eq!(orgs.purge_deleted().await.expect("put off"), 0);
    assert!(acme.is_deleted().await, "without an answer it stays");
    acme.stripe.recover();
    assert_eq!(orgs.purge_deleted().await.expect("removed"), 1);
    assert_eq!(acme.status_at_stripe("sub_late"), "canceled");
}

// A second factor.

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

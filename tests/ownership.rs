//! Ownership that one member offers and another takes.

use orghub::{
    access::OrgAccess,
    auth::SignedIn,
    domain::{ActivityKind, Email, MemberId, OrgSlug, OwnershipOffer, Role},
    error::Error,
};
use orghub_test_support::{TestApp, session_of};
use time::Duration;

/// An organization of Ada's in which Grace is a member.
struct Fixture {
    app: TestApp,
    slug: OrgSlug,
    ada: SignedIn,
    giver: OrgAccess,
    grace: SignedIn,
    receiver: OrgAccess,
    receiver_id: MemberId,
}

impl Fixture {
    async fn start() -> Self {
        let app = TestApp::start().await;
        let ada = app.user("Ada").await;
        let slug = app.org("fixture", &ada).await;
        let giver = app.access(&ada, &slug).await;
        let grace = app.user("Grace").await;
        let receiver_id = app.add_member(giver.org_id(), &grace, Role::Member).await;
        let receiver = app.access(&grace, &slug).await;
        Self {
            app,
            slug,
            ada,
            giver,
            grace,
            receiver,
            receiver_id,
        }
    }

    async fn offer(&self) -> Result<(), Error> {
        let orgs = &self.app.services.orgs;
        orgs.offer_ownership(&self.giver, &self.grace.email).await
    }

    async fn offered() -> Self {
        let fixture = Self::start().await;
        fixture.offer().await.expect("offered");
        fixture
    }

    /// The offer as the overview has it now.
    async fn on_the_overview(&self, reader: &OrgAccess) -> Option<OwnershipOffer> {
        let overview = self.app.services.orgs.get_overview(reader).await;
        let overview = overview.expect("an overview");
        overview.offer_at(self.app.services.clock.now()).cloned()
    }

    async fn roles(&self) -> (Role, Role) {
        let role = async |user| self.app.access(user, &self.slug).await.role();
        (role(&self.ada).await, role(&self.grace).await)
    }

    async fn offers(&self) -> i64 {
        sqlx::query_scalar("select count(*) from ownership_transfer")
            .fetch_one(self.app.services.db.pool())
            .await
            .expect("a count")
    }

    async fn is_refused(&self) -> bool {
        let outcome = self
            .app
            .services
            .orgs
            .accept_ownership(&self.receiver)
            .await;
        matches!(outcome, Err(Error::Conflict(_)))
    }
}

fn email(text: &str) -> Email {
    Email::parse(text).expect("an address")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offer_changes_nothing_until_it_is_accepted_and_then_both_roles_at_once() {
    let fixture = Fixture::offered().await;
    let other = fixture.app.another_node().await;
    assert_eq!(fixture.roles().await, (Role::Owner, Role::Member));
    let offer = fixture.on_the_overview(&fixture.receiver).await;
    let offer = offer.expect("an offer");
    assert_eq!(
        (offer.from_name.as_str(), offer.to_name.as_str(), offer.to),
        ("Ada", "Grace", fixture.receiver_id)
    );
    let letters = fixture.app.mail_to("grace@users.test").await;
    let [letter] = letters.as_slice() else {
        panic!("one letter: {letters:?}");
    };
    assert!(letter.subject.contains("Ada"), "{letter:?}");
    let button = letter.button.as_ref().expect("a link");
    assert_eq!(button.path, "/orgs/fixture");

    let orgs = &fixture.app.services.orgs;
    orgs.accept_ownership(&fixture.receiver)
        .await
        .expect("accepted");
    assert_eq!(fixture.roles().await, (Role::Admin, Role::Owner));
    for (user, role) in [(&fixture.ada, Role::Admin), (&fixture.grace, Role::Owner)] {
        let access = other.access.require(user, &fixture.slug).await;
        assert_eq!(access.expect("a member").role(), role, "on the other node");
    }
    assert_eq!(fixture.offers().await, 0);
    assert!(fixture.on_the_overview(&fixture.receiver).await.is_none());
    assert!(fixture.is_refused().await, "once");
    let letters = fixture.app.mail_to("ada@users.test").await;
    assert!(
        letters
            .iter()
            .any(|letter| letter.subject.contains("Grace"))
    );
    other.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_receiver_decides_and_only_owners_offer_and_withdraw() {
    let fixture = Fixture::offered().await;
    let orgs = &fixture.app.services.orgs;
    let mut others = Vec::new();
    for role in Role::ALL {
        let user = fixture.app.user(&format!("Other {role}")).await;
        let org = fixture.giver.org_id();
        fixture.app.add_member(org, &user, role).await;
        others.push(fixture.app.access(&user, &fixture.slug).await);
    }
    for other in others.iter().chain([&fixture.giver]) {
        for outcome in [
            orgs.accept_ownership(other).await,
            orgs.decline_ownership(other).await,
        ] {
            assert!(matches!(outcome, Err(Error::Conflict(_))), "{outcome:?}");
        }
    }
    for other in others.iter().filter(|other| other.role() != Role::Owner) {
        for outcome in [
            orgs.offer_ownership(other, &fixture.grace.email).await,
            orgs.withdraw_ownership(other).await,
        ] {
            assert!(matches!(outcome, Err(Error::Forbidden)), "{outcome:?}");
        }
    }
    assert_eq!(fixture.offers().await, 1);
    // Another owner may.
    orgs.withdraw_ownership(&others[0]).await.expect("an owner");
    assert_eq!(fixture.offers().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn declined_or_withdrawn_it_is_gone_and_said_in_the_audit_log() {
    let fixture = Fixture::offered().await;
    let orgs = &fixture.app.services.orgs;
    orgs.decline_ownership(&fixture.receiver)
        .await
        .expect("declined");
    assert!(fixture.is_refused().await);
    assert!(fixture.on_the_overview(&fixture.receiver).await.is_none());
    fixture.offer().await.expect("again");
    orgs.withdraw_ownership(&fixture.giver)
        .await
        .expect("withdrawn");
    assert!(fixture.is_refused().await);
    fixture.offer().await.expect("again");
    orgs.accept_ownership(&fixture.receiver)
        .await
        .expect("accepted");
    let overview = orgs.get_overview(&fixture.giver).await;
    let overview = overview.expect("an overview");
    let entries: Vec<_> = overview
        .recent_activity
        .iter()
        .map(|entry| (entry.kind, entry.actor.as_str(), entry.subject.as_str()))
        .collect();
    assert_eq!(
        entries,
        [
            (ActivityKind::OwnershipAccepted, "Grace", "Ada"),
            (ActivityKind::OwnershipOffered, "Ada", "Grace"),
            (ActivityKind::OwnershipWithdrawn, "Ada", "Grace"),
            (ActivityKind::OwnershipOffered, "Ada", "Grace"),
            (ActivityKind::OwnershipDeclined, "Grace", "Ada"),
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn after_seven_days_an_offer_is_worth_nothing_and_another_takes_its_place() {
    let fixture = Fixture::offered().await;
    fixture.app.services.clock.advance(Duration::days(7));
    assert!(fixture.on_the_overview(&fixture.receiver).await.is_none());
    assert!(fixture.is_refused().await);
    assert_eq!(fixture.roles().await, (Role::Owner, Role::Member));
    // The proof of who Ada is has gone stale meanwhile.
    let outcome = fixture.offer().await;
    assert!(matches!(outcome, Err(Error::ConfirmFirst)), "{outcome:?}");
    fixture
        .app
        .sql("update session set confirmed_at = now() + interval '7 days'")
        .await;
    fixture.offer().await.expect("another one");
    assert!(fixture.on_the_overview(&fixture.receiver).await.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn offering_takes_a_fresh_proof() {
    let fixture = Fixture::start().await;
    let session = session_of(fixture.ada.id);
    sqlx::query(
        "update session set confirmed_at = now() - interval '11 minutes' where id_hash = $1",
    )
    .bind(session.as_slice())
    .execute(fixture.app.services.db.pool())
    .await
    .expect("aged");
    let outcome = fixture.offer().await;
    assert!(matches!(outcome, Err(Error::ConfirmFirst)), "{outcome:?}");
    assert_eq!(fixture.offers().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn ownership_is_offered_once_and_to_members_who_can_take_it() {
    let fixture = Fixture::start().await;
    let orgs = &fixture.app.services.orgs;
    let outsider = fixture.app.user("Otto").await;
    let owner = fixture.app.user("Olive").await;
    let org = fixture.giver.org_id();
    fixture.app.add_member(org, &owner, Role::Owner).await;
    for nobody in [&outsider.email, &owner.email, &email("nobody@users.test")] {
        let outcome = orgs.offer_ownership(&fixture.giver, nobody).await;
        assert!(
            matches!(&outcome, Err(Error::Invalid(why)) if why.field.as_deref() == Some("email")),
            "{nobody}: {outcome:?}"
        );
    }
    orgs.suspend_member(&fixture.giver, fixture.receiver_id)
        .await
        .expect("suspended");
    let outcome = fixture.offer().await;
    assert!(matches!(outcome, Err(Error::Invalid(_))), "{outcome:?}");
    orgs.reinstate_member(&fixture.giver, fixture.receiver_id)
        .await
        .expect("reinstated");
    fixture.offer().await.expect("offered");
    let outcome = fixture.offer().await;
    assert!(
        matches!(&outcome, Err(Error::Conflict(why)) if why.message.contains("Grace")),
        "{outcome:?}"
    );
}

/// Whatever happens to either of the two ends the offer, whoever did it.
#[tokio::test(flavor = "multi_thread")]
async fn an_offer_ends_with_the_standing_of_either() {
    for change in [
        "update member set role = 'admin' where user_id = (select id from users where name = 'Grace')",
        "update member set role = 'admin' where user_id = (select id from users where name = 'Ada')",
        "update member set suspended_at = now() where user_id = (select id from users where name = 'Grace')",
        "update member set suspended_at = now() where user_id = (select id from users where name = 'Ada')",
        "delete from member where user_id = (select id from users where name = 'Ada')",
        "delete from users where name = 'Grace'",
    ] {
        let fixture = Fixture::offered().await;
        assert!(fixture.on_the_overview(&fixture.receiver).await.is_some());
        let mut tx = fixture.app.begin().await;
        sqlx::query(change).execute(tx.conn()).await.expect(change);
        let position = tx.commit_at().await.expect("it commits");
        let cache = &fixture.app.services.cache;
        cache.wait_until_applied(position).await;
        assert_eq!(fixture.offers().await, 0, "{change}");
        assert!(
            fixture.on_the_overview(&fixture.receiver).await.is_none(),
            "{change}"
        );
        fixture.app.services.stop().await;
    }
}

/// What does not change the standing of either does not end it.
#[tokio::test(flavor = "multi_thread")]
async fn an_offer_survives_what_does_not_concern_it() {
    let fixture = Fixture::offered().await;
    fixture.app.sql("update member set role = role").await;
    fixture.app.sql("update users set name = name || '!'").await;
    fixture
        .app
        .sql("update organization set name = 'Another name'")
        .await;
    assert_eq!(fixture.offers().await, 1);
    let orgs = &fixture.app.services.orgs;
    orgs.accept_ownership(&fixture.receiver)
        .await
        .expect("accepted");
    assert_eq!(fixture.roles().await, (Role::Admin, Role::Owner));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_banned_giver_gives_nothing() {
    let fixture = Fixture::offered().await;
    fixture
        .app
        .sql("update users set banned_at = now() where name = 'Ada'")
        .await;
    assert!(fixture.is_refused().await);
}

//! Joining by a link, by a verified domain, and after asking: who may, what it takes, and what
//! ends it.

use futures::future::join_all;
use orghub::test_hooks::DbInternals as _;
use orghub::{
    access::OrgAccess,
    auth::{AccountToken, ClientInfo, NewAccount, SignedIn},
    domain::{
        CurrentUser, DECLINED_FOR, DOMAIN_CODE_LIFETIME, DomainPolicy, Email, Invalid,
        JoinLinkLife, JoinLinkTerms, JoinRequest, JoinStanding, JoinableOrg, Joined,
        MAX_JOIN_LINKS, MailDomain, NewPassword, OrgSlug, PageNumber, Role, UserName, WaysToJoin,
    },
    error::{Error, Result},
    joining::Joining,
};
use orghub_test_support::{TestApp, browser, session_of};
use time::Duration;

/// An organization of Ada's, with ten seats.
struct Team {
    app: TestApp,
    slug: OrgSlug,
    access: OrgAccess,
}

impl Team {
    async fn start() -> Self {
        let app = TestApp::start().await;
        let owner = app.user("Ada").await;
        let slug = app.org("team", &owner).await;
        let access = app.access(&owner, &slug).await;
        let team = Self { app, slug, access };
        team.set_seats(10).await;
        team
    }

    fn joining(&self) -> &Joining {
        &self.app.services.joining
    }

    fn advance(&self, by: Duration) {
        self.app.services.clock.advance(by);
    }

    async fn set_seats(&self, seats: u32) {
        self.app
            .sql_with(
                "insert into limit_override (organization_id, members) values ($1::uuid, $2::integer)
                 on conflict (organization_id) do update set members = excluded.members",
                &[&self.access.org_id().to_string(), &seats.to_string()],
            )
            .await;
    }

    async fn link(&self, terms: JoinLinkTerms) -> AccountToken {
        let path = self.joining().make_link(&self.access, &terms).await;
        let path = path.expect("a link");
        AccountToken::of(path.strip_prefix("/join/").expect("a link's page"))
    }

    async fn follow(&self, user: &SignedIn, token: &AccountToken) -> Result<Joined> {
        self.joining().follow_link(user, token).await
    }

    async fn standing(&self, user: &SignedIn, token: &AccountToken) -> Result<JoinStanding> {
        let offer = self.joining().find_offer(Some(user), token).await?;
        Ok(offer.standing)
    }

    /// Whether the user has access, as any page asks for it.
    async fn is_member(&self, user: &SignedIn) -> bool {
        match self.app.services.access.require(user, &self.slug).await {
            Ok(_) => true,
            Err(Error::NotFound) => false,
            Err(error) => panic!("{error}"),
        }
    }

    async fn number(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql)
            .fetch_one(self.app.services.db.pool())
            .await
            .expect("a number")
    }

    async fn members(&self) -> i64 {
        self.number("select count(*) from member").await
    }

    async fn kinds(&self) -> Vec<String> {
        sqlx::query_scalar("select kind from activity order by created_at, id")
            .fetch_all(self.app.services.db.pool())
            .await
            .expect("the log")
    }

    async fn ways(&self) -> WaysToJoin {
        let ways = self.joining().list_ways(&self.access, PageNumber::FIRST);
        ways.await.expect("the ways")
    }

    async fn requests(&self) -> Vec<JoinRequest> {
        self.ways().await.requests.rows
    }

    /// The code that was mailed last to this address.
    async fn code(&self, email: &str) -> String {
        let letters = self.app.mail_to(email).await;
        letters.last().expect("a code").paragraphs[2].clone()
    }

    async fn send_code(&self, email: &str) -> Result<MailDomain> {
        let email = Email::parse(email).expect("an address");
        self.joining().send_domain_code(&self.access, &email).await
    }

    /// Verifies the domain of `admin@{domain}`, and decides about it.
    async fn verify(&self, domain: &str, policy: DomainPolicy) -> MailDomain {
        self.verify_as(&self.access, domain, policy)
            .await
            .expect("nobody else has it")
    }

    async fn verify_as(
        &self,
        access: &OrgAccess,
        domain: &str,
        policy: DomainPolicy,
    ) -> Result<MailDomain> {
        let address = format!("admin@{domain}");
        let email = Email::parse(&address).expect("an address");
        let domain = self.joining().send_domain_code(access, &email).await;
        let domain = domain.expect("a code is mailed");
        let code = self.code(&address).await;
        let verified = self.joining().verify_domain(access, &domain, &code).await;
        verified.expect("the code is right");
        self.joining()
            .change_domain_policy(access, &domain, policy)
            .await?;
        Ok(domain)
    }

    async fn join(&self, user: &SignedIn) -> Result<Joined> {
        let org = self.access.org_id();
        self.joining().join_by_domain(user, org).await
    }

    async fn joinable(&self, user: &CurrentUser) -> Vec<JoinableOrg> {
        let orgs = self.joining().list_joinable(user).await;
        orgs.expect("a list")
    }

    /// The user with another address, which is verified.
    async fn with_email(&self, user: &SignedIn, email: &str) -> SignedIn {
        let id = user.id.to_string();
        self.app
            .sql_with(
                "update users set email = $2 where id = $1::uuid",
                &[&id, email],
            )
            .await;
        let email = Email::parse(email).expect("an address");
        let user = CurrentUser {
            email,
            ..user.user().clone()
        };
        let session = session_of(user.id);
        SignedIn::claimed(user, session)
    }

    /// Somebody new signs up with this address and verifies it.
    async fn newcomer(&self, name: &str, address: &str) -> CurrentUser {
        let session = browser(&self.app.services, None);
        let email = Email::parse(address).expect("an address");
        let password = NewPassword::parse("a long walk by the river", &email, name);
        let new = NewAccount {
            name: UserName::parse(name).expect("a name"),
            email,
            password: password.expect("a good one"),
            next: String::new(),
        };
        let (auth, client) = (&self.app.services.auth, ClientInfo::default());
        let done = auth.sign_up(&session, new, &client).await;
        done.expect("the answer is always the same");
        let token = AccountToken::of(&self.app.mailed_token(address).await);
        let verified = auth
            .verify_email(&session, None, &token, "", &client)
            .await
            .expect("the address is verified");
        verified.user
    }

    async fn orgs_of(&self, user: &CurrentUser) -> Vec<OrgSlug> {
        let orgs = self.app.services.orgs.list_mine(user).await;
        let orgs = orgs.expect("a list");
        orgs.iter().map(|org| org.slug.clone()).collect()
    }

    async fn user(&self, name: &str) -> SignedIn {
        self.app.user(name).await
    }

    async fn users(&self, count: usize) -> Vec<SignedIn> {
        let mut users = Vec::new();
        for number in 0..count {
            users.push(self.user(&format!("User {number}")).await);
        }
        users
    }
}

fn domain(text: &str) -> MailDomain {
    MailDomain::parse(text).expect("a domain")
}

fn for_domains(domains: &[&str]) -> JoinLinkTerms {
    JoinLinkTerms {
        allowed_domains: domains.iter().map(|text| domain(text)).collect(),
        ..JoinLinkTerms::default()
    }
}

fn asking() -> JoinLinkTerms {
    JoinLinkTerms {
        asks_first: true,
        ..JoinLinkTerms::default()
    }
}

fn is_dead<T: std::fmt::Debug>(outcome: &Result<T>) -> bool {
    matches!(outcome, Err(Error::DeadLink))
}

fn is_invalid<T: std::fmt::Debug>(outcome: &Result<T>, field: &str) -> bool {
    matches!(outcome, Err(Error::Invalid(Invalid { field: Some(at), .. })) if at == field)
}

#[tokio::test]
async fn whoever_has_a_link_becomes_a_member_and_nothing_more() {
    let team = Team::start().await;
    let grace = team.user("Grace").await;
    let link = team.link(JoinLinkTerms::default()).await;
    assert!(!team.is_member(&grace).await, "which is remembered");
    assert_eq!(
        team.standing(&grace, &link).await.expect("it works"),
        JoinStanding::Ready
    );
    let offer = team.joining().find_offer(None, &link).await;
    let offer = offer.expect("it works");
    assert_eq!(offer.standing, JoinStanding::SignedOut);
    assert_eq!(offer.org_name, "Organization team");
    assert_eq!(team.members().await, 1, "looking changes nothing");

    for _ in 0..2 {
        let joined = team.follow(&grace, &link).await.expect("joined");
        assert_eq!(joined, Joined::Member(team.slug.clone()));
    }
    let access = team.app.access(&grace, &team.slug).await;
    assert_eq!(access.role(), Role::Member);
    assert_eq!(team.members().await, 2);
    assert_eq!(
        team.ways().await.links[0].uses,
        1,
        "the second time was none"
    );
    assert_eq!(
        team.kinds().await.last().expect("an entry"),
        "join_link.used"
    );
    let standing = team.standing(&grace, &link).await.expect("it works");
    assert_eq!(standing, JoinStanding::Member(team.slug.clone()));
}

#[tokio::test]
async fn links_that_do_not_work_look_alike() {
    let team = Team::start().await;
    let [grace, alan] = [team.user("Grace").await, team.user("Alan").await];
    let revoked = team.link(JoinLinkTerms::default()).await;
    let id = team.ways().await.links[0].id;
    let revoke = || team.joining().revoke_link(&team.access, id);
    revoke().await.expect("revoked");
    assert!(matches!(revoke().await, Err(Error::NotFound)), "once");
    let used_up = team
        .link(JoinLinkTerms {
            most_uses: Some(1),
            ..JoinLinkTerms::default()
        })
        .await;
    team.follow(&alan, &used_up).await.expect("the first");
    let expired = team
        .link(JoinLinkTerms {
            life: JoinLinkLife::Day,
            ..JoinLinkTerms::default()
        })
        .await;
    let endless = team
        .link(JoinLinkTerms {
            life: JoinLinkLife::Endless,
            ..JoinLinkTerms::default()
        })
        .await;
    team.advance(Duration::DAY - Duration::MINUTE);
    assert!(team.standing(&grace, &expired).await.is_ok());
    team.advance(Duration::MINUTE * 2);
    let unknown = [
        AccountToken::of(""),
        AccountToken::of("x"),
        AccountToken::of(&"0".repeat(64)),
    ];
    for token in [&revoked, &used_up, &expired].into_iter().chain(&unknown) {
        assert!(is_dead(&team.follow(&grace, token).await));
        assert!(is_dead(&team.standing(&grace, token).await));
        assert!(is_dead(&team.joining().find_offer(None, token).await));
    }
    assert_eq!(team.ways().await.links.len(), 1, "none but the endless one");
    assert_eq!(
        team.standing(&grace, &endless).await.expect("it works"),
        JoinStanding::Ready
    );

    team.app
        .sql_announced("update member set suspended_at = now() where role = 'member'")
        .await;
    assert!(is_dead(&team.standing(&alan, &endless).await), "suspended");
    assert!(is_dead(&team.follow(&alan, &endless).await), "suspended");
    team.app
        .sql_announced("update organization set deleted_at = now()")
        .await;
    assert!(is_dead(&team.standing(&grace, &endless).await), "deleted");
    assert!(is_dead(&team.follow(&grace, &endless).await), "deleted");
}

#[tokio::test]
async fn a_link_for_a_domain_is_for_exactly_that_domain() {
    let team = Team::start().await;
    let grace = team.user("Grace").await;
    let link = team.link(for_domains(&["acme.test", "users.test"])).await;
    for elsewhere in [
        "grace@mail.users.test",
        "grace@xusers.test",
        "grace@users.test.evil.test",
        "grace@test",
    ] {
        let user = team.with_email(&grace, elsewhere).await;
        let standing = team.standing(&user, &link).await.expect("it works");
        assert_eq!(standing, JoinStanding::WrongDomain, "{elsewhere}");
        let refused = team.follow(&user, &link).await;
        assert!(matches!(refused, Err(Error::Conflict(_))), "{elsewhere}");
        // Whatever a session says that is old by now.
        let refused = team.follow(&grace, &link).await;
        assert!(matches!(refused, Err(Error::Conflict(_))), "{elsewhere}");
    }
    let user = team.with_email(&grace, "grace@users.test").await;
    team.app
        .sql("update users set email_verified_at = null where name = 'Grace'")
        .await;
    let refused = team.follow(&user, &link).await;
    assert!(matches!(refused, Err(Error::VerifyFirst)), "{refused:?}");
    team.app
        .sql("update users set email_verified_at = now()")
        .await;
    team.follow(&user, &link).await.expect("joined");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_at_once_one_gets_the_last_seat() {
    let team = Team::start().await;
    team.set_seats(2).await;
    let users = team.users(6).await;
    let link = team.link(JoinLinkTerms::default()).await;
    let joined = join_all(users.iter().map(|user| team.follow(user, &link))).await;
    assert_eq!(joined.iter().filter(|joined| joined.is_ok()).count(), 1);
    for refused in joined.iter().filter(|joined| joined.is_err()) {
        let Err(Error::LimitReached(sentence)) = refused else {
            panic!("{refused:?}");
        };
        assert!(
            !sentence.contains('2'),
            "how many there are is nobody's business"
        );
    }
    assert_eq!(team.members().await, 2);
    assert_eq!(team.ways().await.links[0].uses, 1);
    let standing = team.standing(&team.user("Late").await, &link).await;
    assert_eq!(standing.expect("it works"), JoinStanding::Full);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_lets_in_as_many_as_it_may() {
    let team = Team::start().await;
    let users = team.users(6).await;
    let terms = JoinLinkTerms {
        most_uses: Some(2),
        ..JoinLinkTerms::default()
    };
    let link = team.link(terms).await;
    let joined = join_all(users.iter().map(|user| team.follow(user, &link))).await;
    assert_eq!(joined.iter().filter(|joined| joined.is_ok()).count(), 2);
    assert_eq!(joined.iter().filter(|joined| is_dead(joined)).count(), 4);
    assert_eq!(team.members().await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_joins_by_a_link_after_it_was_revoked() {
    let team = Team::start().await;
    let users = team.users(6).await;
    let link = team.link(JoinLinkTerms::default()).await;
    let id = team.ways().await.links[0].id;
    let (before, after) = users.split_at(3);
    let (joined, ()) = tokio::join!(
        join_all(before.iter().map(|user| team.follow(user, &link))),
        async {
            let revoked = team.joining().revoke_link(&team.access, id).await;
            revoked.expect("revoked");
            for user in after {
                assert!(is_dead(&team.follow(user, &link).await));
            }
        }
    );
    let in_time = joined.iter().filter(|joined| joined.is_ok()).count();
    assert!(
        joined
            .iter()
            .all(|joined| joined.is_ok() || is_dead(joined))
    );
    let in_time = i64::try_from(in_time).expect("a few");
    assert_eq!(team.members().await, 1 + in_time);
    let uses = team.number("select uses::bigint from join_link").await;
    assert_eq!(uses, in_time);
}

#[tokio::test]
async fn an_organization_has_ten_links_at_most() {
    let team = Team::start().await;
    for _ in 0..MAX_JOIN_LINKS {
        team.link(JoinLinkTerms::default()).await;
    }
    let make = || async {
        let terms = JoinLinkTerms::default();
        team.joining().make_link(&team.access, &terms).await
    };
    assert!(matches!(make().await, Err(Error::LimitReached(_))));
    team.advance(Duration::days(8));
    make().await.expect("the others are over");
}

#[tokio::test]
async fn only_those_who_may_invite_decide_about_joining() {
    let team = Team::start().await;
    let acme = team.verify("acme.test", DomainPolicy::MayAsk).await;
    let link = team.link(asking()).await;
    let asker = team.user("Asker").await;
    team.follow(&asker, &link).await.expect("asked");
    let (link, request) = {
        let ways = team.ways().await;
        (ways.links[0].id, ways.requests.rows[0].id)
    };
    let email = Email::parse("admin@other.test").expect("an address");
    let all = async |access: &OrgAccess| {
        let joining = team.joining();
        let policy = DomainPolicy::MayJoin;
        [
            joining.make_link(access, &asking()).await.map(|_| ()),
            joining.revoke_link(access, link).await,
            joining.send_domain_code(access, &email).await.map(|_| ()),
            joining.verify_domain(access, &acme, "000000").await,
            joining.change_domain_policy(access, &acme, policy).await,
            joining.remove_domain(access, &acme).await,
            joining.accept_request(access, request).await,
            joining.decline_request(access, request).await,
            joining
                .list_ways(access, PageNumber::FIRST)
                .await
                .map(|_| ()),
        ]
    };
    for role in [Role::Member, Role::Billing] {
        let user = team.user(role.as_str()).await;
        team.app.add_member(team.access.org_id(), &user, role).await;
        let access = team.app.access(&user, &team.slug).await;
        for outcome in all(&access).await {
            assert!(
                matches!(outcome, Err(Error::Forbidden)),
                "{role}: {outcome:?}"
            );
        }
    }

    // Whoever lost the role meanwhile has a proof of before.
    let admin = team.user("Admin").await;
    team.app
        .add_member(team.access.org_id(), &admin, Role::Admin)
        .await;
    let access = team.app.access(&admin, &team.slug).await;
    team.app
        .sql_announced("update member set role = 'member' where role = 'admin'")
        .await;
    for outcome in &all(&access).await[..8] {
        assert!(matches!(outcome, Err(Error::Forbidden)), "{outcome:?}");
    }
    team.app
        .sql_announced("update member set suspended_at = now() where role = 'member'")
        .await;
    for outcome in &all(&access).await[..8] {
        assert!(matches!(outcome, Err(Error::NotFound)), "{outcome:?}");
    }
}

#[tokio::test]
async fn a_domain_is_verified_by_the_code_that_was_mailed_there() {
    let team = Team::start().await;
    for public in ["ada@gmail.com", "ada@YAHOO.co.uk", "ada@mailinator.com"] {
        assert!(
            is_invalid(&team.send_code(public).await, "email"),
            "{public}"
        );
    }
    assert!(is_invalid(
        &team.send_code("ada@[192.0.2.1]").await,
        "email"
    ));
    let acme = team.send_code("Info@ACME.test").await.expect("mailed");
    assert_eq!(acme, domain("acme.test"));
    assert_eq!(team.ways().await.pending[0].domain, acme);
    let code = team.code("info@acme.test").await;
    assert_eq!(code.len(), 6);
    let stored = sqlx::query_scalar::<_, Vec<u8>>("select code_hash from domain_code")
        .fetch_one(team.app.services.db.pool())
        .await
        .expect("a hash");
    assert!(!stored.windows(6).any(|part| part == code.as_bytes()));

    let verify = async |domain: &MailDomain, code: &str| {
        team.joining()
            .verify_domain(&team.access, domain, code)
            .await
    };
    let other = domain("mail.acme.test");
    assert!(
        is_invalid(&verify(&other, &code).await, "code"),
        "another one"
    );
    let spaced = format!(" {} {}", &code[..3], &code[3..]);
    verify(&acme, &spaced).await.expect("as people type it");
    assert!(is_invalid(&verify(&acme, &code).await, "code"), "once");
    let ways = team.ways().await;
    assert!(ways.pending.is_empty());
    assert_eq!(ways.domains[0].domain, acme);
    assert_eq!(
        ways.domains[0].policy,
        DomainPolicy::Off,
        "nobody joins yet"
    );
    let again = team.send_code("other@acme.test").await;
    assert!(matches!(again, Err(Error::Conflict(_))), "{again:?}");
}

#[tokio::test]
async fn a_code_is_guessed_at_five_times_and_works_for_fifteen_minutes() {
    let team = Team::start().await;
    let acme = team.send_code("info@acme.test").await.expect("mailed");
    let code = team.code("info@acme.test").await;
    let verify = async |code: &str| {
        team.joining()
            .verify_domain(&team.access, &acme, code)
            .await
    };
    let wrong = if code == "000000" { "000001" } else { "000000" };
    for _ in 0..5 {
        assert!(is_invalid(&verify(wrong).await, "code"));
    }
    assert!(is_invalid(&verify(&code).await, "code"), "it is over");

    team.send_code("info@acme.test").await.expect("mailed");
    let second = team.code("info@acme.test").await;
    if code != second {
        assert!(
            is_invalid(&verify(&code).await, "code"),
            "the next ended it"
        );
    }
    team.advance(DOMAIN_CODE_LIFETIME);
    assert!(is_invalid(&verify(&second).await, "code"), "too late");
    assert!(team.ways().await.pending.is_empty());

    team.send_code("info@acme.test").await.expect("mailed");
    let third = team.code("info@acme.test").await;
    let fourth = team.send_code("info@acme.test").await;
    assert!(matches!(fourth, Err(Error::LimitReached(_))), "three a day");
    team.advance(DOMAIN_CODE_LIFETIME - Duration::MINUTE);
    verify(&third).await.expect("in time");
}

#[tokio::test(flavor = "multi_thread")]
async fn guesses_at_once_are_all_counted() {
    let team = Team::start().await;
    let acme = team.send_code("info@acme.test").await.expect("mailed");
    let code = team.code("info@acme.test").await;
    let wrong = if code == "000000" { "000001" } else { "000000" };
    let guess = || team.joining().verify_domain(&team.access, &acme, wrong);
    join_all((0..6).map(|_| guess())).await;
    assert_eq!(
        team.number("select tries::bigint from domain_code").await,
        5
    );
    let right = team.joining().verify_domain(&team.access, &acme, &code);
    assert!(is_invalid(&right.await, "code"));
}

#[tokio::test]
async fn a_code_is_for_the_organization_it_was_mailed_for() {
    let team = Team::start().await;
    let mallory = team.user("Mallory").await;
    let evil = team.app.org("evil", &mallory).await;
    let evil = team.app.access(&mallory, &evil).await;
    let acme = team.send_code("info@acme.test").await.expect("mailed");
    let code = team.code("info@acme.test").await;
    let stolen = team.joining().verify_domain(&evil, &acme, &code).await;
    assert!(is_invalid(&stolen, "code"), "{stolen:?}");
    let request = team.joining().remove_domain(&evil, &acme).await;
    assert!(matches!(request, Err(Error::NotFound)));
}

#[tokio::test]
async fn people_of_a_domain_join_as_its_organization_has_decided() {
    let team = Team::start().await;
    let grace = team.user("Grace").await;
    let users = team.verify("users.test", DomainPolicy::Off).await;
    assert!(team.joinable(&grace).await.is_empty());
    assert!(matches!(team.join(&grace).await, Err(Error::NotFound)));

    let decide = async |policy| {
        let joining = team.joining();
        let decided = joining.change_domain_policy(&team.access, &users, policy);
        decided.await.expect("decided");
    };
    decide(DomainPolicy::MayJoin).await;
    let found = team.joinable(&grace).await;
    assert_eq!(found.len(), 1, "what was remembered has ended");
    assert_eq!(found[0].name, "Organization team");
    for elsewhere in ["grace@mail.users.test", "grace@xusers.test"] {
        let stranger = team.with_email(&grace, elsewhere).await;
        assert!(team.joinable(&stranger).await.is_empty(), "{elsewhere}");
        assert!(matches!(team.join(&stranger).await, Err(Error::NotFound)));
        assert!(matches!(team.join(&grace).await, Err(Error::NotFound)));
    }
    let grace = team.with_email(&grace, "grace@users.test").await;
    let unverified = CurrentUser {
        email_verified: false,
        ..grace.user().clone()
    };
    assert!(team.joinable(&unverified).await.is_empty());

    let joined = team.join(&grace).await.expect("joined");
    assert_eq!(joined, Joined::Member(team.slug.clone()));
    assert!(team.is_member(&grace).await);
    assert!(team.joinable(&grace).await.is_empty(), "a member already");
    assert_eq!(
        team.kinds().await.last().expect("an entry"),
        "domain.joined"
    );

    decide(DomainPolicy::Off).await;
    assert!(team.is_member(&grace).await, "members stay members");
    let removed = team.joining().remove_domain(&team.access, &users).await;
    removed.expect("removed");
    assert!(team.is_member(&grace).await);
}

#[tokio::test]
async fn who_is_suspended_or_comes_to_a_deleted_organization_is_offered_nothing() {
    let team = Team::start().await;
    team.verify("users.test", DomainPolicy::MayJoin).await;
    let [grace, alan] = [team.user("Grace").await, team.user("Alan").await];
    team.join(&grace).await.expect("joined");
    assert_eq!(team.joinable(&alan).await.len(), 1);
    team.app
        .sql_announced("update member set suspended_at = now() where role = 'member'")
        .await;
    assert!(team.joinable(&grace).await.is_empty());
    assert!(matches!(team.join(&grace).await, Err(Error::NotFound)));

    team.app
        .sql_announced("update organization set deleted_at = now()")
        .await;
    assert!(team.joinable(&alan).await.is_empty());
    assert!(matches!(team.join(&alan).await, Err(Error::NotFound)));
    team.app
        .sql_announced("update organization set deleted_at = null")
        .await;
    assert_eq!(team.joinable(&alan).await.len(), 1, "restored");
}

#[tokio::test]
async fn whoever_verifies_an_address_joins_by_themselves() {
    let team = Team::start().await;
    team.verify("acme.test", DomainPolicy::Joins).await;
    let grace = team.newcomer("Grace", "grace@acme.test").await;
    assert_eq!(team.orgs_of(&grace).await, std::slice::from_ref(&team.slug));
    let letters = team.app.mail_to("grace@acme.test").await;
    let told = letters.last().expect("a letter");
    assert!(
        told.subject.contains("You are a member of"),
        "{}",
        told.subject
    );
    assert_eq!(
        team.kinds().await.last().expect("an entry"),
        "domain.joined"
    );
    let stranger = team.newcomer("Eve", "eve@sub.acme.test").await;
    assert!(team.orgs_of(&stranger).await.is_empty());

    // Without a seat nothing fails, and the organization is among those they can join.
    team.set_seats(2).await;
    let alan = team.newcomer("Alan", "alan@acme.test").await;
    assert!(team.orgs_of(&alan).await.is_empty());
    assert_eq!(team.joinable(&alan).await.len(), 1);
}

#[tokio::test]
async fn who_has_left_does_not_come_back_by_forgetting_a_password() {
    let team = Team::start().await;
    team.verify("acme.test", DomainPolicy::Joins).await;
    let address = "grace@acme.test";
    let grace = team.newcomer("Grace", address).await;
    team.app
        .sql_announced("delete from member where role = 'member'")
        .await;
    let (auth, email) = (&team.app.services.auth, &grace.email);
    let reset = async || {
        auth.send_reset_link(email).await.expect("a link is mailed");
        let token = AccountToken::of(&team.app.mailed_token(address).await);
        let password = NewPassword::parse("seven swans over the lake", email, "Grace");
        let done = auth.reset_password(&token, password.expect("a good one"));
        done.await.expect("the password is set");
    };
    reset().await;
    assert!(team.orgs_of(&grace).await.is_empty());

    // Whoever verifies the address by it, for the first time, does join.
    team.app
        .sql_announced("update users set email_verified_at = null where name = 'Grace'")
        .await;
    reset().await;
    assert_eq!(team.orgs_of(&grace).await, std::slice::from_ref(&team.slug));
}

#[tokio::test]
async fn who_changes_to_an_address_at_the_domain_joins() {
    let team = Team::start().await;
    team.verify("acme.test", DomainPolicy::Joins).await;
    let grace = team.user("Grace").await;
    let (auth, client) = (&team.app.services.auth, ClientInfo::default());
    let email = Email::parse("grace@acme.test").expect("an address");
    let asked = auth.request_email_change(&grace, &email, &client).await;
    asked.expect("a link is mailed");
    assert!(!team.is_member(&grace).await, "not before it is verified");
    let token = AccountToken::of(&team.app.mailed_token("grace@acme.test").await);
    auth.change_email(&token).await.expect("changed");
    assert!(team.is_member(&grace).await);
}

#[tokio::test]
async fn people_of_a_domain_join_one_organization_by_themselves() {
    let team = Team::start().await;
    team.verify("acme.test", DomainPolicy::Joins).await;
    let bea = team.user("Bea").await;
    let other = team.app.org("other", &bea).await;
    let other = team.app.access(&bea, &other).await;
    let both = team
        .verify_as(&other, "acme.test", DomainPolicy::Joins)
        .await;
    assert!(
        matches!(&both, Err(Error::Conflict(Invalid { field: Some(field), .. })) if field == "policy"),
        "{both:?}"
    );
    let acme = domain("acme.test");
    let joining = team.joining();
    let may = joining.change_domain_policy(&other, &acme, DomainPolicy::MayJoin);
    may.await.expect("several may let them join");
    let grace = team.newcomer("Grace", "grace@acme.test").await;
    assert_eq!(team.orgs_of(&grace).await, std::slice::from_ref(&team.slug));
    assert_eq!(team.joinable(&grace).await.len(), 1, "the other one");
}

#[tokio::test]
async fn who_asks_is_answered() {
    let team = Team::start().await;
    team.verify("users.test", DomainPolicy::MayAsk).await;
    let [grace, alan] = [team.user("Grace").await, team.user("Alan").await];
    for _ in 0..2 {
        assert_eq!(team.join(&grace).await.expect("asked"), Joined::Asked);
    }
    assert!(team.joinable(&grace).await[0].has_asked);
    assert!(!team.is_member(&grace).await);
    team.join(&alan).await.expect("asked");
    let requests = team.requests().await;
    let names: Vec<_> = requests.iter().map(|request| &request.name).collect();
    assert_eq!(names, ["Grace", "Alan"], "the longest waiting first");
    assert_eq!(requests[0].domain, Some(domain("users.test")));

    let accept = |request| team.joining().accept_request(&team.access, request);
    team.set_seats(1).await;
    let full = accept(requests[0].id).await;
    assert!(matches!(full, Err(Error::LimitReached(_))), "{full:?}");
    team.set_seats(2).await;
    accept(requests[0].id).await.expect("accepted");
    assert!(team.is_member(&grace).await);
    let again = accept(requests[0].id).await;
    assert!(matches!(again, Err(Error::NotFound)), "{again:?}");
    let told = team.app.mail_to("grace@users.test").await;
    assert!(
        told.last()
            .expect("a letter")
            .subject
            .contains("You are a member")
    );

    let decline = team.joining().decline_request(&team.access, requests[1].id);
    decline.await.expect("declined");
    let told = team.app.mail_to("alan@users.test").await;
    assert!(told.last().expect("a letter").paragraphs[1].contains("declined"));
    assert!(team.requests().await.is_empty());
    assert!(!team.is_member(&alan).await);
    let refused = team.join(&alan).await;
    assert!(matches!(refused, Err(Error::Conflict(_))), "{refused:?}");
    // By another way they may.
    let link = team.link(asking()).await;
    assert_eq!(
        team.follow(&alan, &link).await.expect("asked"),
        Joined::Asked
    );
    let request = team.requests().await[0].id;
    let decline = team.joining().decline_request(&team.access, request);
    decline.await.expect("declined");
    let standing = team.standing(&alan, &link).await.expect("it works");
    assert_eq!(standing, JoinStanding::Declined);
    team.advance(DECLINED_FOR);
    assert_eq!(team.join(&alan).await.expect("asked"), Joined::Asked);
    assert!(team.joining().delete_old().await.is_ok());
    assert_eq!(team.requests().await.len(), 1, "open ones stay");
}

#[tokio::test]
async fn what_somebody_asks_ends_with_what_it_is_about() {
    let team = Team::start().await;
    let link = team.link(asking()).await;
    let users = team.users(4).await;
    for user in &users {
        team.follow(user, &link).await.expect("asked");
    }
    let standing = team.standing(&users[0], &link).await.expect("it works");
    assert_eq!(standing, JoinStanding::Asked);
    assert_eq!(team.ways().await.links[0].uses, 4);
    // Made a member in another way, who leaves again.
    let org = team.access.org_id();
    team.app.add_member(org, &users[0], Role::Member).await;
    let access = team.app.access(&users[0], &team.slug).await;
    team.app.services.orgs.leave(&access).await.expect("left");
    team.app
        .sql("update users set banned_at = now() where name = 'User 1'")
        .await;
    team.app
        .sql("update users set banned_at = null where name = 'User 1'")
        .await;
    team.app
        .sql("delete from users where name = 'User 2'")
        .await;
    let left = team.requests().await;
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].name, "User 3");
    // Revoking the link leaves those who wait.
    let id = team.ways().await.links[0].id;
    let revoked = team.joining().revoke_link(&team.access, id).await;
    revoked.expect("revoked");
    let accept = team.joining().accept_request(&team.access, left[0].id);
    accept.await.expect("accepted");
    assert!(team.is_member(&users[3]).await);
}

#[tokio::test]
async fn those_who_answer_are_mailed_once_a_day() {
    let team = Team::start().await;
    let link = team.link(asking()).await;
    let users = team.users(3).await;
    let mailed = async || team.app.mail_to("ada@users.test").await.len();
    let before = mailed().await;
    team.follow(&users[0], &link).await.expect("asked");
    team.follow(&users[1], &link).await.expect("asked");
    assert_eq!(mailed().await, before + 1);
    assert_eq!(team.joining().send_notices().await.expect("none"), 0);
    team.advance(Duration::DAY);
    let sent = team.joining().send_notices().await;
    assert_eq!(sent.expect("one"), 1, "of the second one");
    assert_eq!(team.joining().send_notices().await.expect("none"), 0);
    assert_eq!(mailed().await, before + 2);
    team.advance(Duration::DAY);
    assert_eq!(
        team.joining().send_notices().await.expect("none"),
        0,
        "nobody came since"
    );
    team.follow(&users[2], &link).await.expect("asked");
    assert_eq!(mailed().await, before + 3);
}

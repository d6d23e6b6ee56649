//! Who is refused, and how: every endpoint and every file of a user's own, in every state a
//! browser can be in that is not "signed in just now, verified, and a member".
//!
//! A row says what an endpoint takes. What follows from that is the same for all of them,
//! and is said once ([`Takes::refusal`]).

use std::collections::BTreeSet;

use axum::body::Body;
use http::{Method, StatusCode};
use orghub::{
    auth::SignedIn,
    domain::{OrgId, Role},
    routes::{self, api},
};
use time::Duration;

use crate::{
    oidc,
    site::{Answer, Site, Visitor},
};

/// What it takes to have an endpoint do what it is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Takes {
    /// Nothing: whoever asks is answered by what they send.
    Nothing,
    /// Somebody signed in.
    User,
    /// And that they proved who they are in the last ten minutes.
    FreshProof,
    /// And a verified address.
    VerifiedAddress,
    /// Both of these.
    FreshProofAndAddress,
    /// And a membership of `acme`.
    Membership,
    /// And a membership of `acme`, proved in the last ten minutes.
    FreshProofAndMembership,
    /// A platform admin, whom nobody here is. To others it does not exist.
    PlatformAdmin,
}
use Takes::{
    FreshProof, FreshProofAndAddress, FreshProofAndMembership, Membership, Nothing, PlatformAdmin,
    User, VerifiedAddress,
};

/// What a browser comes with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Anonymous,
    /// Another site's page sends the form.
    ForeignOrigin,
    ExpiredSession,
    RevokedSession,
    TamperedCookie,
    /// Whoever is behind it is signed in, and a member of nothing.
    AnotherPerson,
    /// The last proof of who they are is older than ten minutes.
    StaleProof,
    Unverified,
    /// The account was banned.
    Suspended,
}
use State::{
    Anonymous, AnotherPerson, ExpiredSession, ForeignOrigin, RevokedSession, StaleProof, Suspended,
    TamperedCookie, Unverified,
};

const STATES: [State; 9] = [
    Anonymous,
    ForeignOrigin,
    ExpiredSession,
    RevokedSession,
    TamperedCookie,
    AnotherPerson,
    StaleProof,
    Unverified,
    Suspended,
];

impl Takes {
    /// The status of the refusal; `None`: it is not refused for that.
    fn refusal(self, state: State, method: &Method) -> Option<StatusCode> {
        match (state, self) {
            (ForeignOrigin, _) if *method == Method::POST => Some(StatusCode::FORBIDDEN),
            (_, PlatformAdmin) => Some(StatusCode::NOT_FOUND),
            (ForeignOrigin, _) | (_, Nothing) => None,
            (
                Anonymous | ExpiredSession | RevokedSession | TamperedCookie | Suspended,
                User
                | FreshProof
                | VerifiedAddress
                | FreshProofAndAddress
                | Membership
                | FreshProofAndMembership,
            ) => Some(StatusCode::UNAUTHORIZED),
            (AnotherPerson, Membership | FreshProofAndMembership) => Some(StatusCode::NOT_FOUND),
            (StaleProof, FreshProof | FreshProofAndAddress | FreshProofAndMembership) => {
                Some(StatusCode::FORBIDDEN)
            }
            (Unverified, VerifiedAddress | FreshProofAndAddress) => Some(StatusCode::FORBIDDEN),
            (AnotherPerson | StaleProof | Unverified, _) => None,
        }
    }
}

/// Every endpoint, with a form that it would accept.
const ENDPOINTS: &[(&str, &str, Takes)] = &[
    (
        api::SIGN_IN,
        "email=nobody%40users.test&password=x",
        Nothing,
    ),
    (routes::SIGN_OUT, "", Nothing),
    (api::SET_THEME, "theme=dark", Nothing),
    (api::SIGN_UP, "", Nothing),
    (api::FORGOT_PASSWORD, "", Nothing),
    (api::VERIFY_EMAIL, "token=x", Nothing),
    (api::RESET_PASSWORD, "token=x", Nothing),
    (api::CHANGE_EMAIL, "token=x", Nothing),
    (api::UNDO_EMAIL_CHANGE, "token=x", Nothing),
    (api::DELETE_ACCOUNT, "token=x", Nothing),
    (api::OIDC_START, "provider=example", Nothing),
    (
        api::OIDC_CONNECT_BY_PASSWORD,
        "provider=example&password=x",
        Nothing,
    ),
    (api::OIDC_CONFIRM, "provider=example", User),
    (api::OIDC_CONNECT, "provider=example", FreshProofAndAddress),
    (api::OIDC_DISCONNECT, "identity={person}", FreshProof),
    (api::RESEND_VERIFICATION, "", User),
    (api::CONFIRM, "password=correct+horse+battery", User),
    (
        api::CHANGE_PASSWORD,
        "current=correct+horse+battery&password=a+long+walk+by+the+river",
        User,
    ),
    (
        api::REQUEST_EMAIL_CHANGE,
        "email=a%40elsewhere.test",
        FreshProof,
    ),
    (api::CHANGE_NAME, "name=Joan", User),
    (api::CHANGE_PICTURE, FILE, User),
    (api::REMOVE_PICTURE, "", User),
    (api::REQUEST_DELETION, "", FreshProof),
    (api::END_SESSION, "session={session}", FreshProof),
    (api::END_OTHER_SESSIONS, "", FreshProof),
    (
        api::SIGN_OUT_EVERYBODY,
        "confirmation=sign+out+everybody",
        PlatformAdmin,
    ),
    (
        api::ADMIN_SET_LIMITS,
        "org={person}&members=5",
        PlatformAdmin,
    ),
    (api::ADMIN_RESTORE_ORG, "org={person}", PlatformAdmin),
    (api::ADMIN_FLUSH_ORG, "slug=acme", PlatformAdmin),
    (
        api::ADMIN_FLUSH_USER,
        "email=ada%40users.test",
        PlatformAdmin,
    ),
    (api::ADMIN_FLUSH_ALL, "", PlatformAdmin),
    (api::ADMIN_SUSPEND_USER, "user={person}", PlatformAdmin),
    (api::ADMIN_REINSTATE_USER, "user={person}", PlatformAdmin),
    (api::ADMIN_SIGN_OUT_USER, "user={person}", PlatformAdmin),
    (api::ADMIN_RETRY_JOBS, "kind=mail.send", PlatformAdmin),
    (api::ADMIN_DROP_JOB, "job=1", PlatformAdmin),
    (api::ADMIN_RETRY_WEBHOOK, "event=evt_1", PlatformAdmin),
    (api::COMPLETE_WITH_CODE, "code=000000", Nothing),
    (api::COMPLETE_WITH_PASSKEY, "credential=x", Nothing),
    (api::SIGN_IN_WITH_PASSKEY, "credential=x", Nothing),
    (api::CONFIRM_WITH_CODE, "code=000000", User),
    (api::CONFIRM_WITH_PASSKEY, "credential=x", User),
    (api::BEGIN_TOTP, "", FreshProof),
    (api::TURN_ON_TOTP, "code=000000", FreshProof),
    (api::TURN_OFF_TOTP, "", FreshProof),
    (api::REQUIRE_PASSKEY, "", FreshProof),
    (api::TURN_OFF_SECOND_FACTOR, "", FreshProof),
    (api::MAKE_RECOVERY_CODES, "", FreshProof),
    (api::HIDE_RECOVERY_CODES, "", User),
    (api::BEGIN_PASSKEY, "", FreshProof),
    (api::BEGIN_PASSKEY_SIGN_IN, "", Nothing),
    (api::BEGIN_PASSKEY_PROOF, "", User),
    (api::ADD_PASSKEY, "name=Laptop", FreshProof),
    (
        api::RENAME_PASSKEY,
        "passkey_id=0192f0c4-5b5e-7cc3-98c4-dc0c0c07398f&name=Laptop",
        User,
    ),
    (
        api::REMOVE_PASSKEY,
        "passkey_id=0192f0c4-5b5e-7cc3-98c4-dc0c0c07398f",
        FreshProof,
    ),
    (api::CREATE_ORG, "name=Acme&slug=", VerifiedAddress),
    (api::UPDATE_ORG, "org=acme&name=Acme&slug=acme", Membership),
    (
        api::CHANGE_ROLE,
        "org=acme&member_id={member}&role=admin",
        Membership,
    ),
    (
        api::REMOVE_MEMBER,
        "org=acme&member_id={member}",
        Membership,
    ),
    (api::CHANGE_LOGO, LOGO, Membership),
    (api::REMOVE_LOGO, "org=acme", Membership),
    (
        api::REQUIRE_SECOND_FACTOR,
        "org=acme&from=2026-12-31",
        FreshProofAndMembership,
    ),
    (
        api::STOP_REQUIRING_SECOND_FACTOR,
        "org=acme",
        FreshProofAndMembership,
    ),
    // With another word than the slug: the next rows are about `acme`, too.
    (
        api::DELETE_ORG,
        "org=acme&confirmation=acme-inc",
        FreshProofAndMembership,
    ),
    // It is not deleted; its owner is told that it is there.
    (api::RESTORE_ORG, "org=acme", Membership),
    (
        api::SUSPEND_MEMBER,
        "org=acme&member_id={member}",
        Membership,
    ),
    (
        api::REINSTATE_MEMBER,
        "org=acme&member_id={member}",
        Membership,
    ),
    (
        api::BEGIN_BULK_CHANGE,
        "org=acme&list=&action=suspend&count=1000",
        FreshProofAndMembership,
    ),
    (
        api::CANCEL_BULK_CHANGE,
        "org=acme&change=nonsense",
        Membership,
    ),
    (
        api::UNDO_BULK_CHANGE,
        "org=acme&change=nonsense",
        Membership,
    ),
    (
        api::OFFER_OWNERSHIP,
        "org=acme&email=nobody%40users.test",
        FreshProofAndMembership,
    ),
    (api::WITHDRAW_OWNERSHIP, "org=acme", Membership),
    (api::ACCEPT_OWNERSHIP, "org=acme", Membership),
    (api::DECLINE_OWNERSHIP, "org=acme", Membership),
    (api::LEAVE_ORG, "org=acme", Membership),
    (
        api::INVITE,
        "org=acme&email=joan%40elsewhere.test&role=member",
        Membership,
    ),
    (
        api::INVITE_MANY,
        "org=acme&addresses=joan%40elsewhere.test&role=member",
        Membership,
    ),
    (api::IMPORT_INVITATIONS, LIST_FILE, Membership),
    (
        api::SEND_INVITATIONS,
        "org=acme&draft=0192f0c4-5b5e-7cc3-98c4-dc0c0c07398f&count=1",
        Membership,
    ),
    // There is none with this id, which is "not found" to its owners, too; `nonsense` is not.
    (
        api::RESEND_INVITATION,
        "org=acme&invitation_id=nonsense",
        Membership,
    ),
    (
        api::COPY_INVITATION_LINK,
        "org=acme&invitation_id=nonsense",
        Membership,
    ),
    (
        api::CANCEL_INVITATION,
        "org=acme&invitation_id=nonsense",
        Membership,
    ),
    (api::ACCEPT_INVITATION, "token=x", VerifiedAddress),
    (api::DECLINE_INVITATION, "token=x", Nothing),
    (api::MAKE_JOIN_LINK, "org=acme&life=week", Membership),
    (
        api::REVOKE_JOIN_LINK,
        "org=acme&link_id=0192f0c4-5b5e-7cc3-98c4-dc0c0c07398f",
        Membership,
    ),
    (
        api::SEND_DOMAIN_CODE,
        "org=acme&email=info%40acme.test",
        Membership,
    ),
    (
        api::VERIFY_DOMAIN,
        "org=acme&domain=acme.test&code=000000x",
        Membership,
    ),
    (
        api::CHANGE_DOMAIN_POLICY,
        "org=acme&domain=acme.test&policy=off",
        Membership,
    ),
    (api::REMOVE_DOMAIN, "org=acme&domain=acme.test", Membership),
    (
        api::ACCEPT_JOIN_REQUEST,
        "org=acme&request_id=0192f0c4-5b5e-7cc3-98c4-dc0c0c07398f",
        Membership,
    ),
    (
        api::DECLINE_JOIN_REQUEST,
        "org=acme&request_id=0192f0c4-5b5e-7cc3-98c4-dc0c0c07398f",
        Membership,
    ),
    (api::FOLLOW_JOIN_LINK, "token=x", VerifiedAddress),
    (
        api::JOIN_BY_DOMAIN,
        "organization=0192f0c4-5b5e-7cc3-98c4-dc0c0c07398f",
        VerifiedAddress,
    ),
    // None of these asks Stripe: the first two name no plan, and there is no subscription.
    (
        api::START_CHECKOUT,
        "org=acme&plan=free&interval=month",
        Membership,
    ),
    (
        api::CHANGE_PLAN,
        "org=acme&plan=free&interval=month",
        Membership,
    ),
    (api::TAKE_BACK_CHANGE, "org=acme", Membership),
    (
        api::CANCEL_SUBSCRIPTION,
        "org=acme&reason=other",
        Membership,
    ),
    (api::RESTORE_SUBSCRIPTION, "org=acme", Membership),
    (api::OPEN_PORTAL, "org=acme&page=attic", Membership),
    (
        api::CHANGE_BILLING_CONTACT,
        "org=acme&email=pay%40acme.test",
        Membership,
    ),
    (api::MY_ORGS, "", User),
    (api::FIND_MEMBERS, "org=acme&q=ada", Membership),
    (api::COUNT_MEMBERS, "org=acme&q=ada", Membership),
    (api::IS_SLUG_FREE, "slug=free-one", User),
];

const FILE: &str =
    "--limit\r\ncontent-disposition: form-data; name=\"picture\"\r\n\r\nx\r\n--limit--";

const LOGO: &str = "--limit\r\ncontent-disposition: form-data; name=\"org\"\r\n\r\nacme\r\n\
                    --limit\r\ncontent-disposition: form-data; name=\"logo\"\r\n\r\nx\r\n--limit--";
const LIST_FILE: &str = "--limit\r\ncontent-disposition: form-data; name=\"org\"\r\n\r\nacme\r\n\
    --limit\r\ncontent-disposition: form-data; name=\"file\"\r\n\r\njoan@elsewhere.test\r\n--limit--";

/// Files of a user's own, which refuse in pages: the way to sign in, or "not found".
const FILES: &[(&str, StatusCode)] = &[
    (routes::ACCOUNT_EXPORT, StatusCode::SEE_OTHER),
    ("/orgs/acme/activity.csv", StatusCode::SEE_OTHER),
    (
        "/pictures/0000000000000000000000000000000000000000000000000000000000000000",
        StatusCode::NOT_FOUND,
    ),
];

struct Acme {
    site: Site,
    id: OrgId,
    people: u32,
}

impl Acme {
    async fn start() -> Self {
        // Of a provider that does not answer.
        let provider = oidc::provider("http://127.0.0.1:9".to_owned());
        let site = Site::start_with(|config| config.oidc = vec![provider]).await;
        let owner = site.app.user("Ada").await;
        let id = site.org("acme", &owner).await;
        Self {
            site,
            id,
            people: 0,
        }
    }

    async fn person(&mut self) -> SignedIn {
        self.people += 1;
        self.site.app.user(&format!("User {}", self.people)).await
    }

    /// An owner of `acme`, in that state; what stands for the placeholders of forms: that
    /// person, who names an identity of theirs, too; a member whom nobody touched; and another
    /// session of the owner's.
    async fn visitor(&mut self, state: State) -> (Visitor, [(&'static str, String); 3]) {
        let (person, member) = (self.person().await, self.person().await);
        let member = self
            .site
            .app
            .add_member(self.id, &member, Role::Member)
            .await;
        if state != AnotherPerson {
            self.site
                .app
                .add_member(self.id, &person, Role::Owner)
                .await;
        }
        let mut visitor = match state {
            Anonymous => self.site.visitor(),
            _ => self.site.sign_in(&person).await,
        };
        let auth = &self.site.app.services.auth;
        let sessions = auth.list_sessions(&person).await.expect("a list");
        // The one that no browser has.
        let session = sessions[0].id;
        let id = person.id.to_string();
        let change = match state {
            ExpiredSession => {
                "update session set expires_at = now() - interval '1 second' where user_id = $1::uuid"
            }
            RevokedSession => "delete from session where user_id = $1::uuid",
            StaleProof => {
                "update session set confirmed_at = now() - interval '11 minutes' where user_id = $1::uuid"
            }
            Unverified => "update users set email_verified_at = null where id = $1::uuid",
            Suspended => "update users set banned_at = now() where id = $1::uuid",
            _ => "select $1",
        };
        self.site.app.sql_with(change, &[&id]).await;
        let identity = "insert into identity \
                        (id, user_id, issuer, subject, email, created_at, last_used_at) \
                        values ($1::uuid, $1::uuid, 'http://127.0.0.1:9', $1, '', now(), now())";
        self.site.app.sql_with(identity, &[&id]).await;
        if state == TamperedCookie {
            visitor.tamper_with_session();
        }
        // Nothing that was cached before may count.
        self.site
            .app
            .services
            .flush_user_by_operator(&person.email)
            .await
            .expect("flushed");
        let placeholders = [
            ("{person}", id),
            ("{member}", member.to_string()),
            ("{session}", session.to_string()),
        ];
        (visitor, placeholders)
    }
}

async fn send(visitor: &mut Visitor, path: &str, form: &str, state: State) -> Answer {
    let kind = if form.starts_with("--limit") {
        "multipart/form-data; boundary=limit"
    } else {
        "application/x-www-form-urlencoded"
    };
    let mut headers = vec![("accept", "application/json"), ("content-type", kind)];
    if state == ForeignOrigin {
        headers.extend([
            ("origin", "https://evil.test"),
            ("sec-fetch-site", "cross-site"),
        ]);
    }
    if api::LOOKUPS.contains(&path) {
        let address = format!("{path}?{form}");
        return visitor
            .send(Method::GET, &address, &headers, Body::empty())
            .await;
    }
    visitor
        .send(Method::POST, path, &headers, Body::from(form.to_owned()))
        .await
}

#[tokio::test]
async fn every_endpoint_refuses_everybody_who_may_not() {
    let mut acme = Acme::start().await;
    let mut wrong = Vec::new();
    for state in STATES {
        // Whoever was refused has changed nothing, and asks for the next.
        let mut unchanged = None;
        for (path, form, takes) in ENDPOINTS {
            let (mut visitor, placeholders) = match unchanged.take() {
                Some(refused) => refused,
                None => acme.visitor(state).await,
            };
            let form = placeholders
                .iter()
                .fold((*form).to_owned(), |form, (name, value)| {
                    form.replace(name, value)
                });
            let answer = send(&mut visitor, path, &form, state).await;
            let method = if api::LOOKUPS.contains(path) {
                Method::GET
            } else {
                Method::POST
            };
            let refusals = [
                StatusCode::UNAUTHORIZED,
                StatusCode::FORBIDDEN,
                StatusCode::NOT_FOUND,
            ];
            let is_right = match takes.refusal(state, &method) {
                Some(status) => answer.status == status,
                // Not for that; a wrong password is another matter.
                None if *takes == Nothing => true,
                None => !refusals.contains(&answer.status),
            };
            if !is_right {
                wrong.push(format!(
                    "{path} for {state:?}: {} {}",
                    answer.status, answer.body
                ));
            }
            if takes.refusal(state, &method).is_some() {
                unchanged = Some((visitor, placeholders));
            }
        }
        for (path, status) in FILES {
            let (mut visitor, ..) = acme.visitor(state).await;
            let answer = visitor.open(path).await;
            let takes = User.refusal(state, &Method::GET).is_some();
            if takes && answer.status != *status {
                wrong.push(format!("{path} for {state:?}: {}", answer.status));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn no_endpoint_is_without_a_row() {
    let described: BTreeSet<&str> = ENDPOINTS.iter().map(|(path, ..)| *path).collect();
    let all: BTreeSet<&str> = api::ALL.iter().copied().collect();
    assert_eq!(described, all);
}

/// What the refusals of users' own doors say to a person: the way to sign in, or the page
/// that asks for the password, with the form's page as the way back.
#[tokio::test]
async fn a_person_is_led_to_what_is_missing() {
    let site = Site::start().await;
    let ada = site.app.user("Ada").await;
    let mut visitor = site.sign_in(&ada).await;
    site.app.services.clock.advance(Duration::minutes(11));
    let answer = visitor.submit(api::REQUEST_DELETION, &[]).await;
    assert!(answer.location().starts_with(routes::CONFIRM));
    let answer = site.visitor().submit(api::REQUEST_DELETION, &[]).await;
    assert!(answer.location().starts_with(routes::SIGN_IN));
}

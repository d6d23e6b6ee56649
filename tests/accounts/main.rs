//! The life of an account, below its pages: what each use case does, what it refuses, and
//! what ends with it. What is mailed is read from the outbox.

mod deletion;
mod email;
mod fresh_proof;
mod password;
mod profile;
mod sign_up;

use orghub::{
    auth::{Admitted, ClientInfo, LinkToken, NewAccount},
    domain::{CurrentUser, Email, NewPassword, UserName},
    error::{Error, Result},
};
use orghub_test_support::{TestApp, browser, user_of};
use tower_sessions::session::Id;

/// Somebody who is not there yet.
const ADA: &str = "ada@users.test";
const GOOD: &str = "a long walk by the river";
const BETTER: &str = "seven swans over the lake";

fn email(text: &str) -> Email {
    Email::parse(text).expect("an address")
}

fn password(text: &str) -> NewPassword {
    NewPassword::parse(text, &email("nobody@nowhere.test"), "Nobody").expect("a good one")
}

/// The link in what was mailed last to this address.
async fn link(app: &TestApp, address: &str) -> LinkToken {
    LinkToken::of(&app.mailed_token(address).await)
}

/// Signs up in a new browser, and returns its session.
async fn sign_up(app: &TestApp, name: &str, address: &str) -> Id {
    let session = browser(&app.services, None);
    let new = NewAccount {
        name: UserName::parse(name).expect("a name"),
        email: email(address),
        password: password(GOOD),
        next: String::new(),
    };
    let client = ClientInfo::default();
    let done = app.services.auth.sign_up(&session, new, &client).await;
    done.expect("the answer is always the same");
    session.save().await.expect("the session is stored");
    session.id().expect("a stored session has an id")
}

/// Verifies as the browser with this session, or a new one, does it; its session then.
async fn verify(app: &TestApp, session: Option<Id>, link: &LinkToken, typed: &str) -> Result<Id> {
    let session = browser(&app.services, session);
    let client = ClientInfo::default();
    let auth = &app.services.auth;
    auth.verify_email(&session, None, link, typed, &client)
        .await?;
    session.save().await.expect("the session is stored");
    Ok(session.id().expect("a stored session has an id"))
}

/// Signs in from a new browser.
async fn sign_in(app: &TestApp, address: &str, password: &str) -> Result<Id> {
    let session = browser(&app.services, None);
    let client = ClientInfo::default();
    let auth = &app.services.auth;
    let admitted = auth.sign_in(&session, address, password, &client).await?;
    assert_eq!(admitted, Admitted::SignedIn);
    session.save().await.expect("the session is stored");
    Ok(session.id().expect("a stored session has an id"))
}

async fn who(app: &TestApp, session: &Id) -> Option<CurrentUser> {
    user_of(&app.services, session).await
}

fn is_dead<T: std::fmt::Debug>(outcome: Result<T>) -> bool {
    matches!(outcome, Err(Error::DeadLink))
}

use orghub::{auth::ClientInfo, error::Error};
use orghub_test_support::{PASSWORD, TestApp};
use time::Duration;

use crate::email;

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_undone_takes_a_proof_of_the_last_ten_minutes() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    let session = app.sign_in(&ada).await;
    let user = app.services.sessions.current_user(&session).await;
    let user = user.expect("an answer").expect("signed in");
    let (auth, client) = (&app.services.auth, ClientInfo::default());
    let wanted = email("ada@elsewhere.test");
    let change = async || auth.request_email_change(&user, &wanted, &client).await;
    let delete = async || auth.request_deletion(&user, &client).await;

    app.services.clock.advance(Duration::minutes(9));
    change().await.expect("signing in is a proof");
    delete().await.expect("signing in is a proof");
    app.services.clock.advance(Duration::minutes(2));
    assert!(matches!(change().await, Err(Error::ConfirmFirst)));
    assert!(matches!(delete().await, Err(Error::ConfirmFirst)));

    let wrong = auth.confirm(&user, "a guess").await;
    assert!(matches!(wrong, Err(Error::Invalid(_))));
    assert!(matches!(change().await, Err(Error::ConfirmFirst)));
    auth.confirm(&user, PASSWORD).await.expect("right");
    change().await.expect("fresh again");
    delete().await.expect("fresh again");

    // It is this session's proof, and no other's.
    let elsewhere = app.sign_in(user.user()).await;
    app.services.clock.advance(Duration::minutes(11));
    auth.confirm(&user, PASSWORD).await.expect("right");
    let elsewhere = app.services.sessions.current_user(&elsewhere).await;
    let elsewhere = elsewhere.expect("an answer").expect("signed in");
    let refused = auth.request_deletion(&elsewhere, &client).await;
    assert!(matches!(refused, Err(Error::ConfirmFirst)));
}

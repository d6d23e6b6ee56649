//! Domains are verified by a code that is mailed there.

use futures::future::join_all;
use orghub::{
    domain::{DOMAIN_CODE_LIFETIME, DomainPolicy, Email, Invalid, MailDomain},
    error::{Error, Result},
};
use time::Duration;

use crate::{Team, domain};

impl Team {
    async fn send_code(&self, email: &str) -> Result<MailDomain> {
        let email = Email::parse(email).expect("an address");
        self.joining().send_domain_code(&self.access, &email).await
    }
}

fn is_invalid<T: std::fmt::Debug>(outcome: &Result<T>, field: &str) -> bool {
    matches!(outcome, Err(Error::Invalid(Invalid { field: Some(at), .. })) if at == field)
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

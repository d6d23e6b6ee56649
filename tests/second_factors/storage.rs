//! What is stored of factors is sealed, by keys that can be changed.

use orghub::{auth::Admitted, error::Error, services::Services};
use orghub_test_support::{PASSWORD, TestApp, browser, totp_code};
use time::OffsetDateTime;

use crate::{Ada, STEP, client};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_stored_says_nothing_to_whoever_reads_it() {
    let ada = Ada::with_totp().await;
    let dump: String = sqlx_text(
        &ada.app,
        "select encode(secret, 'escape') || (select string_agg(encode(code_hash, 'escape'), '')
         from recovery_code) || (select encode(sealed, 'escape') from new_recovery_codes)
         from totp",
    )
    .await;
    let secret: Vec<char> = ada.secret.chars().collect();
    assert!(!dump.contains(&String::from_iter(&secret[..16])));
    for code in &ada.recovery_codes {
        assert!(!dump.contains(&code[..9]), "{code}");
    }
}

async fn sqlx_text(app: &TestApp, query: &'static str) -> String {
    let found = sqlx::query_scalar(query).fetch_one(app.services.db.pool());
    found.await.expect("a text")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_key_opens_what_it_sealed_and_the_secret_moves_to_the_new_one() {
    let ada = Ada::with_totp().await;
    let old = "the key that everybody knows and seals nothing of worth";
    let new = "a new key of more than thirty-two characters";
    let node_with = async |keys: &str| {
        let keys = orghub::config::FactorKeys::parse(keys).expect("keys");
        ada.app
            .another_node_with(|config| config.factor_keys = keys)
            .await
    };
    let complete = async |node: &Services, at: OffsetDateTime| {
        let browser = browser(node, None);
        let email = ada.user.email.as_str();
        let admitted = node
            .auth
            .sign_in(&browser, email, PASSWORD, &client())
            .await;
        assert_eq!(admitted.expect("right"), Admitted::SecondFactor);
        let code = totp_code(&ada.secret, at);
        node.auth
            .complete_with_code(&browser, &code, &client())
            .await
    };
    let now = ada.now();
    let gone = node_with(new).await;
    let failed = complete(&gone, gone.clock.now()).await;
    assert!(matches!(failed, Err(Error::Internal(_))), "{failed:?}");
    let both = node_with(&format!("{new},{old}")).await;
    both.clock.advance(now - both.clock.now());
    complete(&both, both.clock.now())
        .await
        .expect("the old one opens it");
    gone.clock.advance(now - gone.clock.now() + STEP * 2);
    complete(&gone, gone.clock.now())
        .await
        .expect("the new one, too");
    for node in [gone, both] {
        node.stop().await;
    }
}

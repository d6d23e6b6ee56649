//! The issuer as a program, with an owner of the demo organizations and two strangers.
//!
//! * `FAKE_ISSUER_ADDR`: where to listen; 127.0.0.1:12112 if not set.
//! * `FAKE_ISSUER_CLIENT_ID`, `FAKE_ISSUER_CLIENT_SECRET`: its one client; `orghub` and
//!   `development-only` if not set.
//! * `FAKE_ISSUER_REDIRECT_URI`: where it sends people back to; the provider `example` of
//!   http://127.0.0.1:3000 if not set.

use std::{env, io::Write as _};

use anyhow::Context as _;
use fake_issuer::{Config, FakeIssuer, Person};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let variable = |name: &str, default: &str| {
        env::var(name)
            .ok()
            .filter(|value: &String| !value.is_empty())
            .unwrap_or_else(|| default.to_owned())
    };
    let addr = variable("FAKE_ISSUER_ADDR", "127.0.0.1:12112");
    let unverified = Person::new("uma", "uma@newcomers.test", "Uma Unverified");
    let config = Config {
        addr: addr
            .parse()
            .context("FAKE_ISSUER_ADDR is not an address with a port")?,
        client_id: variable("FAKE_ISSUER_CLIENT_ID", "orghub"),
        client_secret: variable("FAKE_ISSUER_CLIENT_SECRET", "development-only"),
        redirect_uri: variable(
            "FAKE_ISSUER_REDIRECT_URI",
            "http://127.0.0.1:3000/sign-in/with/example/callback",
        ),
        people: vec![
            Person::new("olive", "owner@acme.test", "Olive Winterbourne"),
            Person::new("nora", "nora@newcomers.test", "Nora Newcomer"),
            Person {
                is_verified: false,
                ..unverified
            },
        ],
    };
    let issuer = FakeIssuer::start(config)
        .await
        .with_context(|| format!("cannot listen on {addr}"))?;
    writeln!(std::io::stdout(), "fake-issuer listens on {}", issuer.url())?;
    tokio::select! {
        () = issuer.wait() => Ok(()),
        stop = tokio::signal::ctrl_c() => stop.context("cannot listen for Ctrl-C"),
    }
}

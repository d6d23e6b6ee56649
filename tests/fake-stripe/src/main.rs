//! The Stripe fake as a program, with the customers of the demo organizations.
//!
//! * `FAKE_STRIPE_ADDR`: where to listen; 127.0.0.1:12111 if not set.
//! * `FAKE_STRIPE_WEBHOOK_URL`: where to send webhooks; nowhere if not set.
//! * `FAKE_STRIPE_WEBHOOK_SECRET`: signs them; if not set `whsec_fake`, which a server in
//!   development accepts by default.
//! * `APP_ENV`: with `production` it refuses to start.

use std::{env, io::Write as _};

use anyhow::Context as _;
use fake_stripe::{Config, FakeStripe, WebhookTarget};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let variable = |name| {
        env::var(name)
            .ok()
            .filter(|value: &String| !value.is_empty())
    };
    anyhow::ensure!(
        fake_stripe::may_run(variable("APP_ENV").as_deref()),
        "with APP_ENV=production only Stripe itself is used"
    );
    let addr = variable("FAKE_STRIPE_ADDR").unwrap_or_else(|| "127.0.0.1:12111".to_owned());
    let webhook = variable("FAKE_STRIPE_WEBHOOK_URL").map(|url| WebhookTarget {
        url,
        secret: variable("FAKE_STRIPE_WEBHOOK_SECRET").unwrap_or_else(|| "whsec_fake".to_owned()),
    });

    let config = Config {
        addr: addr
            .parse()
            .context("FAKE_STRIPE_ADDR is not an address with a port")?,
        webhook,
        catalog: true,
        demo: true,
    };
    let fake = FakeStripe::start(config)
        .await
        .with_context(|| format!("cannot listen on {addr}"))?;
    writeln!(std::io::stdout(), "fake-stripe listens on {}", fake.url())?;
    tokio::select! {
        () = fake.wait() => Ok(()),
        stop = tokio::signal::ctrl_c() => stop.context("cannot listen for Ctrl-C"),
    }
}

//! Authentication: signing in and out, and the sessions in between.
//!
//! [`Auth`] has the use cases, one per file. [`sessions`] is the store behind the cookie;
//! [`oidc`] lets providers say who somebody is; `passwords` and `limits` keep guessing
//! expensive, and `devices` keeps that from locking anybody out. Every way in ends in `admit`,
//! beyond which `factors` and `passkeys` ask for a second proof.
//!
//! [`access`] goes on from there: what somebody who is signed in may do in an organization.

/// On use cases; `orghub_base` says why.
use async_recursion::async_recursion as boxed;
use orghub_base::{attempts, cache, db, last_use, mail, pictures, queue, security_log};
/// Handed on to what pages and forms are made of, which stands on this package: it knows who is
/// asking, and no use case of organizations.
pub use orghub_base::{clock, config, error, submissions, telemetry};
use orghub_domain::{self as domain, routes};

pub mod access;
mod account;
mod admit;
mod change_email;
mod change_password;
mod client_info;
mod confirm;
mod devices;
mod factors;
mod letters;
mod limits;
mod link_token;
mod mailed_links;
pub mod newcomers;
pub mod oidc;
mod own_sessions;
mod passkeys;
mod passwords;
mod platform_admin;
mod queued;
mod renew_hash;
mod reset_password;
pub mod sessions;
mod sign_in;
mod sign_out;
mod sign_up;
mod signed_in;
mod verify_email;
mod ways_in;

use std::sync::Arc;

use crate::{
    cache::Cache, clock::Clock, config::Config, db::Db, error::Result, mail::Mail,
    newcomers::Newcomers, pictures::Pictures, queue::Queue,
};

pub use account::AccountExport;
pub use admit::Admitted;
pub use client_info::ClientInfo;
use devices::Devices;
pub use devices::{DEVICE_LIFETIME, DeviceCookie};
use factors::Factors;
use limits::Limits;
pub use link_token::LinkToken;
pub use mailed_links::MailedLink;
pub use oidc::ProviderAnswer;
use oidc::Providers;
use passkeys::Passkeys;
use passwords::Passwords;
pub use passwords::hash_password;
pub use platform_admin::PlatformAdmin;
pub use sessions::{RequestUser, Sessions};
pub use sign_up::NewAccount;
pub use signed_in::SignedIn;
pub use verify_email::Verified;

/// The use cases of authentication. Cheap to clone; clones share the counters of attempts
/// and the threads that hash.
#[derive(Clone)]
pub struct Auth {
    db: Db,
    cache: Cache,
    clock: Clock,
    mail: Mail,
    queue: Queue,
    newcomers: Newcomers,
    pictures: Pictures,
    passwords: Passwords,
    devices: Devices,
    limits: Limits,
    providers: Arc<Providers>,
    factors: Factors,
    passkeys: Passkeys,
}

impl Auth {
    /// # Errors
    /// [`crate::error::Error::Internal`] if the threads that hash cannot be started.
    pub fn start(
        config: &Config,
        db: Db,
        cache: Cache,
        clock: Clock,
        mail: Mail,
        queue: Queue,
        pictures: Pictures,
    ) -> Result<Self> {
        let devices = Devices::new(&config.device_keys);
        Ok(Self {
            pictures,
            passwords: Passwords::start(config.passwords)?,
            limits: Limits::new(config, cache.clone(), clock.clone(), devices.clone()),
            providers: Providers::new(&config.oidc, &config.app_url, config.app_env)?,
            factors: Factors::new(config),
            passkeys: Passkeys::new(config),
            newcomers: Newcomers::new(db.clone(), cache.clone(), clock.clone(), mail.clone()),
            devices,
            db,
            cache,
            clock,
            mail,
            queue,
        })
    }
}

//! What platform admins do: one use case per file.
//!
//! A platform admin works for whoever runs the site, and is over organizations without being
//! a member of any: what members see stays closed to them, and nobody acts as somebody else.
//! Four rules hold for all of it:
//!
//! * It takes a [`PlatformAdmin`], which only [`PlatformAdmin::admit`] makes: of a user who is
//!   one and has a second factor. To everybody else none of it exists.
//! * A write trusts none of that. It reads the session, the right and the second factor again
//!   in its transaction, and asks for a proof of the last ten minutes.
//! * A write leaves an entry in the platform's log, in the same transaction. What it did to one
//!   organization stands in that organization's log, too, in the name of "Orghub staff".
//! * Nothing is cached. Whatever may read much is a heavy read, so that an admin who searches
//!   a million users takes no connection from them.

mod cache_status;
mod count_all;
mod drop_job;
mod flush;
mod get_org;
mod get_queue;
mod get_user;
mod list_acts;
mod list_orgs;
mod list_users;
mod reinstate_user;
mod restore_org;
mod retry_jobs;
mod set_limits;
mod sign_out_everybody;
mod sign_out_user;
mod suspend_user;
mod webhook_events;

use time::OffsetDateTime;

use crate::{
    auth::PlatformAdmin,
    billing::Billing,
    cache::Cache,
    clock::Clock,
    config::SessionLife,
    db::{self, Db, Tx, activity::NewActivity, platform::NewAct},
    domain::{ActivityKind, OrgId, PlatformActKind, platform::STAFF},
    error::Result,
    security_log::SecurityEvent,
};

/// The use cases of platform admins. Cheap to clone.
#[derive(Clone)]
pub struct Platform {
    db: Db,
    cache: Cache,
    clock: Clock,
    billing: Billing,
    session_life: SessionLife,
}

impl Platform {
    pub fn new(
        db: Db,
        cache: Cache,
        clock: Clock,
        billing: Billing,
        session_life: SessionLife,
    ) -> Self {
        Self {
            db,
            cache,
            clock,
            billing,
            session_life,
        }
    }

    /// Begins a write by `admin`, whose session, right and second factor cannot end before it
    /// does.
    ///
    /// # Errors
    /// [`crate::error::Error::NotFound`] if they are no platform admin by now;
    /// [`crate::error::Error::SecondFactorFirst`];
    /// [`crate::error::Error::ConfirmFirst`]; [`crate::error::Error::SignedOut`]. So for
    /// every write.
    async fn begin<'a>(&self, admin: &'a PlatformAdmin) -> Result<Act<'a>> {
        let tx = self.db.begin().await?;
        self.begin_in(tx, admin).await
    }

    /// The same in a transaction that has begun.
    async fn begin_in<'a>(&self, mut tx: Tx, admin: &'a PlatformAdmin) -> Result<Act<'a>> {
        let now = self.clock.now();
        let actor_name = admin.signed_in().hold_platform_admin(&mut tx, now).await?;
        Ok(Act {
            tx,
            admin,
            actor_name,
            now,
        })
    }
}

/// A write under way.
struct Act<'a> {
    tx: Tx,
    admin: &'a PlatformAdmin,
    /// The name the admin has now.
    actor_name: String,
    now: OffsetDateTime,
}

impl Act<'_> {
    /// Writes it into the platform's log.
    async fn record(&mut self, kind: PlatformActKind, subject: &str, detail: &str) -> Result<()> {
        let admin = self.admin.signed_in();
        let (by, address) = (admin.id, admin.address().map(|address| address.to_string()));
        let act = NewAct {
            actor: by,
            actor_name: &self.actor_name,
            kind,
            subject,
            detail,
            address: address.as_deref(),
            at: self.now,
        };
        db::platform::insert_act(&mut self.tx, act).await?;
        let kind = kind.as_str();
        SecurityEvent::PlatformAct { by, kind }.record();
        Ok(())
    }

    /// Writes it into the organization's own log.
    async fn record_in_org(&mut self, org: OrgId, kind: ActivityKind, detail: &str) -> Result<()> {
        let activity = NewActivity {
            org,
            actor: None,
            actor_name: STAFF,
            kind,
            subject: "",
            detail,
        };
        db::activity::insert(&mut self.tx, activity).await
    }
}

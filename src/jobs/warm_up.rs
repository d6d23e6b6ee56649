//! Filling the cache before anybody asks: what a node needs for the most used
//! organizations is looked up as their members would do it.
//!
//! A node that starts does so beside its first requests, one look-up after the other, so
//! that it never gets in their way. `orghub-server warm` does it without serving, which
//! leaves the values in Redis for the nodes to come: after Redis was replaced, or before
//! many nodes start at once.

use std::collections::HashSet;

use crate::{
    access::OrgLookup,
    db::{self, sessions::RecentUse},
    domain::{MemberListQuery, OrgSegment, OrgSlug},
    error::Result,
    services::Services,
};

/// Sessions looked at: those used last. Each costs a few look-ups of a millisecond.
const SESSIONS: u32 = 1_000;

/// What was looked up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WarmedUp {
    /// Organizations, with everything their first pages show.
    pub organizations: usize,
    /// Sessions, each with its user's organizations.
    pub sessions: usize,
}

impl Services {
    /// Looks up what the first pages of the most used organizations show, and the sessions
    /// and memberships of the users who used them last; `WARM_UP_ORGANIZATIONS` says how
    /// many.
    ///
    /// # Errors
    /// [`crate::error::Error::Unavailable`] if the database does not answer; what was
    /// looked up until then stays.
    pub async fn warm_up(&self) -> Result<WarmedUp> {
        let organizations = self.config.warm_up_organizations;
        if organizations == 0 {
            return Ok(WarmedUp::default());
        }
        // Nobody is there.
        let access = self.access.unnoticed();
        let reader = self.db.reader();
        let now = self.clock.now();
        let recent = db::sessions::list_recent_use(&reader, now, SESSIONS, organizations).await?;
        let mut warm_orgs = HashSet::<OrgSlug>::new();
        let mut warm_sessions = HashSet::new();
        for RecentUse { id_hash, slug } in recent {
            let Some(user) = self.sessions.find_signed_in(id_hash).await? else {
                continue;
            };
            if warm_sessions.insert(id_hash) {
                self.orgs.list_mine(&user).await?;
            }
            let segment = OrgSegment::Slug(slug.clone());
            let OrgLookup::Granted(access) = access.find(&user, &segment).await? else {
                continue;
            };
            if warm_orgs.insert(slug) {
                self.orgs.get_overview(&access).await?;
                self.orgs
                    .list_members(&access, &MemberListQuery::default())
                    .await?;
                self.billing.find_subscription(&access).await?;
            }
        }
        self.cache.wait_until_stored().await;
        Ok(WarmedUp {
            organizations: warm_orgs.len(),
            sessions: warm_sessions.len(),
        })
    }
}

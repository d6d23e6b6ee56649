use super::Step;
use crate::{
    access::OrgAccess,
    boxed,
    cache::keys,
    db::{self, bulk_changes::Way},
    domain::{ActivityKind, BulkChangeId, Permission, UNDO_FOR},
    error::{Error, Result},
    orgs::Orgs,
    telemetry::SPANS,
};

impl Orgs {
    /// Has a change that has ended taken back: roles as they were, access for who was suspended,
    /// and memberships as they were for who was removed. Anybody with
    /// [`Permission::ManageMembers`] may, for ten minutes, once.
    ///
    /// # Errors
    /// [`Error::NotFound`] if the organization has no such change; [`Error::Conflict`] if it is
    /// under way, is taken back already, changed nobody, or ended too long ago;
    /// [`Error::Forbidden`].
    #[tracing::instrument(level = "debug", target = SPANS, name = "orgs.undo_bulk_change", skip_all)]
    #[boxed]
    pub async fn undo_bulk_change(&self, access: &OrgAccess, id: BulkChangeId) -> Result<()> {
        access.require(Permission::ManageMembers)?;
        let mut change = self.begin_change(access).await?;
        change.require(Permission::ManageMembers)?;
        let found = db::bulk_changes::find_in_org(&mut change.tx, change.id, id).await?;
        let found = found.ok_or(Error::NotFound)?;
        let Some(ended_at) = found.ended_at else {
            return Err(Error::refused(
                "This change is still under way. Cancel it first.",
            ));
        };
        if found.undo_user.is_some() {
            return Err(Error::refused("This change was taken back already."));
        }
        if self.clock.now() >= ended_at + UNDO_FOR {
            return Err(Error::refused(
                "A change can be taken back for ten minutes after its end, and these are over.",
            ));
        }
        let counts = db::bulk_changes::count_at_end(&mut change.tx, id).await?;
        if counts.done == 0 {
            return Err(Error::refused("This change changed nobody."));
        }
        let actor = change.actor.user_id;
        db::bulk_changes::begin_undo(&mut change.tx, id, actor).await?;
        let what = found.action.of(counts.done);
        change
            .record(ActivityKind::BulkChangeUndone, "", &what)
            .await?;
        let step = Step {
            org: change.id,
            change: id,
            way: Way::Back,
            after: 0,
        };
        self.queue_step(&mut change.tx, &step).await?;
        let outdated = [keys::activity_page(&change.org.slug)];
        self.cache.commit(change.tx, &outdated).await
    }
}

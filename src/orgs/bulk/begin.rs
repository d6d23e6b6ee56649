use super::{Step, too_many};
use crate::{
    access::OrgAccess,
    boxed,
    cache::keys,
    db::{self, bulk_changes::Way},
    domain::{
        ActivityKind, BulkAction, BulkChangeId, MOST_CHANGED, MemberListQuery, Permission, Role,
        Standing,
    },
    error::{Error, Result},
    orgs::Orgs,
    telemetry::SPANS,
};

impl Orgs {
    /// Notes everybody whom the list finds, and has a job do `action` to them. `expected` is how
    /// many were promised to be changed: if it is another number by now, nobody is. Needs
    /// [`Permission::ManageMembers`] and a fresh proof.
    ///
    /// Whoever is wrong about the number learns it from a heavy read, before the organization is
    /// locked and anybody is noted.
    ///
    /// # Errors
    /// [`Error::Conflict`] if something changed since it was shown, there are too many, or
    /// another change is under way; [`Error::ConfirmFirst`]; [`Error::Forbidden`];
    /// [`Error::TooManyAtOnce`] and [`Error::Busy`].
    #[tracing::instrument(level = "debug", target = SPANS, name = "orgs.begin_bulk_change", skip_all)]
    #[boxed]
    pub async fn begin_bulk_change(
        &self,
        access: &OrgAccess,
        query: &MemberListQuery,
        action: BulkAction,
        expected: i64,
    ) -> Result<BulkChangeId> {
        access.require(Permission::ManageMembers)?;
        self.require_confirmed(access).await?;
        let groups = self.list_meant(access, query).await?;
        let groups = groups
            .iter()
            .map(|group| (group.standing, group.members.total));
        check(groups, access.role(), action, expected)?;
        let mut change = self.begin_confirmed_change(access).await?;
        change.require(Permission::ManageMembers)?;
        let under_way = db::bulk_changes::find_under_way(&mut change.tx, change.id).await?;
        if under_way.is_some() {
            return Err(Error::refused(
                "Another change of many members is under way. Wait until it has ended, or cancel \
                 it.",
            ));
        }
        let (actor, role) = (change.actor.user_id, change.actor.role);
        let query = query.clone().for_reader(role);
        let owner = (change.id, actor);
        let now = self.clock.now();
        let id = db::bulk_changes::insert(&mut change.tx, owner, action, now).await?;
        db::bulk_changes::insert_rows(&mut change.tx, id, change.id, &query).await?;
        let groups = db::bulk_changes::list_groups(&mut change.tx, id, actor).await?;
        check(groups, role, action, expected)?;
        let what = action.of(expected);
        change
            .record(ActivityKind::BulkChangeAsked, "", &what)
            .await?;
        let step = Step {
            org: change.id,
            change: id,
            way: Way::Forth,
            after: 0,
        };
        self.queue_step(&mut change.tx, &step).await?;
        let outdated = [keys::activity_page(&change.org.slug)];
        self.cache.commit(change.tx, &outdated).await?;
        Ok(id)
    }
}

/// Whether the members of these standings, so many of each, are as many as can be changed, and as
/// many of them as promised would be.
fn check(
    groups: impl IntoIterator<Item = (Standing, i64)>,
    actor: Role,
    action: BulkAction,
    expected: i64,
) -> Result<()> {
    let (mut found, mut meant) = (0, 0);
    for (standing, members) in groups {
        found += members;
        if action.refusal(actor, &standing).is_none() {
            meant += members;
        }
    }
    if found > MOST_CHANGED {
        return Err(too_many());
    }
    if meant != expected || meant == 0 {
        return Err(Error::refused(
            "Something changed since this was shown, and nobody was changed. Look at it again.",
        ));
    }
    Ok(())
}

use super::{Change, Orgs};
use crate::{
    access::OrgAccess,
    boxed,
    cache::keys,
    db::{self, members::MemberForChange},
    domain::{ActivityKind, MemberId, MemberListQuery, Permission},
    error::{Error, Result},
    telemetry::SPANS,
};

impl Orgs {
    /// Removes a member; removing oneself is leaving. Needs
    /// [`Permission::ManageMembers`], and [`Permission::ManageOwners`] to remove an owner.
    ///
    /// # Errors
    /// [`Error::NotFound`] if the organization has no such member; [`Error::Forbidden`]
    /// without the permission; [`Error::Conflict`] if the organization would be left
    /// without an owner.
    #[tracing::instrument(level = "debug", target = SPANS, name = "orgs.remove_member", skip_all)]
    #[boxed]
    pub async fn remove_member(&self, access: &OrgAccess, member: MemberId) -> Result<()> {
        access.require(Permission::ManageMembers)?;
        let mut change = self.begin_change(access).await?;
        let member = db::members::find_in_org(&mut change.tx, change.id, member).await?;
        let member = member.ok_or(Error::NotFound)?;
        if !change.actor.role.may_change(member.role, None) {
            return Err(Error::Forbidden);
        }
        self.end_membership(change, &member).await
    }

    /// Ends a membership. The caller has checked that the actor may.
    pub(super) async fn end_membership(
        &self,
        mut change: Change,
        member: &MemberForChange,
    ) -> Result<()> {
        change.keep_an_owner(member).await?;
        let (org, user, now) = (change.id, member.user_id, self.clock.now());
        db::invitations::cancel_for_user(&mut change.tx, org, user, now).await?;
        db::members::delete(&mut change.tx, member.id).await?;
        let is_own = member.id == change.actor.id;
        let kind = if is_own {
            ActivityKind::MemberLeft
        } else {
            ActivityKind::MemberRemoved
        };
        change.record(kind, &member.name, "").await?;
        let slug = &change.org.slug;
        let outdated = [
            keys::membership(slug, member.user_id),
            keys::user_orgs(member.user_id),
            keys::member_page(slug, &MemberListQuery::default()),
            // A seat is free again.
            keys::subscription(slug),
        ];
        self.cache.commit(change.tx, &outdated).await
    }
}

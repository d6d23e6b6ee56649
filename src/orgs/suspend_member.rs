use super::Orgs;
use crate::{
    access::OrgAccess,
    boxed, db,
    domain::{ActivityKind, MemberId, Permission},
    error::{Error, Result},
    telemetry::SPANS,
};

impl Orgs {
    /// Suspends a member: no access until [`Self::reinstate_member`], the role kept, and the
    /// seat, so that there is room when they come back. What is suspended already stays as
    /// it is. Needs [`Permission::ManageMembers`], and [`Permission::ManageOwners`] to
    /// suspend an owner. Nobody suspends themselves.
    ///
    /// # Errors
    /// [`Error::NotFound`] if the organization has no such member; [`Error::Forbidden`]
    /// without the permission; [`Error::Conflict`] for oneself.
    #[tracing::instrument(level = "debug", target = SPANS, name = "orgs.suspend_member", skip_all)]
    #[boxed]
    pub async fn suspend_member(&self, access: &OrgAccess, member: MemberId) -> Result<()> {
        access.require(Permission::ManageMembers)?;
        let mut change = self.begin_change(access).await?;
        let member = db::members::find_in_org(&mut change.tx, change.id, member).await?;
        let member = member.ok_or(Error::NotFound)?;
        if !change.actor.role.may_change(member.role, None) {
            return Err(Error::Forbidden);
        }
        if member.id == change.actor.id {
            return Err(Error::refused(
                "You cannot suspend yourself. Leave the organization, or ask somebody else.",
            ));
        }
        if member.is_suspended {
            return Ok(());
        }
        // An owner acts, so there is another one. It is asked all the same: this is the rule
        // that everything else rests on.
        change.keep_an_owner(&member).await?;
        let now = self.clock.now();
        db::members::set_suspended(&mut change.tx, member.id, Some(now)).await?;
        change
            .record(ActivityKind::MemberSuspended, &member.name, "")
            .await?;
        self.commit_standing(change, &member).await
    }
}

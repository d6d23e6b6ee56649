use super::{Locked, Orgs, keep_an_owner};
use crate::{
    access::OrgAccess,
    cache::Change,
    db::{self, activity::NewActivity, members::MemberForChange},
    domain::{ActivityKind, MemberId, Permission},
    error::{Error, Result},
};

impl Orgs {
    /// Removes a member; removing oneself is leaving. Needs
    /// [`Permission::ManageMembers`], and [`Permission::ManageOwners`] where the
    /// member is an owner.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the organization has no such member;
    /// [`Error::Forbidden`] without the right; [`Error::Conflict`] when the
    /// organization would be left without an owner; [`Error::Unavailable`] when the
    /// database does not answer.
    pub async fn remove_member(&self, access: &OrgAccess, member: MemberId) -> Result<()> {
        access.require(Permission::ManageMembers)?;
        let mut locked = self.begin_change(access).await?;
        let member = db::members::find_in_org(&mut locked.tx, access.org_id(), member)
            .await?
            .ok_or(Error::NotFound)?;
        if !locked.actor.role.may_change(member.role, None) {
            return Err(Error::Forbidden);
        }
        self.end_membership(access, locked, &member).await
    }

    /// Ends a membership within a change that may do so.
    pub(super) async fn end_membership(
        &self,
        access: &OrgAccess,
        locked: Locked,
        member: &MemberForChange,
    ) -> Result<()> {
        let Locked {
            mut tx,
            org: before,
            actor,
        } = locked;
        let org = access.org_id();
        keep_an_owner(&mut tx, org, member).await?;

        db::members::delete(&mut tx, member.id).await?;
        let own = member.id == actor.id;
        db::activity::insert(
            &mut tx,
            NewActivity {
                org,
                actor: actor.user_id,
                actor_name: &actor.name,
                kind: if own {
                    ActivityKind::MemberLeft
                } else {
                    ActivityKind::MemberRemoved
                },
                subject: &member.name,
                detail: "",
            },
        )
        .await?;
        let commit = tx.commit().await?;

        self.cache
            .invalidate(&[
                Change::OrgMember(before.slug.clone(), member.user_id),
                Change::UserOrgs(member.user_id),
                Change::OrgMembers(before.slug.clone()),
                // A seat is free again.
                Change::OrgSubscription(before.slug),
            ])
            .await;
        self.cache.wait_until_applied(commit).await;
        Ok(())
    }
}

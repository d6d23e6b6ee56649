use super::{Locked, Orgs, keep_an_owner};
use crate::{
    access::OrgAccess,
    cache::Change,
    db::{self, activity::NewActivity},
    domain::{ActivityKind, MemberId, Permission, Role},
    error::{Error, Result},
};

impl Orgs {
    /// Gives a member another role. Needs [`Permission::ManageMembers`], and
    /// [`Permission::ManageOwners`] where an owner is made or unmade.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the organization has no such member;
    /// [`Error::Forbidden`] without the right; [`Error::Conflict`] when the
    /// organization would be left without an owner; [`Error::Unavailable`] when the
    /// database does not answer.
    pub async fn change_role(
        &self,
        access: &OrgAccess,
        member: MemberId,
        role: Role,
    ) -> Result<()> {
        access.require(Permission::ManageMembers)?;
        let org = access.org_id();
        let Locked {
            mut tx,
            org: before,
            actor,
        } = self.begin_change(access).await?;
        let member = db::members::find_in_org(&mut tx, org, member)
            .await?
            .ok_or(Error::NotFound)?;
        if !actor.role.may_change(member.role, Some(role)) {
            return Err(Error::Forbidden);
        }
        if member.role == role {
            return Ok(());
        }
        keep_an_owner(&mut tx, org, &member).await?;

        db::members::set_role(&mut tx, member.id, role).await?;
        db::activity::insert(
            &mut tx,
            NewActivity {
                org,
                actor: actor.user_id,
                actor_name: &actor.name,
                kind: ActivityKind::RoleChanged,
                subject: &member.name,
                detail: &format!("{} → {role}", member.role),
            },
        )
        .await?;
        let commit = tx.commit().await?;

        self.cache
            .invalidate(&[
                Change::OrgMember(before.slug.clone(), member.user_id),
                Change::UserOrgs(member.user_id),
                Change::OrgMembers(before.slug),
            ])
            .await;
        self.cache.wait_until_applied(commit).await;
        Ok(())
    }
}

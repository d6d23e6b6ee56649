use super::Orgs;
use crate::{
    access::OrgAccess,
    boxed,
    cache::keys,
    db,
    domain::{ActivityKind, Edit, MemberId, MemberListQuery, Permission, Role},
    error::{Error, Result},
    telemetry::SPANS,
};

impl Orgs {
    /// Gives a member another role. Needs [`Permission::ManageMembers`], and
    /// [`Permission::ManageOwners`] to make or unmake an owner.
    ///
    /// # Errors
    /// [`Error::NotFound`] if the organization has no such member; [`Error::Forbidden`]
    /// without the permission; [`Error::Conflict`] if the organization would be left
    /// without an owner, or somebody else changed the role since it was shown.
    #[tracing::instrument(level = "debug", target = SPANS, name = "orgs.change_role", skip_all)]
    pub async fn change_role(
        &self,
        access: &OrgAccess,
        member: MemberId,
        role: impl Into<Edit<Role>>,
    ) -> Result<()> {
        self.edit_role(access, member, role.into()).await
    }

    #[boxed]
    async fn edit_role(
        &self,
        access: &OrgAccess,
        member: MemberId,
        role: Edit<Role>,
    ) -> Result<()> {
        access.require(Permission::ManageMembers)?;
        let mut change = self.begin_change(access).await?;
        let member = db::members::find_in_org(&mut change.tx, change.id, member).await?;
        let member = member.ok_or(Error::NotFound)?;
        if !change.actor.role.may_change(member.role, Some(*role.to())) {
            return Err(Error::Forbidden);
        }
        let written = role
            .over("role", member.role.as_str())
            .map_err(Error::Conflict)?;
        let Some(&role) = written else {
            return Ok(());
        };
        change.keep_an_owner(&member).await?;

        db::members::set_role(&mut change.tx, member.id, role).await?;
        let detail = format!("{} → {role}", member.role);
        change
            .record(ActivityKind::RoleChanged, &member.name, &detail)
            .await?;
        let outdated = [
            keys::membership(&change.org.slug, member.user_id),
            keys::user_orgs(member.user_id),
            keys::member_page(&change.org.slug, &MemberListQuery::default()),
        ];
        self.cache.commit(change.tx, &outdated).await
    }
}

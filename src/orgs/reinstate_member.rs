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
    /// Gives a suspended member access again, with the role they have kept: whoever may not
    /// give that role may not bring it back either. Who is not suspended stays as they are.
    /// Needs [`Permission::ManageMembers`], and [`Permission::ManageOwners`] for an owner.
    /// Never fails for want of a seat: it was kept.
    ///
    /// # Errors
    /// [`Error::NotFound`] if the organization has no such member; [`Error::Forbidden`]
    /// without the permission.
    #[tracing::instrument(level = "debug", target = SPANS, name = "orgs.reinstate_member", skip_all)]
    #[boxed]
    pub async fn reinstate_member(&self, access: &OrgAccess, member: MemberId) -> Result<()> {
        access.require(Permission::ManageMembers)?;
        let mut change = self.begin_change(access).await?;
        let member = db::members::find_in_org(&mut change.tx, change.id, member).await?;
        let member = member.ok_or(Error::NotFound)?;
        let gives = Some(member.role);
        if !change.actor.role.may_change(member.role, gives) {
            return Err(Error::Forbidden);
        }
        if !member.is_suspended {
            return Ok(());
        }
        db::members::set_suspended(&mut change.tx, member.id, None).await?;
        change
            .record(
                ActivityKind::MemberReinstated,
                &member.name,
                member.role.as_str(),
            )
            .await?;
        self.commit_standing(change, &member).await
    }

    /// Commits that a member got or lost access.
    pub(super) async fn commit_standing(
        &self,
        change: Change,
        member: &MemberForChange,
    ) -> Result<()> {
        let slug = &change.org.slug;
        let outdated = [
            keys::membership(slug, member.user_id),
            keys::user_orgs(member.user_id),
            keys::member_page(slug, &MemberListQuery::default()),
        ];
        self.cache.commit(change.tx, &outdated).await
    }
}

use crate::{
    access::OrgAccess,
    boxed,
    db::{self, bulk_changes::Group},
    domain::{BulkAction, BulkPreview, MemberListQuery, Permission, RowOutcome, SomeMembers},
    error::Result,
    orgs::Orgs,
    telemetry::SPANS,
};

impl Orgs {
    /// What `action` would do to everybody whom the list finds, whatever its page: who is meant,
    /// and who would be left as they are. Needs [`Permission::ManageMembers`].
    ///
    /// # Errors
    /// [`crate::error::Error::Forbidden`]; it is a heavy read, so also
    /// [`crate::error::Error::TooManyAtOnce`] and [`crate::error::Error::Busy`].
    #[tracing::instrument(level = "debug", target = SPANS, name = "orgs.preview_bulk_change", skip_all)]
    #[boxed]
    pub async fn preview_bulk_change(
        &self,
        access: &OrgAccess,
        query: &MemberListQuery,
        action: BulkAction,
    ) -> Result<BulkPreview> {
        access.require(Permission::ManageMembers)?;
        let role = access.role();
        let groups = self.list_meant(access, query).await?;
        let mut preview = BulkPreview {
            found: 0,
            meant: SomeMembers::default(),
            left: Vec::new(),
        };
        for group in groups {
            preview.found += group.members.total;
            match action.refusal(role, &group.standing) {
                None => add(&mut preview.meant, group.members),
                Some(why) => add(left_for(&mut preview.left, why), group.members),
            }
        }
        preview.left.sort_by_key(|(why, _)| *why);
        Ok(preview)
    }

    /// Whom the list finds, by standing, as a heavy read.
    pub(super) async fn list_meant(
        &self,
        access: &OrgAccess,
        query: &MemberListQuery,
    ) -> Result<Vec<Group>> {
        let (org, user) = (access.org_id(), access.user().id);
        let query = query.clone().for_reader(access.role());
        let list =
            |reader| async move { db::bulk_changes::list_meant(&reader, org, user, &query).await };
        self.db.heavy_read(user, list).await
    }
}

fn left_for(left: &mut Vec<(RowOutcome, SomeMembers)>, why: RowOutcome) -> &mut SomeMembers {
    let index = left.iter().position(|(known, _)| *known == why);
    let index = index.unwrap_or_else(|| {
        left.push((why, SomeMembers::default()));
        left.len() - 1
    });
    &mut left[index].1
}

fn add(to: &mut SomeMembers, more: SomeMembers) {
    to.total += more.total;
    to.first.extend(more.first);
    to.first.truncate(SomeMembers::MOST);
}

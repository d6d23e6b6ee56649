use super::{Invitations, check_rows::check_rows};
use crate::{
    access::OrgAccess,
    boxed,
    cache::keys,
    db::invitations::drafts::Draft,
    domain::{DraftId, Email, Invalid, Permission, Role, SentRow, split_pasted},
    error::{Error, Result},
    orgs::Change,
    telemetry::SPANS,
};

/// What became of addresses that were pasted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvitedMany {
    /// All of them are invited: so many.
    Sent(usize),
    /// Nobody is. The rows are kept, each with what is wrong with it.
    ToCheck(DraftId),
}

impl Invitations {
    /// Invites everybody whose address was pasted, all with one role, if nothing is wrong
    /// with any of them; otherwise nobody. Needs [`Permission::Invite`], and
    /// [`Permission::ManageOwners`] to invite owners.
    ///
    /// # Errors
    /// [`Error::Invalid`] on the field `addresses` if nothing was pasted;
    /// [`Error::LimitReached`] if too many invitations were mailed; [`Error::Forbidden`].
    #[tracing::instrument(level = "debug", target = SPANS, name = "invitations.invite_many", skip_all)]
    #[boxed]
    pub async fn invite_many(
        &self,
        access: &OrgAccess,
        pasted: &str,
        role: Role,
    ) -> Result<InvitedMany> {
        access.require(Permission::Invite)?;
        let rows: Vec<_> = split_pasted(pasted)
            .into_iter()
            .zip(1..)
            .map(|(email, line)| SentRow {
                line,
                email,
                role: role.to_string(),
            })
            .collect();
        if rows.is_empty() {
            return Err(Invalid::new("addresses", "Enter at least one e-mail address.").into());
        }
        let mut change = self.orgs.begin_change(access).await?;
        let by = (change.id, change.actor.role);
        if !super::may_invite(by.1, role) {
            return Err(Error::Forbidden);
        }
        let now = self.clock.now();
        let checked = check_rows(&mut change.tx, by, (rows.clone(), true), now).await?;
        if checked.is_all_right() {
            self.send_all(change, &checked.to_mail()).await?;
            return Ok(InvitedMany::Sent(rows.len()));
        }
        drop(change);
        let draft = Draft {
            rows,
            left_out: 0,
            is_pasted: true,
        };
        let draft = self.keep_draft(access, &draft).await?;
        Ok(InvitedMany::ToCheck(draft))
    }

    /// Invites all of them in the one transaction.
    pub(super) async fn send_all(
        &self,
        mut change: Change,
        invitees: &[(Email, Role)],
    ) -> Result<()> {
        let now = self.clock.now();
        self.allow_mails(&mut change, invitees.len(), now).await?;
        for (email, role) in invitees {
            self.invite_one(&mut change, email, *role, now).await?;
        }
        let outdated = [keys::subscription(&change.org.slug)];
        self.cache.commit(change.tx, &outdated).await
    }
}

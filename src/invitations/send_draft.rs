use super::{Invitations, check_rows::check_rows, drafts::DRAFT_LIFETIME};
use crate::{
    access::OrgAccess,
    boxed, db,
    domain::{DraftId, Permission},
    error::{Error, Result},
    telemetry::SPANS,
};

impl Invitations {
    /// Sends the rows of a list that nothing is wrong with, and returns how many; the others
    /// are left. `expected` is how many were promised: if it is another number by now, nobody
    /// is invited. Needs [`Permission::Invite`].
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is no such list of the user's, or it was sent;
    /// [`Error::Conflict`] if something changed since it was shown; [`Error::LimitReached`]
    /// if too many invitations were mailed; [`Error::Forbidden`].
    #[tracing::instrument(level = "debug", target = SPANS, name = "invitations.send_draft", skip_all)]
    #[boxed]
    pub async fn send_draft(
        &self,
        access: &OrgAccess,
        draft: DraftId,
        expected: usize,
    ) -> Result<usize> {
        access.require(Permission::Invite)?;
        let mut change = self.orgs.begin_change(access).await?;
        let by = (change.id, change.actor.role);
        if !by.1.may(Permission::Invite) {
            return Err(Error::Forbidden);
        }
        let now = self.clock.now();
        let owner = (change.id, change.actor.user_id);
        let taken =
            db::invitations::drafts::take(&mut change.tx, owner, draft, now - DRAFT_LIFETIME)
                .await?;
        let taken = taken.ok_or(Error::NotFound)?;
        let checked = check_rows(&mut change.tx, by, (taken.rows, taken.is_pasted), now).await?;
        let sent = checked.invitees().len();
        if sent != expected || sent == 0 {
            // With the transaction the list comes back.
            return Err(Error::refused(
                "Something changed since this list was checked, and nobody was invited. \
                 Look at it again.",
            ));
        }
        self.send_all(change, &checked.to_mail()).await?;
        Ok(sent)
    }
}

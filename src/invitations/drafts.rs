use time::Duration;

use super::{Invitations, check_rows::check_rows, csv_rows};
use crate::{
    access::OrgAccess,
    boxed,
    db::{self, invitations::drafts::Draft},
    domain::{CheckedDraft, DraftId, Permission},
    error::{Error, Result},
    telemetry::SPANS,
};

/// How long a list waits to be sent: long enough to correct a table.
pub(super) const DRAFT_LIFETIME: Duration = Duration::HOUR;

impl Invitations {
    /// Reads a CSV file of addresses and roles, and keeps its rows so that they can be looked
    /// at and sent. Nobody is invited yet. Needs [`Permission::Invite`].
    ///
    /// # Errors
    /// [`Error::Invalid`] on the field `file` if it has no rows or is too large;
    /// [`Error::Forbidden`].
    #[tracing::instrument(level = "debug", target = SPANS, name = "invitations.import", skip_all)]
    #[boxed]
    pub async fn import(&self, access: &OrgAccess, file: &[u8]) -> Result<DraftId> {
        access.require(Permission::Invite)?;
        let csv_rows::Read { rows, left_out } = csv_rows::read(file)?;
        let draft = Draft {
            rows,
            left_out,
            is_pasted: false,
        };
        self.keep_draft(access, &draft).await
    }

    pub(super) async fn keep_draft(&self, access: &OrgAccess, draft: &Draft) -> Result<DraftId> {
        let mut change = self.orgs.begin_change(access).await?;
        if !change.actor.role.may(Permission::Invite) {
            return Err(Error::Forbidden);
        }
        let owner = (change.id, change.actor.user_id);
        let now = self.clock.now();
        let id = db::invitations::drafts::insert(&mut change.tx, owner, draft, now).await?;
        // Nothing cached depends on it.
        change.tx.commit_unannounced().await?;
        Ok(id)
    }

    /// A list that the user sent within the last hour, with what would become of each row
    /// now. Needs [`Permission::Invite`].
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is no such list of theirs any more; [`Error::Forbidden`].
    #[tracing::instrument(level = "debug", target = SPANS, name = "invitations.get_draft", skip_all)]
    #[boxed]
    pub async fn get_draft(&self, access: &OrgAccess, draft: DraftId) -> Result<CheckedDraft> {
        access.require(Permission::Invite)?;
        let now = self.clock.now();
        let owner = (access.org_id(), access.user().id);
        let found =
            db::invitations::drafts::find(&self.db.reader(), owner, draft, now - DRAFT_LIFETIME)
                .await?;
        let found = found.ok_or(Error::NotFound)?;
        // Only to be shown, so without the organization's lock.
        let mut tx = self.db.begin().await?;
        let by = (access.org_id(), access.role());
        let checked = check_rows(&mut tx, by, (found.rows, found.is_pasted), now).await?;
        Ok(CheckedDraft {
            id: draft,
            is_pasted: found.is_pasted,
            rows: checked.rows,
            left_out: found.left_out,
            seats: checked.seats,
        })
    }

    /// Forgets lists that nobody sent, and says how many.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the database does not answer.
    pub(crate) async fn delete_old_drafts(&self) -> Result<u64> {
        let mut tx = self.db.begin().await?;
        let before = self.clock.now() - DRAFT_LIFETIME;
        let deleted = db::invitations::drafts::delete_before(&mut tx, before).await?;
        tx.commit_unannounced().await?;
        Ok(deleted)
    }
}

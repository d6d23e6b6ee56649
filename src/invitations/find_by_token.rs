use super::Invitations;
use crate::{
    auth::LinkToken,
    boxed, db,
    domain::InvitationDetails,
    error::{Error, Result},
    telemetry::SPANS,
};

impl Invitations {
    /// What the link is about, without deciding anything: mail programs and scanners open
    /// links, too. Whoever has the link may know.
    ///
    /// # Errors
    /// [`Error::DeadLink`] if the invitation was decided, has expired, or never was.
    #[tracing::instrument(level = "debug", target = SPANS, name = "invitations.find_by_token", skip_all)]
    #[boxed]
    pub async fn find_by_token(&self, token: &LinkToken) -> Result<InvitationDetails> {
        let now = self.clock.now();
        let found = db::invitations::find_by_token(&self.db.reader(), &token.hash(), now).await?;
        found.ok_or(Error::DeadLink)
    }
}

use super::Auth;
use crate::{
    db::{self, Tx},
    domain::UserId,
    error::{Error, Result},
};

impl Auth {
    /// Refuses to leave a user, whose row is locked, without a way to sign in: no password,
    /// no passkey, no provider that is configured.
    ///
    /// # Errors
    /// [`Error::Conflict`].
    pub(super) async fn keep_a_way_in(&self, tx: &mut Tx, user: UserId) -> Result<()> {
        // Of a provider that is not configured any more nobody comes.
        let issuers = self.providers.issuers();
        let has_one = db::credentials::has_password(tx, user).await?
            || db::passkeys::count(tx, user).await? > 0
            || db::identities::has_one_of(tx, user, &issuers).await?;
        if has_one {
            return Ok(());
        }
        Err(Error::refused(
            "This is your only way to sign in. Set a password first, then try again.",
        ))
    }
}

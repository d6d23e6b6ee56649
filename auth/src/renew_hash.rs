use super::Auth;
use crate::{
    db::{self, credentials::Credentials},
    domain::UserId,
    error::{Result, chain},
};

impl Auth {
    /// Puts a hash of today's cost in the place of one that was made when hashing was
    /// cheaper. The password is known only now, when it was right. Nobody waits for it, and
    /// if it fails the next sign-in does it.
    pub(super) fn renew_hash(&self, user: &Credentials, password: &str) {
        let (auth, id) = (self.clone(), user.user.id);
        let (Some(old), password) = (user.password_hash.clone(), password.to_owned()) else {
            return;
        };
        tokio::spawn(async move {
            if let Some(new) = auth.passwords.renew(&password, &old).await
                && let Err(error) = auth.replace_hash(id, &old, &new).await
            {
                tracing::warn!(error = chain(&error), "a password's hash was not renewed");
            }
        });
    }

    async fn replace_hash(&self, user: UserId, old: &str, new: &str) -> Result<()> {
        let mut tx = self.db.begin().await?;
        let is_renewed = db::credentials::renew_password_hash(&mut tx, user, old, new).await?;
        if !is_renewed {
            tracing::debug!("a password was changed while its hash was renewed");
        }
        tx.commit_unannounced().await
    }
}

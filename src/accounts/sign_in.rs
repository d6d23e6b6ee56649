use tower_sessions::Session;

use super::{Accounts, ClientInfo};
use crate::{
    db,
    domain::{CurrentUser, Email},
    error::{Error, Result},
    session::{SignIn, store_error},
};

impl Accounts {
    /// Signs a person in: the session becomes a new one that is theirs. The session
    /// layer stores it when the request is answered.
    ///
    /// An unknown address, a wrong password and a banned account are one and the
    /// same answer after one and the same work. Failures are counted by account and
    /// by client, so that neither one account can be tried at length nor many
    /// accounts from one place; the price is that a stranger can keep somebody out
    /// for a window by failing in their name.
    ///
    /// # Errors
    /// [`Error::SignInFailed`]; [`Error::RateLimited`] after too many failures;
    /// [`Error::Invalid`] when `email` is no address at all;
    /// [`Error::Unavailable`] when the database does not answer or too many are
    /// signing in.
    pub async fn sign_in(
        &self,
        session: &Session,
        email: &str,
        password: &str,
        client: &ClientInfo,
    ) -> Result<CurrentUser> {
        let email = Email::parse(email)?;
        let now = self.clock.now();
        let by_client = client
            .network()
            .map(|network| self.failures.by_client.begin(network, now))
            .transpose()?;
        let by_account = self.failures.by_account.begin(email.as_str(), now)?;

        let credentials = db::users::find_credentials(&self.db.reader(), &email).await?;
        let hash = credentials
            .as_ref()
            .map(|credentials| credentials.password_hash.clone());
        let matches = self.passwords.verify(password.to_owned(), hash).await?;
        let Some(credentials) = credentials.filter(|credentials| matches && !credentials.banned)
        else {
            by_account.fail();
            if let Some(attempt) = by_client {
                attempt.fail();
            }
            tracing::info!("a sign-in failed");
            return Err(Error::SignInFailed);
        };

        let sign_in = SignIn {
            user_id: credentials.user.id,
            epoch: credentials.session_epoch,
            user_agent: client.stored_user_agent(),
            address: client.address.map(|address| address.to_string()),
        };
        // Nothing of whoever used this browser before is carried over, and an id
        // that somebody may have planted ends here.
        session.clear().await;
        session
            .insert(SignIn::KEY, sign_in)
            .await
            .map_err(store_error)?;
        if session.id().is_some() {
            session.cycle_id().await.map_err(store_error)?;
        }
        tracing::info!(user.id = %credentials.user.id, "a person signed in");
        Ok(credentials.user)
    }
}

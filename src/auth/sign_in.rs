use tower_sessions::Session;

use super::{
    Auth, ClientInfo,
    sessions::{SignInRecord, store_error},
};
use crate::{
    db,
    domain::{CurrentUser, Email},
    error::{Error, Result},
    telemetry::SPANS,
};

impl Auth {
    /// Signs a user in: the session becomes a new one that is theirs. The session layer
    /// stores it when the request is answered.
    ///
    /// An unknown address, a wrong password and a banned account get the same answer
    /// after the same work. Failures are counted by account and by client, so that
    /// neither one account can be tried at length nor many accounts from one place; the
    /// price is that a stranger can lock a user out for a window by failing in their name.
    ///
    /// # Errors
    /// [`Error::SignInFailed`]; [`Error::RateLimited`] after too many failures;
    /// [`Error::Invalid`] if `email` is not an address; [`Error::Unavailable`] if the
    /// database does not answer or too many are signing in.
    #[tracing::instrument(level = "debug", target = SPANS, name = "auth.sign_in", skip_all)]
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
        let Some(credentials) = credentials.filter(|found| matches && !found.banned) else {
            by_account.fail();
            if let Some(attempt) = by_client {
                attempt.fail();
            }
            tracing::info!("a sign-in failed");
            return Err(Error::SignInFailed);
        };

        let record = SignInRecord {
            user_id: credentials.user.id,
            epoch: credentials.session_epoch,
            user_agent: client.stored_user_agent(),
            address: client.address.map(|address| address.to_string()),
        };
        // Nothing of whoever used this browser before is carried over, and an id that
        // somebody may have planted ends here.
        session.clear().await;
        session
            .insert(SignInRecord::KEY, record)
            .await
            .map_err(store_error)?;
        if session.id().is_some() {
            session.cycle_id().await.map_err(store_error)?;
        }
        tracing::info!(user.id = %credentials.user.id, "a user signed in");
        Ok(credentials.user)
    }
}

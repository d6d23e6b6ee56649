use tower_sessions::Session;

use super::{Admitted, Auth, ClientInfo, devices::Device, limits::Limit};
use crate::{
    boxed,
    db::{self, credentials::Credentials},
    domain::Email,
    error::{Error, Result},
    security_log::SecurityEvent,
    telemetry::SPANS,
};

impl Auth {
    /// Takes a user's password: see `Self::admit`.
    ///
    /// An unknown address, a wrong password and a banned account get the same answer
    /// after the same work. What fails is counted, and so is what is given up before its
    /// outcome: see `limits`.
    ///
    /// # Errors
    /// [`Error::SignInFailed`]; [`Error::RateLimited`] after too many failures;
    /// [`Error::Invalid`] if `email` is not an address; [`Error::Unavailable`] if the
    /// database does not answer; [`Error::Busy`] if too many are signing in.
    #[tracing::instrument(level = "debug", target = SPANS, name = "auth.sign_in", skip_all)]
    #[boxed]
    pub async fn sign_in(
        &self,
        session: &Session,
        email: &str,
        password: &str,
        client: &ClientInfo,
    ) -> Result<Admitted> {
        let email = Email::parse(email)?;
        let credentials = self.find_by_password(&email, password, client).await?;
        self.admit(session, &credentials, client).await
    }

    /// Whose address and password these are.
    ///
    /// # Errors
    /// As [`Self::sign_in`].
    pub(super) async fn find_by_password(
        &self,
        email: &Email,
        password: &str,
        client: &ClientInfo,
    ) -> Result<Credentials> {
        let place = self.passwords.queue_up()?;
        let mut attempt = self.limits.begin(Limit::SignIn, email, client).await?;

        let credentials = match db::credentials::find_credentials(&self.db.reader(), email).await {
            Ok(credentials) => credentials,
            Err(error) => {
                // Our failure, and no guess.
                attempt.forgive().await;
                return Err(error);
            }
        };
        let is_of = |device: Device| {
            let found = credentials.as_ref();
            found.is_some_and(|found| device.is_of(found.user.id, found.session_epoch))
        };
        if attempt.device().is_some_and(|device| !is_of(device)) {
            // Of an account that is gone, or from before its password was changed.
            attempt = self
                .limits
                .begin_as_stranger(Limit::SignIn, email, client)
                .await?;
        }
        let hash = credentials
            .as_ref()
            .and_then(|credentials| credentials.password_hash.clone());
        let matches = match place.verify(password.to_owned(), hash).await {
            Ok(matches) => matches,
            Err(busy) => {
                attempt.forgive().await;
                return Err(busy);
            }
        };
        let known = credentials.as_ref().map(|credentials| credentials.user.id);
        let Some(credentials) = credentials.filter(|found| matches && !found.banned) else {
            SecurityEvent::SignInFailed { email, user: known }.record();
            return Err(Error::SignInFailed);
        };
        attempt.forgive().await;
        self.renew_hash(&credentials, password);
        Ok(credentials)
    }
}

use tower_sessions::Session;

use super::{
    Auth, ClientInfo,
    factors::Proved,
    sessions::{SignInRecord, store_error},
};
use crate::{db::credentials::Credentials, error::Result, security_log::SecurityEvent};

/// How far one proof brought somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Admitted {
    SignedIn,
    /// Their account asks for more: send them to `routes::second_factor_then`.
    SecondFactor,
}

impl Auth {
    /// Takes somebody who has proved to be this user by one factor: a password, a mailed
    /// link, an identity elsewhere. Signs them in, unless their account asks for a second
    /// factor. Every way of signing in but a passkey, which is two factors, ends here.
    ///
    /// # Errors
    /// [`crate::error::Error::Unavailable`] if the session store does not answer.
    pub(super) async fn admit(
        &self,
        session: &Session,
        user: &Credentials,
        client: &ClientInfo,
    ) -> Result<Admitted> {
        match Proved::by_one_factor(user) {
            Some(proved) => {
                self.let_in(session, user, client, proved).await?;
                Ok(Admitted::SignedIn)
            }
            None => {
                self.hold_back(session, user).await?;
                Ok(Admitted::SecondFactor)
            }
        }
    }

    /// Lets in somebody who has proved all that their account asks for: the browser's
    /// session becomes a new one that is theirs. The session layer stores it when the
    /// request is answered.
    pub(super) async fn let_in(
        &self,
        session: &Session,
        user: &Credentials,
        client: &ClientInfo,
        _all: Proved,
    ) -> Result<()> {
        let record = SignInRecord {
            user_id: user.user.id,
            epoch: user.session_epoch,
            user_agent: client.stored_user_agent(),
            address: client.address.map(|address| address.to_string()),
        };
        self.renew(session).await?;
        session
            .insert(SignInRecord::KEY, record)
            .await
            .map_err(store_error)?;
        let (epoch, now) = (user.session_epoch, self.clock.now());
        self.devices
            .remember(&client.device, &user.user, epoch, now);
        SecurityEvent::SignInSucceeded(user.user.id).record();
        Ok(())
    }

    /// Makes the session a new one. Nothing of whoever used this browser before is carried
    /// over, and an id that somebody may have planted ends here.
    pub(super) async fn renew(&self, session: &Session) -> Result<()> {
        session.clear().await;
        if session.id().is_some() {
            session.cycle_id().await.map_err(store_error)?;
        }
        Ok(())
    }
}

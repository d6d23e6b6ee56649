//! The second step of signing in.

use time::{Duration, OffsetDateTime};
use tower_sessions::{Expiry, Session};
use uuid::Uuid;

use super::{Proved, wrong_code};
use crate::{
    Auth, ClientInfo, SignedIn, boxed,
    cache::keys,
    db::{self, Tx, credentials::Credentials},
    domain::{CurrentUser, FactorChoice, UserId},
    error::{Error, Result},
    limits::Limit,
    security_log::SecurityEvent,
    sessions::store_error,
    telemetry::SPANS,
};

/// How long a pending sign-in waits. The visitor's session lives no longer.
const PATIENCE: Duration = Duration::minutes(10);

/// Most codes that one takes.
const MOST_CODES: i32 = 5;

/// Some that are over are removed by each that begins.
const DELETE_BATCH: i64 = 10;

/// Its name among the session's values.
const KEY: &str = "pending_sign_in";

impl Auth {
    /// Remembers that this browser's visitor has proved to be `user` by one factor. What
    /// the session was before ends.
    pub(crate) async fn hold_back(&self, session: &Session, user: &Credentials) -> Result<()> {
        let now = self.clock.now();
        let id = Uuid::from_u128(rand::random());
        let mut tx = self.db.begin().await?;
        db::pending_sign_ins::delete_expired(&mut tx, now, DELETE_BATCH).await?;
        let (user_id, epoch) = (user.user.id, user.session_epoch);
        db::pending_sign_ins::begin(&mut tx, id, user_id, epoch, now + PATIENCE).await?;
        tx.commit_unannounced().await?;
        self.renew(session).await?;
        session.set_expiry(Some(Expiry::OnInactivity(PATIENCE)));
        session.insert(KEY, id).await.map_err(store_error)
    }

    /// What the visitor whose sign-in is pending can be asked for; `None`: none is.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the database does not answer.
    pub async fn pending_sign_in(&self, session: &Session) -> Result<Option<FactorChoice>> {
        let found = self.find_pending(session, self.clock.now()).await?;
        Ok(found.map(|(_, choice)| choice))
    }

    /// Whose sign-in is pending, if one is.
    pub(crate) async fn pending_user(&self, session: &Session) -> Result<Option<UserId>> {
        let found = self.find_pending(session, self.clock.now()).await?;
        Ok(found.map(|(user, _)| user))
    }

    async fn find_pending(
        &self,
        session: &Session,
        now: OffsetDateTime,
    ) -> Result<Option<(UserId, FactorChoice)>> {
        match pending_id(session).await? {
            Some(id) => db::pending_sign_ins::find(&self.db.reader(), id, MOST_CODES, now).await,
            None => Ok(None),
        }
    }

    /// Completes a pending sign-in with a code from the app, or with a recovery code.
    ///
    /// # Errors
    /// [`Error::Invalid`] on the field `code`; [`Error::SignedOut`] if none is pending any
    /// more: after ten minutes, five codes, or the end of all the user's sessions;
    /// [`Error::RateLimited`] after too many wrong codes of the account.
    #[tracing::instrument(level = "debug", target = SPANS, name = "auth.complete_with_code", skip_all)]
    #[boxed]
    pub async fn complete_with_code(
        &self,
        session: &Session,
        code: &str,
        client: &ClientInfo,
    ) -> Result<CurrentUser> {
        let id = pending_id(session).await?.ok_or(Error::SignedOut)?;
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        let pending = db::pending_sign_ins::attempt(&mut tx, id, MOST_CODES, now).await?;
        let credentials = pending.ok_or(Error::SignedOut)?;
        let user = &credentials.user;
        let attempt = self.limits.begin(Limit::Code, user.id, client).await?;
        let Some(right) = self.use_code(&mut tx, user, code, now).await? else {
            // The attempt stays counted.
            tx.commit_unannounced().await?;
            SecurityEvent::SecondFactorFailed(user.id).record();
            return Err(wrong_code());
        };
        db::pending_sign_ins::end(&mut tx, id).await?;
        tx.commit_unannounced().await?;
        attempt.forgive().await;
        let proved = Proved::by_code(&right);
        self.let_in(session, &credentials, client, proved).await?;
        Ok(credentials.user)
    }

    /// Ends the pending sign-in of this browser if `tx` commits, because it is being
    /// completed.
    ///
    /// # Errors
    /// [`Error::SignedOut`] if none is pending any more.
    pub(crate) async fn end_pending(
        &self,
        tx: &mut Tx,
        session: &Session,
        now: OffsetDateTime,
    ) -> Result<Credentials> {
        let id = pending_id(session).await?.ok_or(Error::SignedOut)?;
        let pending = db::pending_sign_ins::attempt(tx, id, MOST_CODES, now).await?;
        db::pending_sign_ins::end(tx, id).await?;
        pending.ok_or(Error::SignedOut)
    }

    /// Proves again who somebody signed in is, by a code: as
    /// [`Self::confirm`](Auth::confirm) with a password.
    ///
    /// # Errors
    /// [`Error::Invalid`] on the field `code`; [`Error::RateLimited`]; [`Error::SignedOut`].
    #[tracing::instrument(level = "debug", target = SPANS, name = "auth.confirm_with_code", skip_all)]
    #[boxed]
    pub async fn confirm_with_code(&self, user: &SignedIn, code: &str) -> Result<()> {
        let now = self.clock.now();
        let attempt = self.limits.begin_signed_in(Limit::Code, user).await?;
        let mut tx = self.db.begin().await?;
        user.hold(&mut tx, now).await?;
        if self.use_code(&mut tx, user, code, now).await?.is_none() {
            SecurityEvent::ConfirmationFailed(user.id).record();
            return Err(wrong_code());
        }
        db::sessions::confirm(&mut tx, user.session(), now).await?;
        self.cache
            .commit(tx, &[keys::session(user.session())])
            .await?;
        attempt.forgive().await;
        Ok(())
    }
}

async fn pending_id(session: &Session) -> Result<Option<Uuid>> {
    session.get(KEY).await.map_err(store_error)
}

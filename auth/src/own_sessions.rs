//! What people see of their sessions, and how they end them.

use super::{Auth, SignedIn};
use crate::{
    boxed,
    cache::keys,
    db::{self, Tx},
    domain::{Device, OwnSession, SessionId},
    error::{Error, Result},
    last_use::to_the_hour,
    security_log::SecurityEvent,
    telemetry::SPANS,
};

impl Auth {
    /// The user's live sessions: the one they came with first, then the newest.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the database does not answer.
    #[tracing::instrument(level = "debug", target = SPANS, name = "auth.list_sessions", skip_all)]
    #[boxed]
    pub async fn list_sessions(&self, user: &SignedIn) -> Result<Vec<OwnSession>> {
        let now = self.clock.now();
        let began_after = now - user.longest();
        let live = db::sessions::list_live(&self.db.reader(), user.id, now, began_after).await?;
        let mut sessions: Vec<_> = live
            .into_iter()
            .map(|session| {
                let is_current = session.id_hash == *user.session();
                let noted = session.last_seen_at.unwrap_or(session.created_at);
                // Of the one that asks, it need not be written yet.
                let last_seen_at = if is_current { now } else { noted };
                OwnSession {
                    id: session.id,
                    device: Device::of(&session.user_agent.unwrap_or_default()),
                    address: session.address,
                    first_seen_at: session.created_at,
                    last_seen_at: to_the_hour(last_seen_at),
                    is_current,
                }
            })
            .collect();
        sessions.sort_by_key(|session| !session.is_current);
        Ok(sessions)
    }

    /// Ends another session of the user: when this returns, no node accepts it any more.
    ///
    /// # Errors
    /// [`Error::NotFound`] if the user has no such session; [`Error::Conflict`] for the one
    /// they came with, which is what signing out is for; [`Error::ConfirmFirst`];
    /// [`Error::SignedOut`].
    #[tracing::instrument(level = "debug", target = SPANS, name = "auth.end_session", skip_all)]
    #[boxed]
    pub async fn end_session(&self, user: &SignedIn, session: SessionId) -> Result<()> {
        let mut tx = self.begin_ending(user).await?;
        let ended = db::sessions::delete_of_user(&mut tx, user.id, session).await?;
        let ended = ended.ok_or(Error::NotFound)?;
        if ended == *user.session() {
            return Err(Error::refused(
                "This is the session you are using. To end it, sign out.",
            ));
        }
        self.cache.commit(tx, &[keys::session(&ended)]).await?;
        SecurityEvent::SessionEnded(user.id).record();
        Ok(())
    }

    /// Ends all sessions of the user but the one they came with, and says how many: when this
    /// returns, no node accepts them any more.
    ///
    /// # Errors
    /// [`Error::ConfirmFirst`]; [`Error::SignedOut`].
    #[tracing::instrument(level = "debug", target = SPANS, name = "auth.end_other_sessions", skip_all)]
    #[boxed]
    pub async fn end_other_sessions(&self, user: &SignedIn) -> Result<usize> {
        let mut tx = self.begin_ending(user).await?;
        let ended = db::sessions::delete_others(&mut tx, user.id, user.session()).await?;
        let outdated: Vec<_> = ended.iter().map(keys::session).collect();
        self.cache.commit(tx, &outdated).await?;
        SecurityEvent::OtherSessionsEnded(user.id).record();
        Ok(ended.len())
    }

    /// Begins to end sessions of the user. Two of them that ended each other at the same time
    /// would each keep the other from ending, so they take turns.
    async fn begin_ending(&self, user: &SignedIn) -> Result<Tx> {
        let mut tx = self.db.begin().await?;
        db::users::lock(&mut tx, user.id).await?;
        user.hold_confirmed(&mut tx, self.clock.now()).await?;
        Ok(tx)
    }
}

//! Sessions: from the id in a cookie to the user behind it.
//!
//! tower-sessions looks after cookie, id and record; [`Sessions`] is its store.
//! PostgreSQL keeps the sessions, by the SHA-256 of their ids, and the cache answers for
//! them: a warm request asks nobody else. Three rules make the store safe:
//!
//! * A session is created once and ended once. Saving it only ever updates a row that is
//!   there, so that a request which finishes after a sign-out cannot bring the session
//!   back.
//! * Whose session it is is written when it is created and by nothing else. Signing in
//!   creates a new one, so an id planted before is worth nothing.
//! * Ending one answers when no node uses a cached value of it any more.
//!
//! Nothing in a session changes from request to request, so reading pages writes nothing;
//! [`Sessions::authenticate`] moves its end once a day.

mod sign_in_record;
mod store;

use std::{fmt, sync::Arc};

use sha2::{Digest, Sha256};
use time::Duration;
use tower_sessions::{Expiry, Session, session::Id};

pub use sign_in_record::SignInRecord;

use crate::{
    cache::{Cache, CachedQuery, Key, Scope, keys},
    clock::Clock,
    db::{self, Db, Reader, Stamped},
    domain::{CurrentUser, SessionSnapshot},
    error::{Error, Result},
    telemetry::SPANS,
};

/// How long a session lives after it was last extended.
pub const LIFETIME: Duration = Duration::days(30);

/// When tower-sessions lets a session end. The cookie lasts as long.
pub const EXPIRY: Expiry = Expiry::OnInactivity(LIFETIME);

/// A session's end moves when this much of its life is over: one write per day and user
/// instead of one per request.
const EXTEND_AFTER: Duration = Duration::days(1);

/// Expired sessions removed by one statement.
const DELETE_BATCH: i64 = 1_000;

/// Who makes a request, if somebody is signed in. The session middleware leaves it in the
/// request's extensions.
#[derive(Clone, Debug)]
pub struct RequestUser(pub Option<CurrentUser>);

/// The store of all sessions. Cheap to clone.
#[derive(Clone)]
pub struct Sessions {
    db: Db,
    cache: Cache,
    clock: Clock,
}

impl fmt::Debug for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sessions")
    }
}

impl Sessions {
    pub fn new(db: Db, cache: Cache, clock: Clock) -> Self {
        Self { db, cache, clock }
    }

    /// The user signed in with the session of this id; `None`: there is no such live
    /// session, or it is a visitor's.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if neither cache nor database answers.
    pub async fn current_user(&self, id: &Id) -> Result<Option<CurrentUser>> {
        self.current_user_by_hash(hash(id)).await
    }

    /// The same for the session of a request, to be called once and before the answer:
    /// when a day of its life is over, the session's end moves and its cookie is sent
    /// anew. The session layer does the writing.
    ///
    /// # Errors
    /// As [`Self::current_user`].
    #[tracing::instrument(level = "debug", target = SPANS, name = "sessions.authenticate", skip_all)]
    pub async fn authenticate(&self, session: &Session) -> Result<Option<CurrentUser>> {
        let Some(id) = session.id() else {
            return Ok(None);
        };
        let Some(snapshot) = self.find(hash(&id)).await? else {
            return Ok(None);
        };
        let due_before = self.clock.now() + LIFETIME - EXTEND_AFTER;
        if snapshot.user.is_some() && snapshot.expires_at < due_before {
            // Setting the same expiry again marks the session as changed.
            session.set_expiry(Some(EXPIRY));
        }
        Ok(snapshot.user.clone())
    }

    /// Removes expired sessions, and says how many.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the database does not answer.
    pub async fn delete_expired(&self) -> Result<u64> {
        let mut total = 0;
        loop {
            let mut tx = self.db.begin().await?;
            let now = self.clock.now();
            let deleted = db::sessions::delete_expired(&mut tx, now, DELETE_BATCH).await?;
            // Nobody accepts an expired session, cached or not.
            tx.commit_unannounced().await?;
            total += deleted;
            if deleted < DELETE_BATCH.unsigned_abs() {
                return Ok(total);
            }
        }
    }

    /// The user signed in with the session whose id has this hash.
    pub(crate) async fn current_user_by_hash(&self, hash: [u8; 32]) -> Result<Option<CurrentUser>> {
        Ok(self
            .find(hash)
            .await?
            .and_then(|session| session.user.clone()))
    }

    async fn find(&self, id_hash: [u8; 32]) -> Result<Option<Arc<SessionSnapshot>>> {
        let session = self.cache.get(&SessionOf { id_hash }).await?;
        // Expiry does not go through the change log, so it is checked here.
        Ok(session.filter(|session| session.expires_at > self.clock.now()))
    }
}

/// A session and its user, by the SHA-256 of the session's id.
#[derive(Clone, Copy, Debug)]
pub struct SessionOf {
    pub id_hash: [u8; 32],
}

impl CachedQuery for SessionOf {
    type Answer = SessionSnapshot;

    fn key(&self) -> Key {
        keys::session(&self.id_hash)
    }

    fn scopes(&self, answer: Option<&Self::Answer>) -> Vec<Scope> {
        let mut scopes = vec![Scope::Session(self.id_hash)];
        if let Some(user) = answer.and_then(|session| session.user.as_ref()) {
            scopes.extend([Scope::UserSessions(user.id), Scope::Profile(user.id)]);
        }
        scopes
    }

    async fn load(&self, db: &Reader) -> Result<Stamped<Option<Self::Answer>>> {
        db::sessions::find_snapshot(db, &self.id_hash).await
    }
}

/// What stands for a session everywhere but in its cookie. The id has 128 random bits, so
/// a plain hash of it cannot be reversed.
fn hash(id: &Id) -> [u8; 32] {
    Sha256::digest(id.0.to_le_bytes()).into()
}

/// tower-sessions reports store errors as strings.
pub(super) fn store_error(error: tower_sessions::session::Error) -> Error {
    Error::unavailable("the session store", error)
}

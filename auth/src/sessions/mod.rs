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
//! * Ending one answers when no node uses a cached value of it any more. That holds for the
//!   oldest of a user, too, which ends when a sign-in makes one too many.
//!
//! Nothing in a session changes from request to request, so reading pages writes nothing;
//! [`Sessions::authenticate`] moves its end once a day, and notes in memory when the session
//! was last seen (`last_seen`). A signed copy of what the cache holds travels in a second
//! cookie (`session_data`), so that a node that knows nothing yet need not ask for it.

mod last_seen;
mod session_data;
mod sign_in_record;
mod store;

use std::{fmt, sync::Arc};

use sha2::{Digest, Sha256};
use time::{Duration, OffsetDateTime};
use tower_sessions::{Expiry, Session, session::Id};

use session_data::Carried;
pub use session_data::{LIFE as SESSION_DATA_LIFE, Visit};
pub use sign_in_record::SignInRecord;

use super::SignedIn;
use crate::{
    boxed,
    cache::{Cache, CachedQuery, Key, Scope, keys},
    clock::Clock,
    config::SessionLife,
    db::{self, Db, Reader, Stamped},
    domain::SessionSnapshot,
    error::{Error, Result},
    last_use::LastUse,
    security_log::SecurityEvent,
    telemetry::SPANS,
};

/// A session's end moves when this much of its life is over: one write per day and user
/// instead of one per request.
const EXTEND_AFTER: Duration = Duration::days(1);

/// Expired sessions removed by one statement.
const DELETE_BATCH: i64 = 1_000;

/// Who makes a request, if somebody is signed in. The session middleware leaves it in the
/// request's extensions.
#[derive(Clone, Debug)]
pub struct RequestUser(pub Option<SignedIn>);

/// The store of all sessions. Cheap to clone.
#[derive(Clone)]
pub struct Sessions {
    db: Db,
    cache: Cache,
    clock: Clock,
    /// Most live sessions of one user.
    per_user: u32,
    life: SessionLife,
    last_seen: Arc<LastUse<[u8; 32]>>,
}

impl fmt::Debug for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sessions")
    }
}

impl Sessions {
    pub fn new(db: Db, cache: Cache, clock: Clock, per_user: u32, life: SessionLife) -> Self {
        Self {
            db,
            cache,
            clock,
            per_user,
            life,
            last_seen: Arc::default(),
        }
    }

    /// When tower-sessions lets a session end. The cookie lasts as long.
    pub fn expiry(&self) -> Expiry {
        Expiry::OnInactivity(self.life.inactivity)
    }

    /// The user signed in with the session of this id; `None`: there is no such live
    /// session, or it is a visitor's.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if neither cache nor database answers.
    pub async fn current_user(&self, id: &Id) -> Result<Option<SignedIn>> {
        self.find_signed_in(hash(id)).await
    }

    /// The same for the session of a request, to be called once and before the answer:
    /// when a day of its life is over, the session's end moves and its cookie is sent
    /// anew. The session layer does the writing.
    ///
    /// # Errors
    /// As [`Self::current_user`].
    pub async fn authenticate(&self, session: &Session) -> Result<Option<SignedIn>> {
        let visit = self.authenticate_with(session, None).await?;
        Ok(visit.user)
    }

    /// The same, with what the browser carries in its second cookie, if it may be believed:
    /// only where nothing is changed.
    ///
    /// # Errors
    /// As [`Self::current_user`].
    #[tracing::instrument(level = "debug", target = SPANS, name = "sessions.authenticate", skip_all)]
    #[boxed]
    pub async fn authenticate_with(
        &self,
        session: &Session,
        carried: Option<&str>,
    ) -> Result<Visit> {
        let Some(id) = session.id() else {
            return Ok(Visit::nobodys());
        };
        let (id_hash, now) = (hash(&id), self.clock.now());
        let carried = carried.and_then(Carried::parse);
        let offer = || carried.filter(|carried| carried.is_fresh(now))?.decode();
        let query = SessionOf { id_hash };
        let found = self.cache.get_offered(&query, offer).await?;
        let Some(snapshot) = self.live(found.answer.as_deref(), now) else {
            return Ok(Visit::nobodys());
        };
        let end = (now + self.life.inactivity).min(snapshot.created_at + self.life.longest);
        if snapshot.user.is_some() && end - snapshot.expires_at > EXTEND_AFTER {
            // Setting the same expiry again marks the session as changed.
            session.set_expiry(Some(self.expiry()));
        }
        let user = self.signed_in(snapshot, id_hash);
        if user.is_some() {
            self.last_seen.note(id_hash, now);
        }
        Ok(Visit::of(user, query, found, carried, now))
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

    /// Ends all sessions of everybody, however many there are: when this returns, no node
    /// accepts any of them.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the database does not answer, or is too busy to do it now:
    /// nobody is signed out then.
    #[tracing::instrument(level = "debug", target = SPANS, name = "sessions.end_all", skip_all)]
    #[boxed]
    pub async fn end_all(&self) -> Result<()> {
        let mut tx = self.db.begin().await?;
        db::sessions::lock_all(&mut tx).await?;
        db::sessions::delete_all(&mut tx).await?;
        self.cache.commit(tx, &[]).await?;
        SecurityEvent::EverybodySignedOut { by: None }.record();
        Ok(())
    }

    /// The user signed in with the session whose id has this hash.
    pub async fn find_signed_in(&self, id_hash: [u8; 32]) -> Result<Option<SignedIn>> {
        let found = self.cache.get(&SessionOf { id_hash }).await?;
        let snapshot = self.live(found.as_deref(), self.clock.now());
        Ok(snapshot.and_then(|snapshot| self.signed_in(snapshot, id_hash)))
    }

    /// The session, unless its time is over. Time does not go through the change log, so it
    /// is compared at each use.
    fn live<'a>(
        &self,
        session: Option<&'a SessionSnapshot>,
        now: OffsetDateTime,
    ) -> Option<&'a SessionSnapshot> {
        session.filter(|session| {
            session.expires_at > now && session.created_at + self.life.longest > now
        })
    }

    fn signed_in(&self, snapshot: &SessionSnapshot, id_hash: [u8; 32]) -> Option<SignedIn> {
        let user = snapshot.user.clone()?;
        Some(SignedIn::new(user, id_hash, self.life.longest))
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

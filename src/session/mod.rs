//! Sessions: from the id in a cookie to the person behind it.
//!
//! tower-sessions looks after cookie, id and record; [`Sessions`] is its store.
//! Postgres keeps the sessions, by the SHA-256 of their ids, and a copy in the
//! cache answers for them: a warm request asks nobody else. Three rules make the
//! store safe:
//!
//! * A session is made once and ended once. Saving it only ever updates a row
//!   that is there, so that a request which finishes after a sign-out cannot
//!   bring the session back.
//! * Whose session it is is written when it is made and by nothing else. Signing
//!   in makes a new one, so that an id planted before is worth nothing.
//! * Ending one answers when every node has dropped its copy.
//!
//! Nothing in a session changes from request to request, so that reading pages
//! writes nothing; [`Sessions::recognize`] moves its end once a day.

mod sign_in;
mod store;

use std::{fmt, sync::Arc};

use sha2::{Digest, Sha256};
use time::Duration;
use tower_sessions::{Expiry, Session, session::Id};

pub use sign_in::SignIn;

use crate::{
    cache::{Cache, Foreseen, keys::SessionKey},
    clock::Clock,
    db::{self, Db},
    domain::{CurrentUser, SessionSnapshot},
    error::{Error, Result},
};

/// How long a session lives after it was last extended.
pub const LIFETIME: Duration = Duration::days(30);

/// When the session layer lets a session end. The cookie lasts as long.
pub const EXPIRY: Expiry = Expiry::OnInactivity(LIFETIME);

/// A session's end is moved when this much of its life is over: one write a day
/// and person instead of one a request.
const EXTEND_AFTER: Duration = Duration::days(1);

/// Expired sessions removed by one statement.
const DELETE_BATCH: i64 = 1_000;

/// Who is asking, as the session middleware leaves it in a request's extensions.
#[derive(Clone, Debug)]
pub struct SignedIn(pub Option<CurrentUser>);

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
    /// The store over this database and cache.
    pub fn new(db: Db, cache: Cache, clock: Clock) -> Self {
        Self { db, cache, clock }
    }

    /// The person signed in with the session of this id; `None` when there is no
    /// such live session, or it is a visitor's.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when neither cache nor database answer.
    pub async fn current_user(&self, id: &Id) -> Result<Option<CurrentUser>> {
        self.current_user_by_hash(hash(id)).await
    }

    /// The same for the session of a request, to be called once and before the answer:
    /// when a day of its life is over, the session has its end moved, and its cookie
    /// sent anew. The session layer does the writing.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when neither cache nor database answer.
    pub async fn recognize(&self, session: &Session) -> Result<Option<CurrentUser>> {
        let Some(id) = session.id() else {
            return Ok(None);
        };
        let Some(snapshot) = self.find(&id).await? else {
            return Ok(None);
        };
        let due_before = self.clock.now() + LIFETIME - EXTEND_AFTER;
        if snapshot.user.is_some() && snapshot.expires_at < due_before {
            // Setting what is set already marks the session as changed.
            session.set_expiry(Some(EXPIRY));
        }
        Ok(snapshot.user.clone())
    }

    /// Removes the sessions that ended by themselves, and says how many.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the database does not answer.
    pub async fn delete_expired(&self) -> Result<u64> {
        let mut total = 0;
        loop {
            let mut tx = self.db.begin().await?;
            let deleted =
                db::sessions::delete_expired(&mut tx, self.clock.now(), DELETE_BATCH).await?;
            tx.commit().await?;
            total += deleted;
            if deleted < DELETE_BATCH.unsigned_abs() {
                return Ok(total);
            }
        }
    }

    /// The person signed in with the session whose id has this hash.
    pub(crate) async fn current_user_by_hash(&self, hash: [u8; 32]) -> Result<Option<CurrentUser>> {
        Ok(self
            .find_by_hash(hash)
            .await?
            .and_then(|session| session.user.clone()))
    }

    /// The live session of this id.
    async fn find(&self, id: &Id) -> Result<Option<Arc<SessionSnapshot>>> {
        self.find_by_hash(hash(id)).await
    }

    async fn find_by_hash(&self, hash: [u8; 32]) -> Result<Option<Arc<SessionSnapshot>>> {
        let now = self.clock.now();
        let session = self
            .cache
            .get_or_load(&SessionKey { hash }, move |reader| async move {
                db::sessions::find_snapshot(&reader, &hash, now).await
            })
            .await?;
        // The end of a session is no change that anybody would announce.
        Ok(session.filter(|session| session.expires_at > now))
    }
}

/// What a request with this session will ask the cache for.
pub(crate) fn foresee(id: &Id) -> Foreseen {
    Foreseen::session(hash(id))
}

/// What stands for a session everywhere but in its cookie. The id has 128 random
/// bits, so that a plain hash of it cannot be turned back.
fn hash(id: &Id) -> [u8; 32] {
    Sha256::digest(id.0.to_le_bytes()).into()
}

/// The session layer tells of a failing store in words only.
pub(crate) fn store_error(error: tower_sessions::session::Error) -> Error {
    Error::unavailable("the session store", error)
}

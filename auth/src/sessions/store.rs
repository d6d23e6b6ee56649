use async_trait::async_trait;
use tower_sessions::{
    SessionStore,
    session::{Id, Record},
    session_store::{self, Error as StoreError},
};

use super::{Sessions, SignInRecord, hash};
use crate::{
    cache::{Key, keys},
    db::{self, Tx, sessions::NewSession},
    error::{Error, Result, chain},
};

#[async_trait]
impl SessionStore for Sessions {
    async fn create(&self, record: &mut Record) -> session_store::Result<()> {
        let sign_in = SignInRecord::find(&record.data).map_err(decode_error)?;
        let data = encode(record)?;
        loop {
            let mut tx = self.db.begin().await.map_err(backend_error)?;
            let sign_in = sign_in.as_ref();
            let session = NewSession {
                id_hash: &hash(&record.id),
                user_id: sign_in.map(|sign_in| sign_in.user_id),
                epoch: sign_in.map_or(0, |sign_in| sign_in.epoch),
                data: &data,
                user_agent: sign_in.and_then(|sign_in| sign_in.user_agent.as_deref()),
                address: sign_in.and_then(|sign_in| sign_in.address.as_deref()),
                created_at: self.clock.now(),
                expires_at: record.expiry_date,
            };
            if db::sessions::create(&mut tx, session)
                .await
                .map_err(backend_error)?
            {
                let ended = match sign_in {
                    Some(sign_in) => self.end_oldest(&mut tx, sign_in).await,
                    None => Ok(Vec::new()),
                };
                let ended = ended.map_err(backend_error)?;
                let committed = if ended.is_empty() {
                    // Nobody can have asked for an id that was drawn a moment ago.
                    tx.commit_unannounced().await
                } else {
                    self.cache.commit(tx, &ended).await
                };
                return committed.map_err(backend_error);
            }
            record.id = Id::default();
        }
    }

    /// Writes a session that is there. One that was ended meanwhile stays ended, which is
    /// not an error: its cookie leads nowhere from now on.
    async fn save(&self, record: &Record) -> session_store::Result<()> {
        let hash = hash(&record.id);
        let data = encode(record)?;
        let mut tx = self.db.begin().await.map_err(backend_error)?;
        let is_there = db::sessions::update(&mut tx, &hash, &data, record.expiry_date).await;
        if !is_there.map_err(backend_error)? {
            tracing::debug!("a session that has ended is not saved");
            return Ok(());
        }
        self.cache
            .commit(tx, &[keys::session(&hash)])
            .await
            .map_err(backend_error)
    }

    /// Reads the session's values, which no page needs: they are cached nowhere.
    async fn load(&self, id: &Id) -> session_store::Result<Option<Record>> {
        let (hash, now) = (hash(id), self.clock.now());
        let began_after = now - self.life.longest;
        let found = db::sessions::find_values(&self.db.reader(), &hash, now, began_after).await;
        let Some(values) = found.map_err(backend_error)? else {
            return Ok(None);
        };
        Ok(Some(Record {
            id: *id,
            data: serde_json::from_str(&values.data).map_err(decode_error)?,
            expiry_date: values.expires_at,
        }))
    }

    async fn delete(&self, id: &Id) -> session_store::Result<()> {
        let hash = hash(id);
        let mut tx = self.db.begin().await.map_err(backend_error)?;
        if !db::sessions::delete(&mut tx, &hash)
            .await
            .map_err(backend_error)?
        {
            return Ok(());
        }
        self.cache
            .commit(tx, &[keys::session(&hash)])
            .await
            .map_err(backend_error)
    }
}

impl Sessions {
    /// Ends the sessions that a new one of the same user is too many for, and returns their
    /// keys.
    async fn end_oldest(&self, tx: &mut Tx, new: &SignInRecord) -> Result<Vec<Key>> {
        let (user, keep, now) = (new.user_id, self.per_user, self.clock.now());
        let ended = db::sessions::delete_oldest(tx, user, new.epoch, keep, now).await?;
        Ok(ended.iter().map(keys::session).collect())
    }
}

/// A session's values as the text the database keeps.
fn encode(record: &Record) -> session_store::Result<String> {
    serde_json::to_string(&record.data).map_err(|error| StoreError::Encode(error.to_string()))
}

fn decode_error(error: serde_json::Error) -> StoreError {
    StoreError::Decode(error.to_string())
}

fn backend_error(error: Error) -> StoreError {
    StoreError::Backend(chain(&error))
}

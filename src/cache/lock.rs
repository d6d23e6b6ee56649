//! One node at a time, for slow work outside: asking Stripe once instead of once
//! a node. A lock in Redis can be lost, so nothing that must be right may rest
//! on it.

use std::{sync::Arc, time::Duration};

use uuid::Uuid;

use super::{Cache, Inner};
use crate::{
    db::{HeldLock, cache_log},
    error::chain,
};

/// A turn at something; given up when it is dropped, or after its time.
pub struct Turn {
    held: Held,
}

enum Held {
    Redis {
        inner: Arc<Inner>,
        key: String,
        token: Uuid,
    },
    Postgres {
        _lock: HeldLock,
    },
}

impl Cache {
    /// A turn at `name` for `at_most`; `None`: somebody else is at it, or nobody
    /// can say.
    ///
    /// Redis keeps the lock; where there is none, or it does not answer, an
    /// advisory lock of Postgres stands in, which lasts as long as the turn.
    pub async fn try_turn(&self, name: &str, at_most: Duration) -> Option<Turn> {
        if let Some(redis) = &self.inner.redis {
            let (key, token) = (self.inner.lock_key(name), Uuid::new_v4());
            match redis.set_if_absent(&key, &token.to_string(), at_most).await {
                Ok(true) => {
                    return Some(Turn {
                        held: Held::Redis {
                            inner: self.inner.clone(),
                            key,
                            token,
                        },
                    });
                }
                Ok(false) => return None,
                Err(no_answer) => {
                    tracing::debug!(%no_answer, lock = name, "Postgres keeps the lock instead")
                }
            }
        }
        match cache_log::try_lock(self.inner.db.pool(), name).await {
            Ok(lock) => lock.map(|lock| Turn {
                held: Held::Postgres { _lock: lock },
            }),
            Err(error) => {
                tracing::debug!(error = %chain(&error), lock = name, "nobody can say whose turn it is");
                None
            }
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Held::Redis { inner, key, token } = &self.held {
            let (inner, key, token) = (inner.clone(), key.clone(), token.to_string());
            tokio::spawn(async move {
                // Only our own: it may have run out and be somebody else's by now.
                if let Some(redis) = &inner.redis
                    && let Err(no_answer) = redis.unlink_if_equal(&key, &token).await
                {
                    tracing::debug!(%no_answer, %key, "the lock stays until its time is over");
                }
            });
        }
    }
}

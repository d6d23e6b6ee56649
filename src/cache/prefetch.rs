//! One round trip for everything a request needs.
//!
//! A node that holds nothing would ask Redis for the session, then for the
//! membership, then for what the page shows. So whoever begins a request says what
//! it will probably ask for ([`Cache::foreseeing`]), and the first look-up that has
//! to go to Redis takes the others along. On a warm node nobody ever goes, and the
//! list is not even made.
//!
//! What is foreseen decides nothing: the bytes are judged when they are used, by
//! the key that is really asked for and by their stamp, like all others. A wrong
//! guess costs a few bytes.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::{
    Cache, Inner,
    client::{NoAnswer, Redis},
    keys::{
        CacheKey, Family, MemberPageKey, MembershipKey, OrgSlugKey, SessionKey, SubscriptionKey,
        UserOrgsKey,
    },
};
use crate::domain::{MemberListQuery, OrgSlug, UserId};

tokio::task_local! {
    static REQUEST: Arc<Prefetch>;
}

/// A value that a request will probably ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Foreseen {
    family: Family,
    text: String,
}

impl Foreseen {
    /// The session with this hash.
    pub fn session(hash: [u8; 32]) -> Self {
        Self {
            family: SessionKey::FAMILY,
            text: SessionKey { hash }.text(),
        }
    }

    /// The organizations of a person.
    pub fn user_orgs(user: UserId) -> Self {
        Self {
            family: UserOrgsKey::FAMILY,
            text: UserOrgsKey { user }.text(),
        }
    }

    /// What a slug and a person come to.
    pub fn membership(slug: &OrgSlug, user: UserId) -> Self {
        Self {
            family: MembershipKey::FAMILY,
            text: MembershipKey {
                slug: slug.clone(),
                user,
            }
            .text(),
        }
    }

    /// What an organization's overview shows.
    pub fn overview(slug: &OrgSlug) -> Self {
        Self {
            family: OrgSlugKey::FAMILY,
            text: OrgSlugKey::text_of(slug),
        }
    }

    /// What an organization's subscription view shows.
    pub fn subscription(slug: &OrgSlug) -> Self {
        Self {
            family: SubscriptionKey::FAMILY,
            text: SubscriptionKey::text_of(slug),
        }
    }

    /// A page of an organization's member list.
    pub fn member_page(slug: &OrgSlug, query: &MemberListQuery) -> Self {
        Self {
            family: MemberPageKey::FAMILY,
            text: MemberPageKey::text_of(slug, query),
        }
    }
}

/// What one request foresees, and what came of it.
pub(super) struct Prefetch {
    state: Mutex<State>,
}

enum State {
    /// Nobody had to ask Redis yet.
    Foreseeing(Box<dyn FnOnce() -> Vec<Foreseen> + Send>),
    /// What Redis said and nobody has used yet, by full key; `None`: it has no such value.
    Asked(HashMap<String, Option<Vec<u8>>>),
    /// It did not answer; this request leaves it alone, so that it waits once and not
    /// once a look-up.
    GaveUp(NoAnswer),
}

enum Turn {
    Known(Option<Vec<u8>>),
    First(Vec<Foreseen>),
    Alone,
}

impl Prefetch {
    /// That of the request this task serves, if it serves one.
    pub(super) fn current() -> Option<Arc<Self>> {
        REQUEST.try_with(Arc::clone).ok()
    }

    fn turn(&self, key: &str) -> Result<Turn, NoAnswer> {
        let mut state = self.state();
        match &mut *state {
            State::Foreseeing(list) => {
                let list = std::mem::replace(list, Box::new(Vec::new))();
                *state = State::Asked(HashMap::new());
                Ok(Turn::First(list))
            }
            // Used once: who asks again does so because something changed.
            State::Asked(unused) => Ok(unused.remove(key).map_or(Turn::Alone, Turn::Known)),
            State::GaveUp(why) => Err(*why),
        }
    }

    fn note(&self, answer: Result<HashMap<String, Option<Vec<u8>>>, NoAnswer>) {
        *self.state() = answer.map_or_else(State::GaveUp, State::Asked);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Every change of the state is one assignment: a panic elsewhere leaves it whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Cache {
    /// Does `work`, a request that will probably ask for what `list` names. The
    /// list is made only if something has to be asked of Redis.
    pub async fn foreseeing<Work: Future>(
        &self,
        list: impl FnOnce() -> Vec<Foreseen> + Send + 'static,
        work: Work,
    ) -> Work::Output {
        let prefetch = Prefetch {
            state: Mutex::new(State::Foreseeing(Box::new(list))),
        };
        REQUEST.scope(Arc::new(prefetch), work).await
    }
}

impl Inner {
    /// The bytes under `key` in Redis, and on the way what the request foresees.
    pub(super) async fn ask_redis(
        &self,
        redis: &Arc<Redis>,
        key: &str,
        prefetch: Option<&Prefetch>,
    ) -> Result<Option<Vec<u8>>, NoAnswer> {
        let Some(prefetch) = prefetch else {
            return redis.get(key).await;
        };
        let list = match prefetch.turn(key)? {
            Turn::Known(bytes) => return Ok(bytes),
            Turn::Alone => return redis.get(key).await,
            Turn::First(list) => list,
        };
        let others = list
            .into_iter()
            .map(|foreseen| self.full_text(foreseen.family, &foreseen.text));
        let lacks = |other: &String| {
            other != key
                && !self
                    .near
                    .as_ref()
                    .is_some_and(|near| near.holds(other, &self.coherence))
        };
        let keys: Vec<String> = std::iter::once(key.to_owned())
            .chain(others.filter(lacks))
            .collect();
        match redis.get_many(&keys).await {
            Ok(values) => {
                let mut found: HashMap<_, _> = keys.into_iter().zip(values).collect();
                let own = found.remove(key).flatten();
                prefetch.note(Ok(found));
                Ok(own)
            }
            Err(no_answer) => {
                prefetch.note(Err(no_answer));
                Err(no_answer)
            }
        }
    }
}

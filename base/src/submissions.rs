//! Forms that are sent twice: by a double click, or by going back and pressing the button
//! again.
//!
//! Doing it twice does no harm, as every use case sees what is there. But the second
//! answer would say "this slug is taken" of the organization the first one made, and it is
//! the second one that the browser shows. So the successful answer to a form is remembered
//! for a minute, by what was sent and by whom. The same form sent again is tried again; if
//! that is refused, its answer is the first one's.

use std::{fmt, time::Duration};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use tower_sessions::session::Id;

use crate::{
    clock::Clock,
    db::{self, Db, submissions::Noted},
    domain::UserId,
    error::{Result, chain},
};

/// How long an answer is remembered. Who comes back later means it anew.
const MEMORY: time::Duration = time::Duration::minutes(1);

/// How long a second submission waits for the first one's answer.
const PATIENCE: Duration = Duration::from_secs(3);

/// Between two looks at whether the first one is answered.
const PAUSE: Duration = Duration::from_millis(50);

/// What a form was answered with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The page the browser was sent to.
    pub page: String,
    /// What was said there.
    pub notice: Option<String>,
}

/// The memory of answers. Cheap to clone.
#[derive(Clone)]
pub struct Submissions {
    db: Db,
    clock: Clock,
}

impl Submissions {
    pub fn new(db: Db, clock: Clock) -> Self {
        Self { db, clock }
    }

    /// Notes that `user` sent `fields` to `form`. Without a database nothing is noted: then
    /// the form itself will say that it is away.
    ///
    /// `session` is the id of the session it was sent in.
    pub async fn begin(
        &self,
        session: &Id,
        user: UserId,
        form: &str,
        fields: &[(String, String)],
    ) -> Submission {
        let key = key(session, user, form, fields);
        if let Err(error) = self.note(&key).await {
            tracing::warn!(error = chain(&error), "a form's submission was not noted");
        }
        Submission {
            submissions: self.clone(),
            key,
        }
    }

    async fn note(&self, key: &[u8; 32]) -> Result<()> {
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        db::submissions::begin(&mut tx, key, now, now - MEMORY).await?;
        tx.commit_unannounced().await
    }

    /// Forgets what is old, and says how much.
    ///
    /// # Errors
    /// [`crate::error::Error::Unavailable`] if the database does not answer.
    pub async fn delete_old(&self) -> Result<u64> {
        let mut tx = self.db.begin().await?;
        let deleted = db::submissions::delete_before(&mut tx, self.clock.now() - MEMORY).await?;
        tx.commit_unannounced().await?;
        Ok(deleted)
    }
}

impl fmt::Debug for Submissions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Submissions")
    }
}

/// One submission under way: end it by [`Self::answered`] or [`Self::refused`].
#[derive(Debug)]
pub struct Submission {
    submissions: Submissions,
    key: [u8; 32],
}

impl Submission {
    /// It did what it was asked to, and its answer is remembered. If it cannot be, only a
    /// repetition would miss it.
    pub async fn answered(self, answer: &Answer) {
        if let Err(error) = self.remember(answer).await {
            tracing::warn!(error = chain(&error), "a form's answer was not remembered");
        }
    }

    async fn remember(&self, answer: &Answer) -> Result<()> {
        let mut tx = self.submissions.db.begin().await?;
        let (page, notice) = (answer.page.as_str(), answer.notice.as_deref());
        db::submissions::answer(&mut tx, &self.key, page, notice).await?;
        tx.commit_unannounced().await
    }

    /// It did what it was asked to, but its answer holds a secret that must not be kept: the
    /// same form sent again gets an answer of its own.
    pub async fn answered_in_secret(self) {
        if let Err(error) = self.give_up().await {
            tracing::warn!(
                error = chain(&error),
                "a form's submission was not forgotten"
            );
        }
    }

    /// It was refused. If the same was answered a moment ago, or another one of the same is
    /// being answered right now, that is the answer to this one, too.
    pub async fn refused(self) -> Option<Answer> {
        let answer = tokio::time::timeout(PATIENCE, async {
            let mut noted = self.give_up().await.ok()??;
            loop {
                match noted {
                    Noted::Answered { page, notice } => return Some(Answer { page, notice }),
                    Noted::UnderWay(0) => return None,
                    Noted::UnderWay(_others) => tokio::time::sleep(PAUSE).await,
                }
                let reader = self.submissions.db.reader();
                noted = db::submissions::find(&reader, &self.key).await.ok()??;
            }
        });
        answer.await.ok().flatten()
    }

    async fn give_up(&self) -> Result<Option<Noted>> {
        let mut tx = self.submissions.db.begin().await?;
        let noted = db::submissions::give_up(&mut tx, &self.key).await?;
        tx.commit_unannounced().await?;
        Ok(noted)
    }
}

/// A hash of who sent what where. Each part goes in with its length, so that no two
/// submissions share one. Among the fields may be a password, so the hash is keyed with what
/// is not in the database: the session's id. Whoever has a dump cannot try words.
fn key(session: &Id, user: UserId, form: &str, fields: &[(String, String)]) -> [u8; 32] {
    let mut hash = Hmac::<Sha256>::new_from_slice(&session.0.to_le_bytes())
        .expect("a key of any length will do");
    let user = user.to_string();
    let fields = fields.iter().flat_map(|(name, value)| [name, value]);
    for part in [user.as_str(), form]
        .into_iter()
        .chain(fields.map(String::as_str))
    {
        hash.update(&part.len().to_be_bytes());
        hash.update(part.as_bytes());
    }
    hash.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_form_of_the_same_user_is_a_repetition() {
        let (ada, bob) = (UserId::new(), UserId::new());
        let (one, other) = (Id::default(), Id::default());
        let fields = |name: &str, value: &str| vec![(name.to_owned(), value.to_owned())];
        let sent = key(&one, ada, "/a", &fields("name", "x"));
        assert_eq!(sent, key(&one, ada, "/a", &fields("name", "x")));
        for other in [
            key(&one, bob, "/a", &fields("name", "x")),
            key(&one, ada, "/b", &fields("name", "x")),
            key(&one, ada, "/a", &fields("name", "y")),
            key(&one, ada, "/a", &fields("namex", "")),
            key(&one, ada, "/a", &[]),
            key(&other, ada, "/a", &fields("name", "x")),
        ] {
            assert_ne!(sent, other);
        }
    }
}

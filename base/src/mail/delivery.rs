//! The job that sends a message.

use std::{sync::Arc, time::Duration};

use super::{Letter, Mail, smtp::NotSent};
use crate::{
    db,
    domain::MailId,
    error::{Result, chain},
    queue::{BackOff, Failure, Job, Kind, Outcome},
};

pub(super) const KIND: &str = "mail.send";

/// A message that the server does not take now is tried again for about two days: after
/// half a minute, and in the end every six hours.
const BACK_OFF: BackOff = BackOff::new(Duration::from_secs(30), Duration::from_secs(6 * 3_600));
const MOST_ATTEMPTS: u32 = 18;

/// Longer than all steps of sending a message may take together, in the time limits of one.
const STEPS: u32 = 16;

/// How long a sent message is remembered, without what it said: somebody may ask whether it
/// was sent.
const REMEMBERED: time::Duration = time::Duration::days(7);

const DELETE_BATCH: i64 = 1_000;

/// How often it is tried to record that a message was sent. If it is not, it is sent again.
const MOST_NOTES: u32 = 5;

impl Mail {
    /// Sends messages; `None` without a mail server.
    pub fn delivery(&self) -> Option<Kind> {
        let smtp = self.smtp.as_ref()?;
        let mail = self.clone();
        let deliver = move |job: Job| {
            let mail = mail.clone();
            async move { mail.deliver(&job).await }
        };
        let kind = Kind::new(KIND, deliver)
            .places(smtp.connections())
            .attempts(MOST_ATTEMPTS, BACK_OFF)
            .time_limit(smtp.step_limit() * STEPS);
        Some(kind)
    }

    async fn deliver(&self, job: &Job) -> Outcome {
        let id: MailId = job.payload()?;
        let Some(mail) = db::mail::find(&self.db.reader(), id).await? else {
            return Err(Failure::ForGood("the message was deleted".to_owned()));
        };
        if mail.sent_at.is_some() {
            // By another run, which lost the job meanwhile.
            return Ok(());
        }
        if mail.give_up_at <= self.clock.now() {
            return Err(Failure::ForGood(
                "what the message is for had expired before it could be sent".to_owned(),
            ));
        }
        let (Some(smtp), Some(letter)) = (&self.smtp, mail.letter) else {
            return Err(Failure::ForGood("there is nothing to send".to_owned()));
        };
        let letter: Letter = serde_json::from_value(letter)
            .map_err(|error| Failure::ForGood(format!("the letter cannot be read: {error}")))?;
        let message = self
            .sender
            .write(mail.id, &mail.recipient, &letter, mail.created_at)
            .map_err(|error| Failure::ForGood(chain(&error)))?;
        Arc::clone(smtp).send(&message).await?;
        self.note_sent(id, job).await
    }

    /// Records that the message was sent. What happens between the server's answer and this
    /// is what can make it a message sent twice, so it is not left to one attempt.
    async fn note_sent(&self, id: MailId, job: &Job) -> Outcome {
        let mut notes = 0;
        loop {
            notes += 1;
            match self.try_note_sent(id, job).await {
                Ok(()) => return Ok(()),
                Err(error) if notes == MOST_NOTES => return Err(error.into()),
                Err(_) => tokio::time::sleep(Duration::from_secs(1)).await,
            }
        }
    }

    async fn try_note_sent(&self, id: MailId, job: &Job) -> Result<()> {
        let mut tx = self.db.begin().await?;
        db::mail::mark_sent(&mut tx, id, self.clock.now()).await?;
        // If it is another run's by now, that one finds that there is nothing left to do.
        job.finish(&mut tx).await?;
        tx.commit_unannounced().await
    }

    /// Forgets messages that were sent, or were of no use any more, a week ago. Returns how
    /// many.
    ///
    /// # Errors
    /// [`crate::error::Error::Unavailable`] if the database does not answer.
    pub async fn delete_old(&self) -> Result<u64> {
        let mut total = 0;
        loop {
            let mut tx = self.db.begin().await?;
            let old = self.clock.now() - REMEMBERED;
            let deleted = db::mail::delete_before(&mut tx, old, DELETE_BATCH).await?;
            tx.commit_unannounced().await?;
            total += deleted;
            if deleted < DELETE_BATCH.unsigned_abs() {
                return Ok(total);
            }
        }
    }

    /// Writes `count` messages at once, to `user-1@crowd.test` and so on.
    #[cfg(feature = "test-hooks")]
    pub async fn post_many(&self, letter: &Letter, count: i32) -> Result<()> {
        let letter = serde_json::to_value(letter).map_err(crate::error::Error::internal)?;
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        db::mail::insert_many(&mut tx, KIND, letter, count, now, now + super::PATIENCE).await?;
        tx.commit_unannounced().await
    }
}

impl From<NotSent> for Failure {
    fn from(not_sent: NotSent) -> Self {
        match not_sent {
            NotSent::Away(why) => Self::Away(why),
            NotSent::NotNow(why) => Self::Again(why),
            NotSent::Refused(why) => Self::ForGood(why),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_tried_for_about_two_days() {
        let tried: Duration = (1..MOST_ATTEMPTS)
            .map(|failures| BACK_OFF.exact(failures))
            .sum();
        let hours = tried.as_secs() / 3_600;
        assert!((44..=52).contains(&hours), "{hours} h");
    }
}

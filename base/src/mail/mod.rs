//! Mail: what people are told when they do not look at a page.
//!
//! A message is written into the *outbox* in the transaction of whatever it is about
//! ([`Mail::post`]), with a [job](crate::queue) that sends it. Nothing is sent for a change
//! that was rolled back, and nothing is lost while the mail server is down.
//!
//! A message is sent at most once for each time that the server says it has taken it. If
//! this process, the connection or the database dies between that answer and our record of
//! it, the message is sent again, with the same `Message-ID`, by which a receiver can tell.
//! SMTP knows no better.
//!
//! What a message says is kept until it was sent, and then forgotten, because its link may
//! open something; that it was sent is remembered for a week. Without a mail server (only in
//! development) messages are kept for `/dev/mailbox`.

mod delivery;
mod letter;
mod mailbox;
mod message;
mod smtp;

use std::sync::Arc;

use time::{Duration, OffsetDateTime};

pub use self::{
    letter::{Button, Letter},
    mailbox::KeptMessage,
};
use self::{message::Sender, smtp::Smtp};
use crate::{
    boxed,
    clock::Clock,
    config::Config,
    db::{self, Db, Tx, mail::NewMail},
    domain::{Email, MailId},
    error::{Error, Result},
    queue::Queue,
};

/// How long sending is tried if nothing else ends it: receivers that are down over a
/// weekend's night are up again by then.
const PATIENCE: Duration = Duration::days(2);

/// The outbox. Cheap to clone.
#[derive(Clone)]
pub struct Mail {
    db: Db,
    clock: Clock,
    queue: Queue,
    sender: Arc<Sender>,
    /// `None`: messages are kept.
    smtp: Option<Arc<Smtp>>,
}

impl Mail {
    /// # Errors
    /// [`Error::Internal`] if the sender's address is none to the mail library, or TLS
    /// cannot be set up.
    pub fn new(db: Db, clock: Clock, queue: Queue, config: &Config) -> Result<Self> {
        let smtp = config.mail.smtp.as_ref();
        let smtp = smtp.map(|smtp| Smtp::new(smtp, &config.mail.from));
        Ok(Self {
            db,
            clock,
            queue,
            sender: Arc::new(Sender::new(&config.app_url, &config.mail.from)?),
            smtp: smtp.transpose()?.map(Arc::new),
        })
    }

    /// Puts a message into the outbox, in the transaction of whatever it is about: it is
    /// sent after the commit, or never was.
    #[boxed]
    pub async fn post(&self, tx: &mut Tx, to: &Email, letter: &Letter) -> Result<()> {
        let give_up_at = self.clock.now() + PATIENCE;
        self.post_until(tx, to, letter, give_up_at).await
    }

    /// The same for a message that is of no use after `give_up_at`, because its link has
    /// expired then: later it is not sent.
    #[boxed]
    pub async fn post_until(
        &self,
        tx: &mut Tx,
        to: &Email,
        letter: &Letter,
        give_up_at: OffsetDateTime,
    ) -> Result<()> {
        let now = self.clock.now();
        let id = MailId::new();
        let mail = NewMail {
            id,
            recipient: to,
            letter: serde_json::to_value(letter).map_err(Error::internal)?,
            created_at: now,
            give_up_at: give_up_at.min(now + PATIENCE),
        };
        db::mail::insert(tx, mail).await?;
        if self.smtp.is_some() {
            self.queue.push(tx, delivery::KIND, &id, now, None).await?;
        }
        Ok(())
    }
}

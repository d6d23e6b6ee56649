//! Messages as a developer reads them, where no mail server takes them.

use serde::Serialize;
use time::format_description::well_known::Rfc3339;

use super::{Letter, Mail};
use crate::{
    db::{self, mail::StoredMail},
    domain::{Email, MailId},
    error::{Error, Result},
};

/// Most messages that are shown.
const MOST_SHOWN: i64 = 200;

/// A message that was kept instead of sent.
#[derive(Clone, Debug, Serialize)]
pub struct KeptMessage {
    pub id: MailId,
    pub to: Email,
    /// In the format of RFC 3339.
    pub written: String,
    pub subject: String,
    /// As they would have gone over the wire.
    pub headers: String,
    pub text: String,
    pub html: String,
    /// Where the button leads.
    pub link: Option<String>,
}

impl Mail {
    /// Whether messages are kept for whoever develops, because there is no mail server.
    pub fn keeps_messages(&self) -> bool {
        self.smtp.is_none()
    }

    /// The messages that were kept, the latest first.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the database does not answer.
    pub async fn list_kept(&self) -> Result<Vec<KeptMessage>> {
        let stored = db::mail::list_latest(&self.db.reader(), MOST_SHOWN).await?;
        stored.into_iter().map(|mail| self.kept(mail)).collect()
    }

    /// # Errors
    /// [`Error::NotFound`]; as [`Self::list_kept`].
    pub async fn get_kept(&self, id: MailId) -> Result<KeptMessage> {
        let stored = db::mail::find(&self.db.reader(), id).await?;
        self.kept(stored.ok_or(Error::NotFound)?)
    }

    fn kept(&self, mail: StoredMail) -> Result<KeptMessage> {
        let letter: Letter =
            serde_json::from_value(mail.letter.ok_or(Error::NotFound)?).map_err(Error::internal)?;
        let written = self
            .sender
            .write(mail.id, &mail.recipient, &letter, mail.created_at);
        // An address that cannot be written to is one of the things to be seen here.
        let headers = match &written {
            Ok(message) => message.text.split("\r\n\r\n").next().unwrap_or_default(),
            Err(_) => "(this message cannot be sent: the recipient's address)",
        };
        let parts = self.sender.parts(&letter);
        Ok(KeptMessage {
            id: mail.id,
            to: mail.recipient,
            written: mail.created_at.format(&Rfc3339).map_err(Error::internal)?,
            subject: parts.subject,
            headers: headers.replace("\r\n", "\n"),
            text: parts.text,
            html: parts.html,
            link: parts.link,
        })
    }
}

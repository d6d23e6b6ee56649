//! Talking to the mail server.
//!
//! The library speaks the protocol; which step failed is what counts here, so the steps are
//! ours. Until the server has taken the sender, a failure says nothing about the message:
//! the server is away, or does not want us, and that goes for all messages. From the
//! recipient on it is this message's own. An answer that does not come after the message's
//! last byte leaves open whether the server has it; then it is sent again.

use std::{
    fmt::{self, Display},
    sync::{Arc, Weak},
    time::Duration,
};

use lettre::{
    Address,
    address::Envelope,
    transport::smtp::{
        Error,
        authentication::{Credentials, DEFAULT_MECHANISMS},
        client::{AsyncSmtpConnection, TlsParameters},
        commands::{Data, Mail, Rcpt},
        extension::{ClientId, Extension, MailBodyParameter, MailParameter},
    },
};
use parking_lot::Mutex;
use tokio::time::{Instant, sleep, timeout};

use super::message::Message;
use crate::{
    config::{MailFrom, SmtpConfig, SmtpTls, SmtpUser},
    error::{self, Result},
};

/// How long a connection is kept for the next message.
const KEPT: Duration = Duration::from_secs(10);

/// The answer to a whole message may take so many times longer than others: the server
/// reads and checks it first, and who hangs up before sends it twice.
const LAST_ANSWER: u32 = 4;

/// Why a message was not sent.
#[derive(Debug)]
pub(super) enum NotSent {
    /// No message can be sent at the moment.
    Away(String),
    /// The server does not take this one now, or did not say whether it has.
    NotNow(String),
    /// The server will not take this one.
    Refused(String),
}

/// The mail server and the connections to it.
pub(super) struct Smtp {
    config: SmtpConfig,
    tls: Option<TlsParameters>,
    /// What we call ourselves.
    hello: ClientId,
    kept: Mutex<KeptConnections>,
}

#[derive(Default)]
struct KeptConnections {
    connections: Vec<(AsyncSmtpConnection, Instant)>,
    /// Whether somebody will close them.
    is_watched: bool,
}

impl Smtp {
    /// # Errors
    /// [`error::Error::Internal`] if TLS cannot be set up for the host.
    pub(super) fn new(config: &SmtpConfig, from: &MailFrom) -> Result<Self> {
        let tls = match config.tls {
            SmtpTls::None => None,
            SmtpTls::FromTheStart | SmtpTls::StartTls => {
                Some(TlsParameters::new(config.host.clone()).map_err(error::Error::internal)?)
            }
        };
        Ok(Self {
            config: config.clone(),
            tls,
            hello: ClientId::Domain(from.domain().to_owned()),
            kept: Mutex::default(),
        })
    }

    /// How many messages may be sent at the same time.
    pub(super) fn connections(&self) -> u32 {
        self.config.connections
    }

    /// How long one step may take, but for the last one.
    pub(super) fn step_limit(&self) -> Duration {
        self.config.timeout
    }

    /// Sends a message. `Ok`: the server has said that it takes care of it.
    pub(super) async fn send(self: Arc<Self>, message: &Message) -> Result<(), NotSent> {
        let mut connection = self.begin(&message.envelope).await?;
        for recipient in message.envelope.to() {
            let rcpt = Rcpt::new(recipient.clone(), Vec::new());
            self.step("the recipient", &mut connection, rcpt)
                .await
                .map_err(of_message)?;
        }
        self.step("the offer of a message", &mut connection, Data)
            .await
            .map_err(of_message)?;
        let content = Content(&message.text);
        let limit = self.config.timeout * LAST_ANSWER;
        step_within(limit, "the message", connection.command(content))
            .await
            .map_err(of_message)?;
        self.keep(connection);
        Ok(())
    }

    /// A connection on which the server has taken the sender.
    async fn begin(&self, envelope: &Envelope) -> Result<AsyncSmtpConnection, NotSent> {
        if let Some(mut kept) = self.take_kept() {
            // If the server has hung up meanwhile, a new one tells more.
            if self.offer(&mut kept, envelope).await.is_ok() {
                return Ok(kept);
            }
        }
        let mut connection = self
            .connect()
            .await
            .map_err(|failed| NotSent::Away(failed.text))?;
        self.offer(&mut connection, envelope).await?;
        Ok(connection)
    }

    async fn offer(
        &self,
        connection: &mut AsyncSmtpConnection,
        envelope: &Envelope,
    ) -> Result<(), NotSent> {
        let mut options = Vec::new();
        let is_ascii = |address: &Address| AsRef::<str>::as_ref(address).is_ascii();
        if !envelope.to().iter().all(is_ascii) {
            for needed in [Extension::SmtpUtfEight, Extension::EightBitMime] {
                if !connection.server_info().supports_feature(needed) {
                    return Err(NotSent::Refused(
                        "the server takes no addresses with such letters".to_owned(),
                    ));
                }
            }
            options.push(MailParameter::SmtpUtfEight);
            options.push(MailParameter::Body(MailBodyParameter::EightBitMime));
        }
        let mail = Mail::new(envelope.from().cloned(), options);
        let offered = self.step("the sender", connection, mail).await;
        offered.map_err(|failed| NotSent::Away(failed.text))
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, Failed> {
        let SmtpConfig { host, port, .. } = &self.config;
        let limit = self.config.timeout;
        let from_the_start = match self.config.tls {
            SmtpTls::FromTheStart => self.tls.clone(),
            SmtpTls::StartTls | SmtpTls::None => None,
        };
        let connecting = AsyncSmtpConnection::connect_tokio1(
            (host.as_str(), *port),
            Some(limit),
            &self.hello,
            from_the_start,
            None,
        );
        let mut connection = step_within(limit, "the connection", connecting).await?;
        if let (SmtpTls::StartTls, Some(tls)) = (self.config.tls, &self.tls) {
            // Fails if the server does not offer it: nothing is said in the clear.
            let securing = connection.starttls(tls.clone(), &self.hello);
            step_within(limit, "TLS", securing).await?;
        }
        if let Some(SmtpUser { name, password }) = &self.config.user {
            let credentials = Credentials::new(name.clone(), password.expose().to_owned());
            let signing_in = connection.auth(DEFAULT_MECHANISMS, &credentials);
            step_within(limit, "the user", signing_in).await?;
        }
        Ok(connection)
    }

    async fn step(
        &self,
        what: &str,
        connection: &mut AsyncSmtpConnection,
        command: impl Display,
    ) -> Result<(), Failed> {
        step_within(self.config.timeout, what, connection.command(command)).await?;
        Ok(())
    }

    fn take_kept(&self) -> Option<AsyncSmtpConnection> {
        let mut kept = self.kept.lock();
        let (connection, since) = kept.connections.pop()?;
        (since.elapsed() < KEPT).then_some(connection)
    }

    fn keep(self: Arc<Self>, connection: AsyncSmtpConnection) {
        let mut kept = self.kept.lock();
        kept.connections.push((connection, Instant::now()));
        if !kept.is_watched {
            kept.is_watched = true;
            tokio::spawn(close_unused(Arc::downgrade(&self)));
        }
    }
}

/// Closes connections that nobody has used for a while, until there is none.
async fn close_unused(smtp: Weak<Smtp>) {
    loop {
        sleep(KEPT).await;
        let Some(smtp) = smtp.upgrade() else { return };
        let (unused, is_watched) = {
            let mut kept = smtp.kept.lock();
            let is_old = |(_, since): &mut (AsyncSmtpConnection, Instant)| since.elapsed() >= KEPT;
            let unused: Vec<_> = kept.connections.extract_if(.., is_old).collect();
            kept.is_watched = !kept.connections.is_empty();
            (unused, kept.is_watched)
        };
        for (mut connection, _) in unused {
            // The server hears that it was no failure; what it answers is nobody's business.
            let _unheard = timeout(smtp.config.timeout, connection.quit()).await;
        }
        if !is_watched {
            return;
        }
    }
}

/// A step that failed, and the server's answer if it was one.
struct Failed {
    text: String,
    is_permanent: bool,
}

async fn step_within<T>(
    limit: Duration,
    what: &str,
    step: impl Future<Output = Result<T, Error>>,
) -> Result<T, Failed> {
    match timeout(limit, step).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => Err(Failed {
            text: format!("{what}: {error}"),
            is_permanent: error.is_permanent(),
        }),
        Err(_elapsed) => Err(Failed {
            text: format!("{what}: no answer within {} s", limit.as_secs()),
            is_permanent: false,
        }),
    }
}

fn of_message(failed: Failed) -> NotSent {
    if failed.is_permanent {
        NotSent::Refused(failed.text)
    } else {
        NotSent::NotNow(failed.text)
    }
}

/// A message as it is said: a dot in front of each that begins a line, and one alone at the
/// end. In one piece, because the library would send the end by itself, which the system
/// holds back until the server has acknowledged what came before.
struct Content<'a>(&'a str);

impl Display for Content<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in self.0.split_inclusive("\r\n") {
            if line.starts_with('.') {
                f.write_str(".")?;
            }
            f.write_str(line)?;
        }
        f.write_str(if self.0.ends_with("\r\n") {
            ".\r\n"
        } else {
            "\r\n.\r\n"
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_cannot_end_itself() {
        for (text, said) in [
            ("a\r\n.\r\nb\r\n", "a\r\n..\r\nb\r\n.\r\n"),
            (".a", "..a\r\n.\r\n"),
            ("", "\r\n.\r\n"),
            ("a\r\n..\r\n", "a\r\n...\r\n.\r\n"),
        ] {
            assert_eq!(Content(text).to_string(), said, "{text:?}");
        }
    }
}

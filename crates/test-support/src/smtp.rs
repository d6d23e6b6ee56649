//! A mail server on loopback that fails in the ways mail servers do.

use std::{
    collections::HashMap,
    net::Ipv4Addr,
    sync::{Arc, Mutex},
    time::Duration,
};

use orghub::config::{MailConfig, MailFrom, SmtpConfig, SmtpTls};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinHandle,
};

/// What the server does at the moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SmtpMood {
    /// Takes every message.
    #[default]
    Takes,
    /// Ends connections, new ones at once.
    Down,
    /// Says nothing until it is in another mood.
    Hangs,
    /// Ends the connection in the middle of a message.
    Breaks,
    /// Takes the message, and ends the connection instead of saying so.
    TakesSilently,
    /// Answers 451 to every message.
    RefusesForNow,
}

/// A message that the server has taken.
#[derive(Clone, Debug)]
pub struct TakenMail {
    /// As in the header.
    pub message_id: String,
    pub recipient: String,
    /// Headers and body.
    pub text: String,
    /// Whether the server said so at once, on a connection that was there.
    pub is_answered: bool,
}

#[derive(Default)]
struct Record {
    taken: Vec<TakenMail>,
    commands: Vec<String>,
    open: usize,
    /// Answers to recipients other than 250.
    refusals: HashMap<String, &'static str>,
}

/// The server; it ends with this.
pub struct SmtpServer {
    port: u16,
    mood: watch::Sender<SmtpMood>,
    record: Arc<Mutex<Record>>,
    listener: JoinHandle<()>,
}

impl SmtpServer {
    /// A server that takes everything.
    pub async fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .expect("a free port");
        let port = listener.local_addr().expect("a bound address").port();
        let mood = watch::Sender::new(SmtpMood::default());
        let record = Arc::<Mutex<Record>>::default();
        let (moods, records) = (mood.clone(), record.clone());
        let listener = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let session = Session {
                    mood: moods.subscribe(),
                    record: records.clone(),
                };
                tokio::spawn(session.serve(client));
            }
        });
        Self {
            port,
            mood,
            record,
            listener,
        }
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// Settings that lead here, over `connections` at a time.
    pub fn config(&self, connections: u32) -> MailConfig {
        mail_config(self.port, connections)
    }

    pub fn set(&self, mood: SmtpMood) {
        self.mood.send_replace(mood);
    }

    /// Answers `reply`, such as `550 5.1.1 no such user`, to this recipient.
    pub fn refuse(&self, recipient: &str, reply: &'static str) {
        self.record().refusals.insert(recipient.to_owned(), reply);
    }

    /// Takes messages to this recipient again.
    pub fn accept(&self, recipient: &str) {
        self.record().refusals.remove(recipient);
    }

    /// What it has taken, in that order.
    pub fn taken(&self) -> Vec<TakenMail> {
        self.record().taken.clone()
    }

    /// How much it has taken.
    pub fn count(&self) -> usize {
        self.record().taken.len()
    }

    /// How many connections are open.
    pub fn open(&self) -> usize {
        self.record().open
    }

    /// What it was told, without the messages.
    pub fn commands(&self) -> Vec<String> {
        self.record().commands.clone()
    }

    fn record(&self) -> std::sync::MutexGuard<'_, Record> {
        self.record.lock().expect("nobody panicked over the record")
    }
}

impl Drop for SmtpServer {
    fn drop(&mut self) {
        self.listener.abort();
        self.set(SmtpMood::Down);
    }
}

/// Settings for a mail server on this port of this machine, whose answers are waited for a
/// second or two.
pub fn mail_config(port: u16, connections: u32) -> MailConfig {
    MailConfig {
        smtp: Some(SmtpConfig {
            host: Ipv4Addr::LOCALHOST.to_string(),
            port,
            tls: SmtpTls::None,
            user: None,
            connections,
            timeout: Duration::from_secs(2),
        }),
        from: MailFrom::parse("Orghub <no-reply@orghub.test>").expect("a sender"),
    }
}

/// One connection.
struct Session {
    mood: watch::Receiver<SmtpMood>,
    record: Arc<Mutex<Record>>,
}

/// The conversation ends.
struct Over;

impl Session {
    async fn serve(mut self, client: TcpStream) {
        let mut down = self.mood.clone();
        self.record().open += 1;
        tokio::select! {
            _over = self.converse(client) => {}
            _down = down.wait_for(|mood| *mood == SmtpMood::Down) => {}
        }
        self.record().open -= 1;
    }

    async fn converse(&mut self, client: TcpStream) -> Result<(), Over> {
        let mut client = BufReader::new(client);
        self.answer(&mut client, "220 mail.test").await?;
        let mut recipient = String::new();
        loop {
            let line = read_line(&mut client).await?;
            self.record().commands.push(line.clone());
            let verb = line.split([' ', ':']).next().unwrap_or_default();
            match verb.to_ascii_uppercase().as_str() {
                "EHLO" => {
                    let features =
                        "250-mail.test\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 AUTH PLAIN";
                    self.answer(&mut client, features).await?;
                }
                "AUTH" => self.answer(&mut client, "235 welcome").await?,
                "RCPT" => {
                    let (_, address) = line.split_once('<').ok_or(Over)?;
                    recipient = address.trim_end_matches('>').to_owned();
                    let refusal = self.record().refusals.get(&recipient).copied();
                    self.answer(&mut client, refusal.unwrap_or("250 ok"))
                        .await?;
                }
                "DATA" => {
                    self.answer(&mut client, "354 go on").await?;
                    self.receive(&mut client, &recipient).await?;
                }
                "QUIT" => {
                    self.answer(&mut client, "221 bye").await?;
                    return Err(Over);
                }
                _ => self.answer(&mut client, "250 ok").await?,
            }
        }
    }

    /// Reads a message and does with it what the mood says.
    async fn receive(
        &mut self,
        client: &mut BufReader<TcpStream>,
        recipient: &str,
    ) -> Result<(), Over> {
        let mut text = String::new();
        loop {
            let line = read_line(client).await?;
            if *self.mood.borrow() == SmtpMood::Breaks {
                return Err(Over);
            }
            if line == "." {
                break;
            }
            text.push_str(line.strip_prefix('.').unwrap_or(&line));
            text.push_str("\r\n");
        }
        let hung = *self.mood.borrow() == SmtpMood::Hangs;
        let mood = self.speaking().await;
        if mood == SmtpMood::RefusesForNow {
            return self.answer(client, "451 4.3.0 try again later").await;
        }
        let id = text
            .lines()
            .find_map(|line| line.strip_prefix("Message-ID: "))
            .unwrap_or_default();
        self.record().taken.push(TakenMail {
            message_id: id.to_owned(),
            recipient: recipient.to_owned(),
            is_answered: !hung && mood != SmtpMood::TakesSilently,
            text,
        });
        if mood == SmtpMood::TakesSilently {
            return Err(Over);
        }
        self.answer(client, "250 2.0.0 taken").await
    }

    async fn answer(&mut self, client: &mut BufReader<TcpStream>, reply: &str) -> Result<(), Over> {
        self.speaking().await;
        let reply = format!("{reply}\r\n");
        client.write_all(reply.as_bytes()).await.map_err(|_| Over)
    }

    /// The mood, once it is one in which the server says something.
    async fn speaking(&mut self) -> SmtpMood {
        let speaks = |mood: &SmtpMood| *mood != SmtpMood::Hangs;
        match self.mood.wait_for(speaks).await {
            Ok(mood) => *mood,
            // The server is gone.
            Err(_) => SmtpMood::Down,
        }
    }

    fn record(&self) -> std::sync::MutexGuard<'_, Record> {
        self.record.lock().expect("nobody panicked over the record")
    }
}

async fn read_line(client: &mut BufReader<TcpStream>) -> Result<String, Over> {
    let mut line = String::new();
    match client.read_line(&mut line).await {
        Ok(1..) => Ok(line.trim_end_matches(['\r', '\n']).to_owned()),
        _ => Err(Over),
    }
}

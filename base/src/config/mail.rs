//! Where mail goes, and from whom it comes.

use std::time::Duration;

use percent_encoding::percent_decode_str;
use url::Url;

use super::{AppEnv, ConfigError, SmtpPassword, services::is_loopback, variables::positive};

/// Mail.
#[derive(Clone, Debug)]
pub struct MailConfig {
    /// `SMTP_URL`; `None`: messages are kept for `/dev/mailbox`.
    pub smtp: Option<SmtpConfig>,
    /// `MAIL_FROM`.
    pub from: MailFrom,
}

/// The server that takes our mail.
#[derive(Clone, Debug)]
pub struct SmtpConfig {
    pub host: String,
    pub port: u16,
    pub tls: SmtpTls,
    pub user: Option<SmtpUser>,
    /// `SMTP_CONNECTIONS`: messages that one node sends at the same time.
    pub connections: u32,
    /// `SMTP_TIMEOUT_SECONDS`: longest wait for the server's answer to one command.
    pub timeout: Duration,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SmtpUser {
    pub name: String,
    pub password: SmtpPassword,
}

/// How a connection to the server becomes a secret one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SmtpTls {
    /// It is one from the first byte: `smtps://`.
    FromTheStart,
    /// It has to become one before anything is said: `smtp://`.
    StartTls,
    /// It never leaves this machine.
    None,
}

/// The sender of our mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailFrom {
    pub name: String,
    pub address: String,
}

impl MailFrom {
    /// An address, or `Name <address>`.
    ///
    /// # Errors
    /// What is wrong with it, and what to set.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (name, address) = match text.trim().strip_suffix('>') {
            Some(text) => text.split_once('<').unwrap_or_default(),
            None => ("Orghub", text),
        };
        let (name, address) = (name.trim().trim_matches('"').trim(), address.trim());
        let is_address = address.is_ascii()
            && !address
                .bytes()
                .any(|b| b.is_ascii_control() || b" <>,;\"\\".contains(&b))
            && address.split_once('@').is_some_and(|(user, host)| {
                !user.is_empty() && !host.is_empty() && !host.contains('@')
            });
        if !is_address || name.chars().any(char::is_control) {
            return Err(
                "is no sender; set an address such as Orghub <no-reply@example.com>".to_owned(),
            );
        }
        let name = if name.is_empty() { "Orghub" } else { name };
        Ok(Self {
            name: name.to_owned(),
            address: address.to_owned(),
        })
    }

    /// The part of the address behind the `@`.
    pub fn domain(&self) -> &str {
        self.address.split('@').nth(1).unwrap_or_default()
    }
}

pub(super) fn read_mail(
    get: &impl Fn(&str) -> Option<String>,
    app_env: AppEnv,
) -> Result<MailConfig, ConfigError> {
    // Asked for always, so that a wrong number does not wait for the day that mail is sent.
    let connections = positive(get, "SMTP_CONNECTIONS", 4)?;
    let timeout = Duration::from_secs(positive(get, "SMTP_TIMEOUT_SECONDS", 30)?);
    let smtp = match get("SMTP_URL") {
        Some(text) => Some(
            parse_smtp_url(&text, connections, timeout)
                .map_err(|problem| ConfigError::new("SMTP_URL", problem))?,
        ),
        None if app_env == AppEnv::Production => {
            return Err(ConfigError::new(
                "SMTP_URL",
                "is not set; set smtps://user:password@host, the server that takes your mail",
            ));
        }
        None => None,
    };
    let from = match get("MAIL_FROM") {
        Some(text) => text,
        None if smtp.is_some() => {
            return Err(ConfigError::new(
                "MAIL_FROM",
                "is not set; set the sender of your mail, such as Orghub <no-reply@example.com>",
            ));
        }
        None => "Orghub <no-reply@localhost>".to_owned(),
    };
    Ok(MailConfig {
        smtp,
        from: MailFrom::parse(&from).map_err(|problem| ConfigError::new("MAIL_FROM", problem))?,
    })
}

/// Never quotes what it was given: a password may be in it.
fn parse_smtp_url(text: &str, connections: u32, timeout: Duration) -> Result<SmtpConfig, String> {
    let malformed =
        || "is no address of a mail server; it looks like smtps://user:password@host".to_owned();
    let url = Url::parse(text).map_err(|_| malformed())?;
    let (tls, port) = match url.scheme() {
        "smtps" => (SmtpTls::FromTheStart, 465),
        "smtp" if is_loopback(&url) => (SmtpTls::None, 25),
        "smtp" => (SmtpTls::StartTls, 587),
        _ => return Err(malformed()),
    };
    let host = url.host_str().filter(|host| !host.is_empty());
    let host = host.ok_or_else(malformed)?.trim_matches(['[', ']']);
    if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
        return Err(
            "has more than scheme, user, password, host and port; encode special \
                    characters of the password, such as / as %2F"
                .to_owned(),
        );
    }
    let decoded = |text: &str| {
        let text = percent_decode_str(text).decode_utf8();
        text.map(|text| text.into_owned()).map_err(|_| malformed())
    };
    let user = match (url.username(), url.password()) {
        ("", None) => None,
        (name, Some(password)) if !name.is_empty() => Some(SmtpUser {
            name: decoded(name)?,
            password: SmtpPassword::new(decoded(password)?),
        }),
        _ => return Err("has a user without a password, or the other way round".to_owned()),
    };
    Ok(SmtpConfig {
        host: host.to_owned(),
        port: url.port().unwrap_or(port),
        tls,
        user,
        connections,
        timeout,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn smtp(text: &str) -> Result<SmtpConfig, String> {
        parse_smtp_url(text, 4, Duration::from_secs(30))
    }

    #[test]
    fn mail_leaves_the_machine_only_in_secret() {
        for (url, tls, port) in [
            ("smtps://mail.test", SmtpTls::FromTheStart, 465),
            ("smtp://mail.test", SmtpTls::StartTls, 587),
            ("smtp://mail.test:25", SmtpTls::StartTls, 25),
            ("smtp://127.0.0.1:1025/", SmtpTls::None, 1025),
            ("smtp://localhost", SmtpTls::None, 25),
            ("smtp://[::1]", SmtpTls::None, 25),
            ("smtp://127.0.0.1.mail.test", SmtpTls::StartTls, 587),
        ] {
            let smtp = smtp(url).expect(url);
            assert_eq!((smtp.tls, smtp.port), (tls, port), "{url}");
        }
    }

    #[test]
    fn user_and_password_are_decoded_and_not_shown() {
        let smtp = smtp("smtps://ada%40mail.test:a%2Fb%40c@mail.test").expect("an address");
        let shown = format!("{smtp:?}");
        let user = smtp.user.expect("a user");
        assert_eq!(user.name, "ada@mail.test");
        assert_eq!(user.password.expose(), "a/b@c");
        assert!(
            !shown.contains("a/b@c") && !shown.contains("%2F"),
            "{shown}"
        );
    }

    #[test]
    fn other_addresses_are_refused_without_being_quoted() {
        for url in [
            "mail.test:25",
            "https://mail.test",
            "smtp://",
            "smtps://ada:secret-word@mail.test/path",
            "smtps://ada:secret-word@mail.test?tls=none",
            "smtps://ada@mail.test",
            "smtps://:secret-word@mail.test",
            "smtps://ada:secret-word@mail.test:nonsense",
        ] {
            let problem = smtp(url).expect_err(url);
            assert!(!problem.contains("secret-word"), "{problem}");
        }
    }

    #[test]
    fn a_sender_is_an_address_with_or_without_a_name() {
        for (text, name, address) in [
            ("no-reply@mail.test", "Orghub", "no-reply@mail.test"),
            ("<no-reply@mail.test>", "Orghub", "no-reply@mail.test"),
            ("Émile's Hub <a@mail.test>", "Émile's Hub", "a@mail.test"),
            ("\"Hub, Inc.\" <a@mail.test>", "Hub, Inc.", "a@mail.test"),
        ] {
            let from = MailFrom::parse(text).expect(text);
            assert_eq!((&*from.name, &*from.address), (name, address));
            assert_eq!(from.domain(), "mail.test");
        }
        for text in [
            "",
            "Orghub",
            "a@b@c",
            "a@",
            "@mail.test",
            "a b@mail.test",
            "Orghub <a@mail.test> b",
            "Or\r\nBcc: x <a@mail.test>",
            "a@mail.test>",
            "a@m\u{e4}il.test",
        ] {
            assert!(MailFrom::parse(text).is_err(), "{text:?}");
        }
    }
}

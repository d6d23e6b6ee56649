//! How a message looks: headers, a text part that says everything, and an HTML part that
//! says the same with a button. Nothing in it is loaded from anywhere, and nothing tells us
//! whether it was read.

use std::fmt::Write as _;

use lettre::{
    Address,
    address::Envelope,
    message::{
        Mailbox, MultiPart, MultiPartKind, SinglePart,
        header::{HeaderName, HeaderValue},
    },
};
use time::OffsetDateTime;
use url::Host;

use super::{Button, Letter};
use crate::{
    config::MailFrom,
    domain::{Email, MailId, text::one_line},
    error::{Error, Result},
};

/// A message as it goes over the wire.
pub(super) struct Message {
    pub(super) envelope: Envelope,
    /// Headers and both parts.
    pub(super) text: String,
}

/// The parts of a message, for whoever reads it here.
pub(super) struct Parts {
    pub(super) subject: String,
    pub(super) text: String,
    pub(super) html: String,
    /// Where the button leads.
    pub(super) link: Option<String>,
}

/// Who writes our messages.
pub(super) struct Sender {
    /// Where the site is, without a slash at the end.
    app_url: String,
    from: Mailbox,
}

/// A message that cannot be written.
#[derive(Debug, thiserror::Error)]
enum Unwritable {
    #[error("the mail library takes no such recipient")]
    Recipient,
    #[error("the message cannot be put together")]
    Message(#[from] lettre::error::Error),
}

impl Sender {
    /// # Errors
    /// [`Error::Internal`] if the sender's address is none to the mail library.
    pub(super) fn new(app_url: &str, from: &MailFrom) -> Result<Self> {
        let address: Address = from.address.parse().map_err(Error::internal)?;
        Ok(Self {
            app_url: app_url.to_owned(),
            from: Mailbox::new(Some(from.name.clone()), address),
        })
    }

    /// The whole message, the same whenever it is written: by its `Message-ID` a receiver can
    /// tell that it has it.
    ///
    /// # Errors
    /// [`Error::Internal`] if `to` is an address that cannot be written to.
    pub(super) fn write(
        &self,
        id: MailId,
        to: &Email,
        letter: &Letter,
        written: OffsetDateTime,
    ) -> Result<Message> {
        let parts = self.parts(letter);
        let to = recipient(to).ok_or_else(|| Error::internal(Unwritable::Recipient))?;
        let generated = HeaderName::new_from_ascii_str("Auto-Submitted");
        let both = MultiPart::builder()
            .kind(MultiPartKind::Alternative)
            .boundary(format!("part-of-{id}"))
            .singlepart(SinglePart::plain(parts.text))
            .singlepart(SinglePart::html(parts.html));
        let message = lettre::Message::builder()
            .from(self.from.clone())
            .to(to.into())
            .subject(parts.subject)
            .date(written.into())
            .message_id(Some(self.message_id(id)))
            // No holiday notes in return (RFC 3834).
            .raw_header(HeaderValue::new(generated, "auto-generated".to_owned()))
            .multipart(both)
            .map_err(|error| Error::internal(Unwritable::from(error)))?;
        Ok(Message {
            envelope: message.envelope().clone(),
            text: String::from_utf8(message.formatted()).map_err(Error::internal)?,
        })
    }

    fn message_id(&self, id: MailId) -> String {
        format!("<{id}@{}>", self.from.email.domain())
    }

    /// What a reader sees of it.
    pub(super) fn parts(&self, letter: &Letter) -> Parts {
        let letter = Letter {
            subject: one_line(&letter.subject),
            paragraphs: letter
                .paragraphs
                .iter()
                .map(|text| one_line(text))
                .collect(),
            button: letter.button.as_ref().map(|button| Button {
                label: one_line(&button.label),
                path: one_line(&button.path),
            }),
            footnote: letter.footnote.as_deref().map(one_line),
        };
        let path = letter.button.as_ref().map(|button| &button.path);
        let link = path.map(|path| format!("{}{path}", self.app_url));
        Parts {
            text: self.text(&letter, link.as_deref()),
            html: self.html(&letter, link.as_deref()),
            subject: letter.subject,
            link,
        }
    }

    fn text(&self, letter: &Letter, link: Option<&str>) -> String {
        let mut text = String::new();
        for paragraph in &letter.paragraphs {
            text.push_str(paragraph);
            text.push_str("\n\n");
        }
        if let (Some(button), Some(link)) = (&letter.button, link) {
            // An address alone on its line is one that every program lets people open.
            written(write!(text, "{}:\n{link}\n\n", button.label));
        }
        text.push_str("-- \n");
        if let Some(footnote) = &letter.footnote {
            written(writeln!(text, "{footnote}"));
        }
        written(writeln!(text, "{} {}", self.name(), self.app_url));
        text
    }

    fn html(&self, letter: &Letter, link: Option<&str>) -> String {
        let mut html = format!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"color-scheme\" content=\"light dark\">\n\
             <meta name=\"supported-color-schemes\" content=\"light dark\">\n\
             <title>{}</title>\n<style>\n{STYLE}</style>\n</head>\n\
             <body class=\"page\" style=\"{PAGE}\">\n\
             <div class=\"sheet\" style=\"{SHEET}\">\n",
            escaped(&letter.subject)
        );
        for paragraph in &letter.paragraphs {
            written(writeln!(
                html,
                "<p style=\"{TEXT}\">{}</p>",
                escaped(paragraph)
            ));
        }
        if let (Some(button), Some(link)) = (&letter.button, link) {
            let (label, link) = (escaped(&button.label), escaped(link));
            written(write!(
                html,
                "<p style=\"{TEXT}\"><a href=\"{link}\" style=\"{BUTTON}\">{label}</a></p>\n\
                 <p class=\"quiet\" style=\"{QUIET}\">Or open this address:<br>\
                 <a class=\"link\" href=\"{link}\" style=\"{LINK}\">{link}</a></p>\n"
            ));
        }
        html.push_str("</div>\n");
        if let Some(footnote) = &letter.footnote {
            written(writeln!(
                html,
                "<p class=\"quiet\" style=\"{FOOT}\">{}</p>",
                escaped(footnote)
            ));
        }
        let (name, app_url) = (escaped(self.name()), escaped(&self.app_url));
        written(write!(
            html,
            "<p class=\"quiet\" style=\"{FOOT}\">\
             <a class=\"quiet\" href=\"{app_url}\" style=\"{QUIET_LINK}\">{name}</a></p>\n\
             </body>\n</html>\n"
        ));
        html
    }

    fn name(&self) -> &str {
        self.from.name.as_deref().unwrap_or("Orghub")
    }
}

/// Programs that know no style sheets get the light look from the elements themselves; the
/// others change it where it is dark.
const STYLE: &str = "\
:root { color-scheme: light dark; supported-color-schemes: light dark; }
@media (prefers-color-scheme: dark) {
  .page { background: #0f1012 !important; color: #ecedf0 !important; }
  .sheet { background: #16171a !important; border-color: #292b31 !important; }
  .quiet { color: #a2a6b1 !important; }
  .link { color: #b3b1ff !important; }
}
";

const PAGE: &str = "margin:0;padding:24px 12px;background:#fbfbfc;color:#17181c;\
                    font:16px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,sans-serif";
const SHEET: &str = "max-width:520px;margin:0 auto;padding:24px;background:#ffffff;\
                     border:1px solid #e5e6ea;border-radius:11px";
const TEXT: &str = "margin:0 0 16px";
const BUTTON: &str = "display:inline-block;padding:10px 16px;border-radius:7px;\
                      background:#5451c8;color:#ffffff;text-decoration:none;font-weight:600";
const QUIET: &str = "margin:0;color:#5c606b;font-size:14px";
const LINK: &str = "color:#4a47ba;word-break:break-all";
const FOOT: &str = "max-width:520px;margin:16px auto 0;padding:0 24px;color:#5c606b;\
                    font-size:13px";
const QUIET_LINK: &str = "color:#5c606b";

/// The recipient as the mail library writes it: letters of a domain that are not ASCII in
/// the form that every server knows.
fn recipient(to: &Email) -> Option<Address> {
    let (user, domain) = to.as_str().split_once('@')?;
    if domain.is_ascii() {
        return Address::new(user, domain).ok();
    }
    match Host::parse(domain).ok()? {
        Host::Domain(domain) => Address::new(user, domain).ok(),
        Host::Ipv4(_) | Host::Ipv6(_) => None,
    }
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

fn written(outcome: std::fmt::Result) {
    outcome.expect("writing to a string never fails");
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    fn sender() -> Sender {
        let from = MailFrom::parse("Émile's Hub <no-reply@hub.test>").expect("a sender");
        Sender::new("https://hub.test", &from).expect("an address")
    }

    fn letter() -> Letter {
        Letter {
            subject: "Confirm your address".to_owned(),
            paragraphs: vec!["Hello Ada,".to_owned(), "One more step.".to_owned()],
            button: Some(Button {
                label: "Confirm".to_owned(),
                path: "/confirm?token=abc&x=1".to_owned(),
            }),
            footnote: Some("You signed up at Orghub.".to_owned()),
        }
    }

    fn written_to(address: &str, letter: &Letter) -> Result<String> {
        let id = MailId(
            "0197c0de-0000-7000-8000-000000000001"
                .parse()
                .expect("an id"),
        );
        let to = Email::parse(address).expect("an address");
        let when = datetime!(2026-01-02 03:04:05 UTC);
        Ok(sender().write(id, &to, letter, when)?.text)
    }

    /// The headers with those that go on over several lines on one.
    fn headers(message: &str) -> Vec<String> {
        let (headers, _) = message.split_once("\r\n\r\n").expect("headers and a body");
        let unfolded = headers.replace("\r\n ", " ");
        unfolded.split("\r\n").map(str::to_owned).collect()
    }

    #[test]
    fn headers_name_the_message_and_that_a_program_wrote_it() {
        let message = written_to("ada@users.test", &letter()).expect("a message");
        let headers = headers(&message);
        for header in [
            "To: ada@users.test",
            "Subject: Confirm your address",
            "Date: Fri, 02 Jan 2026 03:04:05 +0000",
            "Message-ID: <0197c0de-0000-7000-8000-000000000001@hub.test>",
            "Auto-Submitted: auto-generated",
            "MIME-Version: 1.0",
        ] {
            assert!(
                headers.iter().any(|line| line == header),
                "{header} in {headers:#?}"
            );
        }
        assert!(message.is_ascii(), "every server takes it");
        assert!(message.contains("text/plain") && message.contains("text/html"));
    }

    #[test]
    fn nobody_can_add_a_header() {
        let letter = Letter {
            subject: "Ada\r\nBcc: eve@evil.test\r\n\r\nHello".to_owned(),
            ..letter()
        };
        let message = written_to("ada@users.test", &letter).expect("a message");
        let headers = headers(&message);
        assert!(
            headers
                .iter()
                .any(|line| line == "Subject: Ada Bcc: eve@evil.test Hello"),
            "{headers:#?}"
        );
        assert!(
            !headers.iter().any(|line| line.starts_with("Bcc")),
            "{headers:#?}"
        );
    }

    #[test]
    fn both_parts_say_the_same_and_names_are_no_html() {
        let letter = Letter {
            paragraphs: vec!["<b>Ada</b> & \"Co\" invited\nyou.".to_owned()],
            ..letter()
        };
        let parts = sender().parts(&letter);
        let link = "https://hub.test/confirm?token=abc&x=1";
        assert_eq!(parts.link.as_deref(), Some(link));
        assert_eq!(
            parts.text,
            format!(
                "<b>Ada</b> & \"Co\" invited you.\n\nConfirm:\n{link}\n\n-- \n\
                 You signed up at Orghub.\nÉmile's Hub https://hub.test\n"
            )
        );
        for text in [
            "&lt;b&gt;Ada&lt;/b&gt; &amp; &quot;Co&quot; invited you.",
            "href=\"https://hub.test/confirm?token=abc&amp;x=1\"",
            "prefers-color-scheme: dark",
            "You signed up at Orghub.",
        ] {
            assert!(parts.html.contains(text), "{text} in {}", parts.html);
        }
        for loaded in ["<img", "src=", "url(", "<script", "<link"] {
            assert!(!parts.html.contains(loaded), "{loaded} in {}", parts.html);
        }
    }

    #[test]
    fn addresses_of_other_scripts_are_written_to_where_that_is_possible() {
        let to = |address: &str| {
            let email = Email::parse(address).expect(address);
            recipient(&email).map(|address| address.to_string())
        };
        assert_eq!(
            to("ada@bücher.test").as_deref(),
            Some("ada@xn--bcher-kva.test")
        );
        assert_eq!(to("ädä@users.test").as_deref(), Some("ädä@users.test"));
        assert_eq!(to("a,b@users.test"), None);
        assert_eq!(to("ada@users..test"), None);
    }

    #[test]
    fn debug_does_not_show_what_a_link_opens() {
        let shown = format!("{:?}", letter());
        assert!(
            shown.contains("Confirm") && !shown.contains("abc"),
            "{shown}"
        );
    }
}

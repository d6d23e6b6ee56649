//! How a form is read.
//!
//! Leptos' own decoder answers what it cannot read in its own way: a redirect to wherever
//! the `Referer` says, or a 500; and it takes bytes that are no text for some text. Here a
//! form is read strictly, and one that cannot be read is answered like any other refused
//! form: on its own page, with a message and with what could be read of it.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use leptos::{
    context::{provide_context, use_context},
    server_fn::{
        Bytes, ContentType, Decodes, Encodes, Format, FormatType,
        codec::{Post, PostUrl},
    },
};
use orghub_domain::routes;
use percent_encoding::percent_decode_str;
use serde::{
    Serialize,
    de::{
        DeserializeOwned,
        value::{Error as ValueError, MapDeserializer},
    },
};

use super::{FormPost, catalog::by_action};
use crate::{error::AppError, response};

/// The encoding of HTML forms, read strictly: `#[server(input = FormUrl)]`. Fields are
/// text; each may come once.
pub type FormUrl = Post<Strict>;

/// See [`FormUrl`].
pub struct Strict;

impl ContentType for Strict {
    const CONTENT_TYPE: &'static str = PostUrl::CONTENT_TYPE;
}

impl FormatType for Strict {
    const FORMAT_TYPE: Format = Format::Text;
}

/// For programs in Rust that call an endpoint; a form is encoded by the browser.
impl<T: Serialize> Encodes<T> for Strict {
    type Error = serde_json::Error;

    fn encode(fields: &T) -> Result<Bytes, Self::Error> {
        let fields: BTreeMap<String, String> =
            serde_json::from_value(serde_json::to_value(fields)?)?;
        let fields: Vec<_> = fields
            .iter()
            .map(|(name, value)| (name.as_str(), value.clone()))
            .collect();
        let query = routes::with_query(String::new(), &fields);
        Ok(query.trim_start_matches('?').to_owned().into())
    }
}

impl<T: DeserializeOwned> Decodes<T> for Strict {
    type Error = AppError;

    fn decode(body: Bytes) -> Result<T, AppError> {
        let is_form = response::request_content_type().is_none_or(|kind| is_urlencoded(&kind));
        let submitted = Submitted::read(&body);
        let is_readable = is_form && submitted.is_readable;
        let fields = submitted.fields.clone().into_iter();
        provide_context(submitted);
        match T::deserialize(MapDeserializer::<_, ValueError>::new(fields)) {
            Ok(args) if is_readable => Ok(args),
            _ => {
                refuse();
                // What is said is in the headers; the error only ends Leptos' work.
                Err(AppError::BadRequest)
            }
        }
    }
}

fn is_urlencoded(content_type: &str) -> bool {
    let kind = content_type.split(';').next().unwrap_or_default();
    kind.trim().eq_ignore_ascii_case(PostUrl::CONTENT_TYPE)
}

fn refuse() {
    let error = AppError::BadRequest;
    let path = response::request_path();
    match by_action(path.split('?').next().unwrap_or_default()) {
        Some(form) if !response::wants_json() => {
            let [org, return_to] = ["org", "return_to"].map(Submitted::field);
            FormPost::in_org(form, &org, &return_to).refuse(&error);
            if !response::wants_a_page() {
                response::set_error(&error);
            }
        }
        _ => response::set_error(&error),
    }
}

/// The fields of the form that is being answered.
#[derive(Clone, Debug, Default)]
pub(super) struct Submitted {
    /// Names and values, as far as they can be read, in the order of their names.
    fields: Vec<(String, String)>,
    is_readable: bool,
}

impl Submitted {
    fn read(body: &[u8]) -> Self {
        let mut fields = BTreeMap::new();
        let (mut seen, mut is_readable) = (BTreeSet::new(), true);
        for pair in body
            .split(|byte| *byte == b'&')
            .filter(|pair| !pair.is_empty())
        {
            let end = pair.iter().position(|byte| *byte == b'=');
            let (name, value) = pair.split_at(end.unwrap_or(pair.len()));
            match (decode(name), decode(value.get(1..).unwrap_or_default())) {
                (Some(name), Some(value)) if seen.insert(name.clone()) => {
                    fields.insert(name, value);
                }
                _ => is_readable = false,
            }
        }
        Self {
            fields: fields.into_iter().collect(),
            is_readable,
        }
    }

    /// What was sent, if a form was.
    pub(super) fn fields() -> Vec<(String, String)> {
        Self::find_fields().unwrap_or_default()
    }

    /// The same; `None`: it was a form with a file, which is not read here.
    pub(super) fn find_fields() -> Option<Vec<(String, String)>> {
        Some(use_context::<Self>()?.fields)
    }

    /// One field; empty if it was not sent.
    fn field(name: &str) -> String {
        let found = Self::fields().into_iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value).unwrap_or_default()
    }
}

/// `None`: a broken escape, bytes that are no UTF-8, or a zero, which no field can hold.
fn decode(bytes: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(bytes).ok()?.replace('+', " ");
    let is_escape = |escape: &str| {
        let digits = escape.as_bytes().get(..2);
        digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    };
    if !text.split('%').skip(1).all(is_escape) {
        return None;
    }
    let decoded = percent_decode_str(&text).decode_utf8().ok()?;
    (!decoded.contains('\0')).then(|| Cow::into_owned(decoded))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &[u8]) -> (Vec<(String, String)>, bool) {
        let submitted = Submitted::read(body);
        (submitted.fields, submitted.is_readable)
    }

    fn owned(fields: &[(&str, &str)]) -> Vec<(String, String)> {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        fields.iter().map(owned).collect()
    }

    #[test]
    fn what_browsers_send_is_read() {
        for (body, fields) in [
            (&b""[..], &[][..]),
            (
                b"name=Acme&slug=acme",
                &[("name", "Acme"), ("slug", "acme")],
            ),
            (b"name=S%C3%B8hne+%26+Co%2B", &[("name", "Søhne & Co+")]),
            (b"name=S\xc3\xb8hne", &[("name", "Søhne")]),
            (b"name=a=b&&slug", &[("name", "a=b"), ("slug", "")]),
            (b"name=%F0%9F%8F%94", &[("name", "🏔")]),
            ("name=\u{202e}".as_bytes(), &[("name", "\u{202e}")]),
        ] {
            assert_eq!(read(body), (owned(fields), true), "{body:?}");
        }
    }

    #[test]
    fn what_is_no_text_is_not_guessed_at() {
        for body in [
            &b"name=Caf\xe9&slug=acme"[..],
            b"name=Caf%E9&slug=acme",
            b"name=%&slug=acme",
            b"name=%4&slug=acme",
            b"name=%zz&slug=acme",
            b"name=%C0%AF&slug=acme",
            b"name=%ED%A0%80&slug=acme",
            b"name=%00&slug=acme",
            b"n%FFme=x&slug=acme",
        ] {
            assert_eq!(read(body), (owned(&[("slug", "acme")]), false), "{body:?}");
        }
    }

    #[test]
    fn a_field_that_comes_twice_is_not_readable() {
        let (fields, is_readable) = read(b"name=a&name=b&slug=acme");
        assert_eq!(fields, owned(&[("name", "a"), ("slug", "acme")]));
        assert!(!is_readable);
        assert!(!read(b"n%61me=a&name=a").1);
    }

    #[test]
    fn other_encodings_are_told_apart() {
        for kind in [
            "application/x-www-form-urlencoded",
            "Application/X-WWW-Form-Urlencoded; charset=UTF-8",
        ] {
            assert!(is_urlencoded(kind), "{kind}");
        }
        for kind in [
            "multipart/form-data; boundary=x",
            "application/json",
            "text/plain",
            "",
        ] {
            assert!(!is_urlencoded(kind), "{kind}");
        }
    }
}

//! The frame of every page, and its parts.

use axum::{
    http::StatusCode,
    response::{Html, IntoResponse, Redirect, Response},
};

use crate::objects::Card;

const STYLE: &str = "body{font:1rem/1.5 system-ui,sans-serif;max-width:40rem;margin:2rem auto;\
    padding:0 1rem;color:#1a1a1a;background:#fff}h1,h2{line-height:1.2}\
    section,fieldset{margin:1.5rem 0;border:1px solid #767676;border-radius:.25rem;padding:1rem}\
    label,button{display:block;margin:.5rem 0}label.inline{display:flex;gap:.5rem}\
    input[type=text],select,textarea{width:100%;box-sizing:border-box;font:inherit;padding:.25rem}\
    button{font:inherit;padding:.5rem 1rem}[role=alert]{border:2px solid #b00020;padding:.5rem}\
    table{width:100%;border-collapse:collapse}th,td{text-align:start;padding:.25rem}";

/// A whole page. `body` is HTML.
pub(super) fn page(title: &str, body: &str) -> Response {
    let title = escape(title);
    Html(format!(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>{title} – Stripe fake</title><link rel=\"icon\" href=\"data:,\"><style>{STYLE}</style></head>\
         <body><header><strong>Stripe fake</strong>: no money moves here.</header>\
         <main><h1>{title}</h1>{body}</main></body></html>"
    ))
    .into_response()
}

pub(super) fn not_found(what: &str) -> Response {
    let mut response = page("Not found", &format!("<p>There is no such {what}.</p>"));
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}

/// A refusal, with a way back.
pub(super) fn refused(status: StatusCode, message: &str, back: &str) -> Response {
    let body = format!("{}<p><a href=\"{back}\">Back</a></p>", alert(message));
    let mut response = page("That did not work", &body);
    *response.status_mut() = status;
    response
}

pub(super) fn alert(message: &str) -> String {
    format!("<p role=\"alert\">{}</p>", escape(message))
}

/// Goes on by GET.
pub(super) fn redirect(to: &str) -> Response {
    Redirect::to(to).into_response()
}

/// A link that looks like one; nothing without an address.
pub(super) fn link(to: &str, text: &str) -> String {
    if to.is_empty() {
        return String::new();
    }
    format!("<p><a href=\"{}\">{}</a></p>", escape(to), escape(text))
}

/// A form of one button; `value` is sent as `name`.
pub(super) fn button(action: &str, name: &str, value: &str, text: &str) -> String {
    format!(
        "<form method=\"post\" action=\"{action}\"><button name=\"{name}\" value=\"{value}\">\
         {}</button></form>",
        escape(text)
    )
}

/// A field for a line of text.
pub(super) fn input(name: &str, label: &str, value: &str) -> String {
    format!(
        "<label>{label} <input type=\"text\" name=\"{name}\" value=\"{}\"></label>",
        escape(value)
    )
}

/// Radio buttons: values, texts; the one that is chosen.
pub(super) fn radios(
    name: &str,
    legend: &str,
    options: &[(String, String)],
    chosen: &str,
) -> String {
    let options: String = options
        .iter()
        .map(|(value, text)| {
            let checked = if value == chosen { " checked" } else { "" };
            format!(
                "<label class=\"inline\"><input type=\"radio\" name=\"{name}\" value=\"{}\" \
                 required{checked}> {}</label>",
                escape(value),
                escape(text)
            )
        })
        .collect();
    format!("<fieldset><legend>{legend}</legend>{options}</fieldset>")
}

/// The cards to choose from.
pub(super) fn cards() -> String {
    let options = Card::ALL.map(|(_, value, text)| (value.to_owned(), text.to_owned()));
    radios("card", "Card", &options, "works")
}

pub(super) fn escape(text: &str) -> String {
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

//! `/dev/mailbox`: the messages that a mail server would have got, for whoever develops.
//!
//! Anybody who reaches the server may read them, so it exists only where the program runs in
//! development and no mail server is set up.

use std::fmt::Write as _;

use axum::{
    Json,
    extract::{Path, State},
    response::{Html, IntoResponse, Response},
};
use html_escape::{encode_double_quoted_attribute, encode_text};
use http::{HeaderMap, HeaderValue, header};
use orghub::{
    config::AppEnv, domain::MailId, error::Error, mail::KeptMessage, routes, services::Services,
};
use orghub_ui::{error::AppError, response::accepts_json};

use crate::error_page;

/// The list may have a style of its own and show messages.
const LIST_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self'; frame-src 'self'; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

/// A message may do what it may in a mail program: look as it likes, and have links.
const MESSAGE_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; \
     frame-ancestors 'self'; sandbox allow-top-navigation-by-user-activation",
);

const STYLE: &str = "\
main { max-width: 52rem; margin: 2rem auto; padding: 0 1rem; }
article { margin: 2rem 0; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; }
iframe { width: 100%; height: 26rem; border: 1px solid; border-radius: 7px; }
";

/// All messages, the latest first, as a page or as JSON.
pub async fn list(State(services): State<Services>, headers: HeaderMap) -> Response {
    if accepts_json(&headers) {
        return list_json(State(services)).await;
    }
    match kept(&services).await {
        Ok(messages) => {
            let policy = [(header::CONTENT_SECURITY_POLICY, LIST_POLICY)];
            (policy, Html(page(&messages))).into_response()
        }
        Err(error) => error_page::of(&error),
    }
}

/// All messages, the latest first.
pub async fn list_json(State(services): State<Services>) -> Response {
    match kept(&services).await {
        Ok(messages) => Json(messages).into_response(),
        Err(error) => error_page::answer(true, &error),
    }
}

/// The HTML part of one message.
pub async fn show(State(services): State<Services>, Path(id): Path<String>) -> Response {
    match find(&services, &id).await {
        Ok(message) => {
            let headers = [
                (header::CONTENT_SECURITY_POLICY, MESSAGE_POLICY),
                (
                    header::X_FRAME_OPTIONS,
                    HeaderValue::from_static("SAMEORIGIN"),
                ),
            ];
            // A link leads the window there, not the frame in the list.
            let html = message
                .html
                .replacen("<head>", "<head><base target=\"_top\">", 1);
            (headers, Html(html)).into_response()
        }
        Err(error) => error_page::of(&error),
    }
}

async fn kept(services: &Services) -> Result<Vec<KeptMessage>, AppError> {
    check_mailbox(services)?;
    Ok(services.mail.list_kept().await?)
}

async fn find(services: &Services, id: &str) -> Result<KeptMessage, AppError> {
    check_mailbox(services)?;
    let id: MailId = id.parse().map_err(|_| Error::NotFound)?;
    Ok(services.mail.get_kept(id).await?)
}

fn check_mailbox(services: &Services) -> Result<(), AppError> {
    let is_there = services.config.app_env == AppEnv::Development && services.mail.keeps_messages();
    if is_there {
        Ok(())
    } else {
        Err(AppError::NotFound)
    }
}

fn page(messages: &[KeptMessage]) -> String {
    let mut html = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\"><title>Mailbox · Orghub</title>\
         <link rel=\"stylesheet\" href=\"/pkg/orghub.css\">\
         <link rel=\"icon\" href=\"/favicon.svg\" type=\"image/svg+xml\">\
         <style>{STYLE}</style></head><body><main><h1>Mailbox</h1>\
         <p>Messages that were not sent, because no mail server is set up (SMTP_URL).</p>\n"
    );
    if messages.is_empty() {
        html.push_str("<p>There are none yet.</p>\n");
    }
    for message in messages {
        article(&mut html, message).expect("writing to a string never fails");
    }
    html.push_str("</main></body></html>\n");
    html
}

fn article(html: &mut String, message: &KeptMessage) -> std::fmt::Result {
    let KeptMessage { id, written, .. } = message;
    let (subject, to) = (
        encode_text(&message.subject),
        encode_text(message.to.as_str()),
    );
    let title = encode_double_quoted_attribute(&message.subject);
    writeln!(
        html,
        "<article id=\"{id}\"><h2><bdi>{subject}</bdi></h2>\
         <p>To <bdi>{to}</bdi>, <time datetime=\"{written}\">{written}</time></p>"
    )?;
    if let Some(link) = &message.link {
        let href = encode_double_quoted_attribute(link);
        writeln!(html, "<p><a href=\"{href}\">{}</a></p>", encode_text(link))?;
    }
    writeln!(
        html,
        "<iframe src=\"{}/{id}\" title=\"{title}\" loading=\"lazy\" \
         sandbox=\"allow-top-navigation-by-user-activation\"></iframe>\
         <details><summary>Text</summary><pre dir=\"auto\">{}</pre></details>\
         <details><summary>Headers</summary><pre>{}</pre></details></article>",
        routes::MAILBOX,
        encode_text(&message.text),
        encode_text(&message.headers),
    )
}

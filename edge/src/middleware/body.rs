//! Reads what a form sends before anything is done with it. Forms are short, so they are
//! read whole: what is too long, broken or never ends is answered here, in a page of ours,
//! and nothing behind has to.

use std::{error::Error as _, time::Duration};

use axum::{
    body::{Body, to_bytes},
    extract::Request,
    middleware::Next,
    response::Response,
};
use http::{HeaderMap, Method};
use http_body_util::LengthLimitError;
use orghub::{domain::PictureOf, routes::api};
use orghub_ui::error::AppError;
use tokio::time::timeout;

use crate::error_page;

/// Most bytes of a form: the largest has a few short fields.
const MAX_BYTES: usize = 64 * 1024;

/// And of one with a file, which says itself when that is too large: the largest is a picture.
const MAX_FILE_BYTES: usize = 2 * PictureOf::User.max_bytes();

/// How long a form may take to arrive. At 64 KB that is a modem's pace.
const TIME_LIMIT: Duration = Duration::from_secs(20);

/// Puts the whole body in place of the one that is still arriving.
pub async fn read_whole(request: Request, next: Next) -> Response {
    if request.method() != Method::POST {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let takes_a_file = api::UPLOADS.contains(&parts.uri.path());
    let has_parts = has_parts(&parts.headers);
    let most = if takes_a_file && has_parts {
        MAX_FILE_BYTES
    } else {
        MAX_BYTES
    };
    match read(&parts.headers, body, most).await {
        // Leptos panics where a form with a file does not say what parts it.
        Ok(_) if takes_a_file && !has_parts => {
            error_page::to(&parts.headers, &AppError::BadRequest)
        }
        Ok(body) => next.run(Request::from_parts(parts, body)).await,
        Err(error) => error_page::to(&parts.headers, &error),
    }
}

/// Whether it is a form with files.
fn has_parts(headers: &HeaderMap) -> bool {
    headers
        .get(http::header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .is_some_and(|kind| multer::parse_boundary(kind).is_ok())
}

async fn read(headers: &HeaderMap, body: Body, most: usize) -> Result<Body, AppError> {
    let says_more = headers
        .get(http::header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse().ok())
        .is_some_and(|length: usize| length > most);
    if says_more {
        return Err(AppError::TooLarge);
    }
    match timeout(TIME_LIMIT, to_bytes(body, most)).await {
        Ok(Ok(bytes)) => Ok(Body::from(bytes)),
        Ok(Err(error))
            if error
                .source()
                .is_some_and(|error| error.is::<LengthLimitError>()) =>
        {
            Err(AppError::TooLarge)
        }
        Ok(Err(_broken)) => Err(AppError::BadRequest),
        Err(_elapsed) => Err(AppError::Timeout),
    }
}

//! What a user fetches that is no page: pictures, and all that is kept about them.

use axum::{
    Extension,
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use http::{HeaderValue, header};
use orghub::{
    auth::RequestUser,
    domain::PictureHash,
    error::Error,
    routes::{self, AccountPage},
};

use crate::{error_page, state::AppState};

/// A picture's name changes with its content, so a browser need never ask again. Nobody
/// else may keep it.
const FOR_EVER: HeaderValue = HeaderValue::from_static("private, max-age=31536000, immutable");

/// The picture of a user, or the logo of an organization. Names are told to whoever may see
/// the one or the other, and are not to be guessed; besides, it takes somebody signed in.
pub async fn picture(
    State(state): State<AppState>,
    Extension(RequestUser(user)): Extension<RequestUser>,
    Path(hash): Path<String>,
) -> Response {
    let (Some(_), Ok(hash)) = (user, hash.parse::<PictureHash>()) else {
        return error_page::from_error(Error::NotFound);
    };
    match state.services.pictures.get(&hash).await {
        Ok(picture) => {
            let kind = HeaderValue::from_static("image/jpeg");
            let headers = [
                (header::CONTENT_TYPE, kind),
                (header::CACHE_CONTROL, FOR_EVER),
            ];
            (headers, picture.0).into_response()
        }
        Err(error) => error_page::from_error(error),
    }
}

/// A file with all that is kept about the user.
pub async fn export(
    State(state): State<AppState>,
    Extension(RequestUser(user)): Extension<RequestUser>,
) -> Response {
    let sign_in = || Redirect::to(&routes::sign_in_then(AccountPage::Profile.path()));
    let Some(user) = user else {
        return sign_in().into_response();
    };
    match state.services.auth.export(&user).await {
        Ok(export) => {
            let headers = [
                (header::CONTENT_TYPE, "application/json"),
                (
                    header::CONTENT_DISPOSITION,
                    r#"attachment; filename="orghub-account.json""#,
                ),
            ];
            (headers, export.0).into_response()
        }
        Err(Error::SignedOut) => sign_in().into_response(),
        Err(error) => error_page::from_error(error),
    }
}

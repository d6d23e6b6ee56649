//! The choice of colors.

use leptos::prelude::*;

use crate::{
    error::AppError,
    forms::{self, Done, FormPost},
    response,
    theme::Theme,
};

/// Keeps the choice in a cookie. Open to everybody. With JavaScript the island does the
/// same without a request.
#[server(prefix = "/api", endpoint = "set_theme")]
pub async fn set_theme(
    /// Anything unknown means the system's.
    #[server(default)]
    theme: String,
) -> Result<(), AppError> {
    FormPost::of(&forms::SET_THEME)
        .answer(async {
            response::set_cookie(&Theme::parse(&theme).cookie());
            Ok(Done::back())
        })
        .await
}

//! The choice of colors.

use leptos::prelude::*;
use orghub_ui::{
    error::AppError,
    forms::{self, Done, FormPost, FormUrl},
    response,
    theme::Theme,
};

use crate::services::services;

/// Keeps the choice in a cookie. Open to everybody. With JavaScript the island does the
/// same without a request.
#[server(prefix = "/api", endpoint = "set_theme", input = FormUrl)]
pub async fn set_theme(
    /// Anything unknown means the system's.
    #[server(default)]
    theme: String,
) -> Result<(), AppError> {
    FormPost::of(&forms::SET_THEME)
        .answer(async {
            let is_secure = services().config.cookie_is_secure();
            response::set_cookie(&Theme::parse(&theme).cookie(is_secure));
            Ok(Done::back())
        })
        .await
}

//! The choice of colors.

use leptos::prelude::*;
use orghub::routes;

use crate::{error::AppError, response, theme::Theme};

/// Keeps the choice of colors in a cookie and returns to the page it was made
/// on. Open to everybody. With JavaScript the island does the same at once.
#[server(prefix = "/api", endpoint = "set_theme")]
pub async fn set_theme(
    /// The choice; anything unknown means the system's.
    #[server(default)]
    theme: String,
) -> Result<(), AppError> {
    response::set_cookie(&Theme::parse(&theme).cookie());
    if !response::wants_json() {
        response::see_other(&response::referring_path().unwrap_or_else(|| routes::HOME.to_owned()));
    }
    Ok(())
}

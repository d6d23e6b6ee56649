use leptos::server_fn::codec::MultipartData;
use orghub::domain::{Invalid, PictureOf};
use orghub_ui::error::AppError;

/// A form with a file. The server has read it already, and refused what is far too large.
pub(super) struct Upload {
    /// Its field `org`; empty: it has none before the file.
    pub org: String,
    pub file: Result<Vec<u8>, AppError>,
}

impl Upload {
    /// Reads as far as the picture.
    pub async fn picture(data: MultipartData, of: PictureOf) -> Self {
        Self::read(data, of.field(), "Choose a picture first.").await
    }

    /// Reads as far as the file in `field`; if there is none, `missing` is said.
    pub async fn read(data: MultipartData, field: &'static str, missing: &'static str) -> Self {
        let mut org = String::new();
        let file = read(data, field, missing, &mut org).await;
        Self { org, file }
    }
}

async fn read(
    data: MultipartData,
    field: &'static str,
    missing: &'static str,
    org: &mut String,
) -> Result<Vec<u8>, AppError> {
    let mut parts = data.into_inner().ok_or(AppError::BadRequest)?;
    while let Some(part) = parts.next_field().await.map_err(|_| AppError::BadRequest)? {
        match part.name() {
            Some("org") => *org = part.text().await.map_err(|_| AppError::BadRequest)?,
            Some(name) if name == field => {
                let file = part.bytes().await.map_err(|_| AppError::BadRequest)?;
                if file.is_empty() {
                    break;
                }
                return Ok(file.into());
            }
            _ => {}
        }
    }
    Err(Invalid::new(field, missing).into())
}

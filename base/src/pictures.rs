//! Pictures that people send, of themselves and of organizations: decoded, cut to a square and
//! encoded anew. What is kept is always of our own making.

use std::{io::Cursor, sync::Arc};

use image::{
    DynamicImage, ImageFormat, ImageReader, Limits, Rgb, RgbImage, codecs::jpeg::JpegEncoder,
    imageops::FilterType,
};
use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;

use crate::{
    boxed,
    db::{self, Db},
    domain::{Invalid, PictureHash, PictureOf},
    error::{Error, Result},
    telemetry::SPANS,
};

/// Width and height of what is kept, in pixels: three times the largest place.
const SIDE: u32 = 192;

/// Widest and highest picture that is read, in pixels.
const MAX_SIDE: u32 = 8_000;

/// Most memory that decoding may take, in bytes.
const MAX_MEMORY: u64 = 256 * 1024 * 1024;

/// Of 100.
const JPEG_QUALITY: u8 = 85;

/// How many pictures a node decodes at once.
const AT_ONCE: usize = 1;

/// A JPEG of our own making.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture(pub Vec<u8>);

impl Picture {
    /// Its name.
    pub fn hash(&self) -> PictureHash {
        PictureHash(Sha256::digest(&self.0).into())
    }
}

/// Makes and finds pictures. Cheap to clone; clones share the places for decoding.
#[derive(Clone)]
pub struct Pictures {
    db: Db,
    places: Arc<Semaphore>,
}

impl Pictures {
    pub fn new(db: Db) -> Self {
        Self {
            db,
            places: Arc::new(Semaphore::new(AT_ONCE)),
        }
    }

    /// Decodes and encodes anew: nothing of what was sent is kept but its colors, neither
    /// places and cameras nor what a decoder elsewhere could stumble over. Takes PNG, JPEG
    /// and WebP of as many bytes as [`PictureOf::max_bytes`] says.
    ///
    /// # Errors
    /// [`Error::Invalid`] on the field [`PictureOf::field`]; [`Error::Busy`] while another
    /// one is decoded.
    pub async fn make(&self, of: PictureOf, sent: Vec<u8>) -> Result<Picture> {
        if sent.len() > of.max_bytes() {
            let most = of.max_megabytes();
            let message = format!("This file has more than {most} MB. Choose a smaller picture.");
            return Err(Invalid::new(of.field(), message).into());
        }
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
            return Err(Error::Busy);
        };
        let made = tokio::task::spawn_blocking(move || {
            let _place = place;
            square(&sent)
        });
        made.await
            .map_err(Error::internal)?
            .map_err(|problem| match problem {
                Problem::Refused(message) => Invalid::new(of.field(), message).into(),
                Problem::Failed(error) => error,
            })
    }

    /// The picture of this name. Only pages tell names, to whoever may see the user or the
    /// organization.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    #[tracing::instrument(level = "debug", target = SPANS, name = "pictures.get", skip_all)]
    #[boxed]
    pub async fn get(&self, hash: &PictureHash) -> Result<Picture> {
        let found = db::pictures::find(&self.db.reader(), hash).await?;
        found.map(Picture).ok_or(Error::NotFound)
    }
}

/// Why there is no picture.
#[derive(Debug)]
enum Problem {
    /// What is wrong with the file.
    Refused(&'static str),
    /// It was not the file.
    Failed(Error),
}

fn square(sent: &[u8]) -> Result<Picture, Problem> {
    const UNREADABLE: &str = "This file could not be read. Choose a PNG, JPEG or WebP picture.";
    let mut reader = ImageReader::new(Cursor::new(sent))
        .with_guessed_format()
        .map_err(failed)?;
    if !matches!(
        reader.format(),
        Some(ImageFormat::Png | ImageFormat::Jpeg | ImageFormat::WebP)
    ) {
        return Err(Problem::Refused(UNREADABLE));
    }
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_MEMORY);
    reader.limits(limits);
    let picture = match reader.decode() {
        Ok(picture) => picture,
        Err(image::ImageError::Limits(_)) => {
            return Err(Problem::Refused(
                "This picture is too large. Use at most 8,000 × 8,000 pixels.",
            ));
        }
        Err(_) => return Err(Problem::Refused(UNREADABLE)),
    };
    let small = picture.resize_to_fill(SIDE, SIDE, FilterType::CatmullRom);
    let mut content = Vec::new();
    JpegEncoder::new_with_quality(&mut content, JPEG_QUALITY)
        .encode_image(&on_white(&small))
        .map_err(failed)?;
    Ok(Picture(content))
}

/// JPEG knows no transparency.
fn on_white(picture: &DynamicImage) -> RgbImage {
    let picture = picture.to_rgba8();
    RgbImage::from_fn(picture.width(), picture.height(), |x, y| {
        let [red, green, blue, alpha] = picture.get_pixel(x, y).0;
        let alpha = u16::from(alpha);
        let over = |color: u8| ((u16::from(color) * alpha + 255 * (255 - alpha)) / 255) as u8;
        Rgb([over(red), over(green), over(blue)])
    })
}

fn failed(error: impl std::error::Error + Send + Sync + 'static) -> Problem {
    Problem::Failed(Error::internal(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        picture.write_to(&mut bytes, format).expect("it encodes");
        bytes.into_inner()
    }

    #[test]
    fn what_is_kept_is_a_small_square_jpeg() {
        let wide = DynamicImage::new_rgba8(600, 100);
        for format in [ImageFormat::Png, ImageFormat::WebP] {
            let kept = square(&encoded(&wide, format)).expect("a picture");
            let read = image::load_from_memory_with_format(&kept.0, ImageFormat::Jpeg);
            let read = read.expect("a JPEG");
            assert_eq!((read.width(), read.height()), (SIDE, SIDE));
            assert!(kept.0.len() < 50_000);
            let [red, ..] = read.to_rgb8().get_pixel(5, 5).0;
            assert!(red > 250, "what is transparent is white");
        }
    }

    #[test]
    fn what_is_no_picture_is_refused() {
        let png = encoded(&DynamicImage::new_rgb8(9, 9), ImageFormat::Png);
        let mut bomb = png.clone();
        // The width in the header; its checksum is wrong now, too.
        bomb[16..20].copy_from_slice(&60_000_u32.to_be_bytes());
        for sent in [&b""[..], b"<svg/>", b"GIF89a", &png[..40], &bomb] {
            assert!(matches!(square(sent), Err(Problem::Refused(_))));
        }
    }
}

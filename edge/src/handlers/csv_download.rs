//! Files about an organization that are made as they are sent: of a download that is slow, or
//! broken off, nothing waits. Every piece is asked for as a request would be, so that it ends
//! with the session, the membership or the right.

use axum::{
    body::{Body, Bytes},
    extract::FromRequestParts,
    response::{IntoResponse, Response},
};
use futures::stream;
use http::{HeaderName, HeaderValue, header, request::Parts};
use orghub::{
    access::OrgAccess,
    csv_file::CsvPiece,
    domain::{Barred, OrgSlug, Permission},
    error::{Error, Result},
    services::Services,
};
use tower_sessions::{Session, session::Id};

use crate::{error_page, state::AppState};

/// A member who asks for a file, as the layers found them.
pub struct Asker {
    pub access: OrgAccess,
    pub session: Id,
}

impl FromRequestParts<AppState> for Asker {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, _state: &AppState) -> Result<Self, Response> {
        let found = &parts.extensions;
        let access = found.get::<OrgAccess>().cloned();
        let session = found.get::<Session>().and_then(Session::id);
        match access.zip(session) {
            Some((access, session)) => Ok(Self { access, session }),
            None => Err(error_page::from_error(match found.get::<Barred>() {
                Some(Barred::SecondFactor { .. }) => Error::SecondFactorFirst,
                _ => Error::NotFound,
            })),
        }
    }
}

/// What a file is made of: each piece says how to get the next.
pub trait Pieces: Sized + Send + Sync + 'static {
    /// The file is `{slug}-{NAME}.csv`.
    const NAME: &str;
    /// What it takes to be told that there is such a file. Each piece asks for it by itself.
    const NEEDS: Permission;

    /// Asks for this piece.
    fn get(
        &self,
        services: &Services,
        access: &OrgAccess,
    ) -> impl Future<Output = Result<CsvPiece<Self>>> + Send;
}

/// The file: `head`, then the pieces from `first` on.
pub async fn download<P: Pieces>(
    services: &Services,
    asker: Asker,
    head: Vec<u8>,
    first: P,
) -> Response {
    let Asker { access, session } = asker;
    // Before the first byte, so that a refusal has its status.
    let first = match first.get(services, &access).await {
        Ok(first) => first,
        Err(error) => return error_page::from_error(error),
    };
    let headers = headers::<P>(access.slug());
    let download = Download {
        services: services.clone(),
        session,
        slug: access.slug().clone(),
        begun: Some([head, first.lines].concat()),
        next: first.next,
    };
    let body = stream::try_unfold(download, Download::go_on);
    (headers, Body::from_stream(body)).into_response()
}

/// Answers `HEAD`: there is such a file. None is made.
pub async fn announce<P: Pieces>(Asker { access, .. }: Asker) -> Response {
    match access.require(P::NEEDS) {
        Ok(()) => headers::<P>(access.slug()).into_response(),
        Err(error) => error_page::from_error(error),
    }
}

fn headers<P: Pieces>(slug: &OrgSlug) -> [(HeaderName, HeaderValue); 2] {
    let name = format!("attachment; filename=\"{slug}-{}.csv\"", P::NAME);
    let name = HeaderValue::try_from(name).expect("a slug has letters, digits and dashes");
    let kind = HeaderValue::from_static("text/csv; charset=utf-8");
    [
        (header::CONTENT_TYPE, kind),
        (header::CONTENT_DISPOSITION, name),
    ]
}

/// A file that is being sent.
struct Download<P> {
    services: Services,
    session: Id,
    slug: OrgSlug,
    /// What was made already and not sent.
    begun: Option<Vec<u8>>,
    /// What to ask for next; `None`: that was all.
    next: Option<P>,
}

impl<P: Pieces> Download<P> {
    async fn go_on(mut self) -> Result<Option<(Bytes, Self)>> {
        if let Some(begun) = self.begun.take() {
            return Ok(Some((begun.into(), self)));
        }
        let Some(next) = self.next.take() else {
            return Ok(None);
        };
        let services = &self.services;
        let user = services.sessions.current_user(&self.session).await?;
        let user = user.ok_or(Error::SignedOut)?;
        let access = services.access.require(&user, &self.slug).await?;
        let piece = next.get(services, &access).await?;
        self.next = piece.next;
        Ok(Some((piece.lines.into(), self)))
    }
}

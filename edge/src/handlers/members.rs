//! An organization's member list as a file.

use axum::{
    extract::State,
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, StatusCode, Uri};
use orghub::{
    access::OrgAccess,
    csv_file::CsvPiece,
    domain::{MemberListQuery, Permission},
    error::Result,
    services::Services,
};
use orghub_ui::response;

use super::csv_download::{Asker, Pieces, download};
use crate::{error_page, state::AppState};

impl Pieces for MemberListQuery {
    const NAME: &str = "members";
    const NEEDS: Permission = Permission::ExportMembers;

    async fn get(&self, services: &Services, access: &OrgAccess) -> Result<CsvPiece<Self>> {
        services.orgs.export_members(access, self).await
    }
}

/// The list that the address asks for, as `routes::member_list` writes it, from its first
/// member on.
///
/// The audit log names whoever takes it away, so a browser that fetches it ahead is sent on its
/// way: it asks again when somebody wants it.
pub async fn export(
    State(state): State<AppState>,
    asker: Asker,
    headers: HeaderMap,
    uri: Uri,
) -> Response {
    if response::is_fetched_ahead(&headers) {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let services = &state.services;
    let query = MemberListQuery::from_query(uri.query().unwrap_or_default());
    match services
        .orgs
        .begin_member_export(&asker.access, &query)
        .await
    {
        Ok((head, export)) => download(services, asker, head, export).await,
        Err(error) => error_page::from_error(error),
    }
}

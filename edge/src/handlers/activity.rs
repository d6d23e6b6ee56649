//! An organization's audit log as a file.

use axum::{extract::State, response::Response};
use http::{Method, Uri};
use orghub::{
    access::OrgAccess,
    csv_file::CsvPiece,
    domain::{ActivityListQuery, Permission},
    error::Result,
    services::Services,
};

use super::csv_download::{Asker, Pieces, announce, download};
use crate::state::AppState;

const NAME: &str = "activity";

impl Pieces for ActivityListQuery {
    async fn get(&self, services: &Services, access: &OrgAccess) -> Result<CsvPiece<Self>> {
        services.orgs.export_activity(access, self).await
    }
}

/// The part of the log that the address asks for, as `routes::activity_list` writes it.
pub async fn export(
    State(state): State<AppState>,
    asker: Asker,
    method: Method,
    uri: Uri,
) -> Response {
    if method == Method::HEAD {
        return announce(&asker, NAME, Permission::ReadActivity);
    }
    let query = ActivityListQuery::from_query(uri.query().unwrap_or_default());
    let head = state.services.orgs.head_of_activity_export();
    download(&state.services, asker, NAME, head, query).await
}

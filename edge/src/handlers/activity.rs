//! An organization's audit log as a file.

use axum::{extract::State, response::Response};
use http::Uri;
use orghub::{
    access::OrgAccess,
    csv_file::CsvPiece,
    domain::{ActivityListQuery, Permission},
    error::Result,
    services::Services,
};

use super::csv_download::{Asker, Pieces, download};
use crate::state::AppState;

impl Pieces for ActivityListQuery {
    const NAME: &str = "activity";
    const NEEDS: Permission = Permission::ReadActivity;

    async fn get(&self, services: &Services, access: &OrgAccess) -> Result<CsvPiece<Self>> {
        services.orgs.export_activity(access, self).await
    }
}

/// The part of the log that the address asks for, as `routes::activity_list` writes it.
pub async fn export(State(state): State<AppState>, asker: Asker, uri: Uri) -> Response {
    let query = ActivityListQuery::from_query(uri.query().unwrap_or_default());
    let head = state.services.orgs.head_of_activity_export();
    download(&state.services, asker, head, query).await
}

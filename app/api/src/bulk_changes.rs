//! Changing many members at once.

use leptos::prelude::*;
use orghub::{
    domain::{BulkAction, BulkChangeId, Invalid, MemberListQuery},
    routes,
};
use orghub_ui::{
    context,
    error::AppError,
    forms::{self, Done, FormPost, FormUrl},
};

use crate::services::services;

/// Has everybody changed whom a list finds. Requires the permission to manage members and a
/// fresh proof.
#[server(prefix = "/api", endpoint = "begin_bulk_change", input = FormUrl)]
pub async fn begin_bulk_change(
    #[server(default)] org: String,
    /// The list, as the query of its address.
    #[server(default)]
    list: String,
    /// What to do.
    #[server(default)]
    action: String,
    /// How many were promised to be changed.
    #[server(default)]
    count: String,
    /// The page that said who is meant.
    #[server(default)]
    return_to: String,
) -> Result<(), AppError> {
    FormPost::in_org(&forms::BEGIN_BULK_CHANGE, &org, &return_to)
        .answer(async {
            let access = context::org_access(&org).await?;
            let action: BulkAction = action.parse()?;
            let list = MemberListQuery::from_query(&list);
            let expected = count.parse().unwrap_or_default();
            let orgs = services().orgs.clone();
            let change = orgs
                .begin_bulk_change(&access, &list, action, expected)
                .await?;
            Ok(Done::at(routes::bulk_change(access.slug(), change)))
        })
        .await
}

/// Ends a change that is under way. Requires the permission to manage members.
#[server(prefix = "/api", endpoint = "cancel_bulk_change", input = FormUrl)]
pub async fn cancel_bulk_change(
    #[server(default)] org: String,
    #[server(default)] change: String,
    /// The page that said how far it is.
    #[server(default)]
    return_to: String,
) -> Result<(), AppError> {
    FormPost::in_org(&forms::CANCEL_BULK_CHANGE, &org, &return_to)
        .answer(async {
            let access = context::org_access(&org).await?;
            let orgs = services().orgs.clone();
            orgs.cancel_bulk_change(&access, parse(&change)?).await?;
            Ok(Done::back().saying("Cancelled."))
        })
        .await
}

/// Has a change taken back. Requires the permission to manage members.
#[server(prefix = "/api", endpoint = "undo_bulk_change", input = FormUrl)]
pub async fn undo_bulk_change(
    #[server(default)] org: String,
    #[server(default)] change: String,
    /// The page that said what became of it.
    #[server(default)]
    return_to: String,
) -> Result<(), AppError> {
    FormPost::in_org(&forms::UNDO_BULK_CHANGE, &org, &return_to)
        .answer(async {
            let access = context::org_access(&org).await?;
            let orgs = services().orgs.clone();
            orgs.undo_bulk_change(&access, parse(&change)?).await?;
            Ok(Done::back())
        })
        .await
}

fn parse(change: &str) -> Result<BulkChangeId, Invalid> {
    change.parse().map_err(|_not_a_uuid| {
        Invalid::form("This change cannot be found. Reload the page and try again.")
    })
}

//! Pages of lists.

use serde_json::Value;

use crate::{
    error::{ApiError, ApiResult},
    objects::list_json,
    params::Params,
    store::Store,
};

/// Length of a page without `limit`, and the longest.
const DEFAULT_LIMIT: usize = 10;
const MAX_LIMIT: usize = 100;

/// The parameters of every list.
pub(crate) const PAGING: [&str; 3] = ["limit", "starting_after", "ending_before"];

/// Accepts the parameters of a list and those of paging.
pub(crate) fn allow(params: &Params, known: &[&str]) -> Result<(), ApiError> {
    let known: Vec<_> = PAGING.iter().chain(known).copied().collect();
    params.allow(&known)
}

/// The page that is asked for, of all rows that match: their times and ids. Newest first, as
/// Stripe lists everything.
pub(crate) fn page(
    store: &Store,
    path: &str,
    rows: impl IntoIterator<Item = (i64, String)>,
    params: &Params,
) -> ApiResult {
    let mut rows: Vec<_> = rows.into_iter().collect();
    rows.sort_unstable_by(|one, other| other.cmp(one));
    let ids: Vec<_> = rows.into_iter().map(|(_, id)| id).collect();
    let (ids, has_more) = cut(&ids, params)?;
    let objects = ids.iter().filter_map(|id| store.render(id)).collect();
    Ok(list_json(path, objects, has_more))
}

/// [`page`] of objects that are made already, in their order.
pub(crate) fn page_of_objects(path: &str, objects: &[Value], params: &Params) -> ApiResult {
    let ids: Vec<_> = objects
        .iter()
        .map(|object| object["id"].as_str().unwrap_or_default().to_owned())
        .collect();
    let (ids, has_more) = cut(&ids, params)?;
    let objects = objects
        .iter()
        .filter(|object| ids.iter().any(|id| object["id"] == id.as_str()))
        .cloned()
        .collect();
    Ok(list_json(path, objects, has_more))
}

fn cut<'a>(ids: &'a [String], params: &Params) -> Result<(&'a [String], bool), ApiError> {
    let limit: usize = params.parsed("limit")?.unwrap_or(DEFAULT_LIMIT);
    if !(1..=MAX_LIMIT).contains(&limit) {
        return Err(ApiError::invalid("Limit must be between 1 and 100.").with_param("limit"));
    }
    let find = |name: &str| -> Result<Option<usize>, ApiError> {
        params
            .text(name)
            .map(|wanted| {
                ids.iter()
                    .position(|id| id == wanted)
                    .ok_or_else(|| ApiError::missing_param("object", wanted, name))
            })
            .transpose()
    };
    if let Some(end) = find("ending_before")? {
        let start = end.saturating_sub(limit);
        return Ok((&ids[start..end], start > 0));
    }
    let start = find("starting_after")?.map_or(0, |index| index + 1);
    let end = ids.len().min(start + limit);
    Ok((&ids[start..end], end < ids.len()))
}

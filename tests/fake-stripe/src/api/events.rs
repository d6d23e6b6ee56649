//! `/v1/events`.

use super::{Routed, lists, retrieve};
use crate::{error::ApiResult, params::Params, store::Store};

pub(super) fn route(store: &mut Store, method: &str, path: &[&str], params: &Params) -> Routed {
    Some(match (method, path) {
        ("GET", []) => list(store, params),
        ("GET", [id]) => retrieve(store, params, "event", id),
        _ => return None,
    })
}

fn list(store: &Store, params: &Params) -> ApiResult {
    lists::allow(
        params,
        &[
            "type",
            "types[*]",
            "created",
            "created[*]",
            "delivery_success",
        ],
    )?;
    let types = params.values("types");
    let delivered: Option<bool> = params.parsed("delivery_success")?;
    // `invoice.*` stands for all of a noun.
    let is = |wanted: &str, event_type: &str| {
        wanted
            .strip_suffix('*')
            .map_or(wanted == event_type, |prefix| {
                event_type.starts_with(prefix)
            })
    };
    let mut objects = Vec::new();
    for event in store.events.iter().rev() {
        let matches = params
            .text("type")
            .is_none_or(|wanted| is(wanted, &event.event_type))
            && (types.is_empty() || types.iter().any(|wanted| is(wanted, &event.event_type)))
            && delivered.is_none_or(|delivered| event.is_delivered() == delivered)
            && params.in_range("created", event.created)?;
        if matches {
            objects.push(event.to_json());
        }
    }
    lists::page_of_objects("/v1/events", &objects, params)
}

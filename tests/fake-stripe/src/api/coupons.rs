//! `/v1/coupons`.

use serde_json::json;

use super::{Routed, lists, object, retrieve};
use crate::{
    error::{ApiError, ApiResult},
    objects::Coupon,
    params::Params,
    store::Store,
};

pub(super) fn route(store: &mut Store, method: &str, path: &[&str], params: &Params) -> Routed {
    Some(match (method, path) {
        ("POST", []) => create(store, params),
        ("GET", []) => {
            let rows = store
                .coupons
                .values()
                .map(|coupon| (coupon.created, coupon.id.clone()));
            lists::allow(params, &[]).and_then(|()| lists::page(store, "/v1/coupons", rows, params))
        }
        ("GET", [id]) => retrieve(store, params, "coupon", id),
        ("DELETE", [id]) => {
            let deleted = store
                .coupons
                .remove(*id)
                .map(|coupon| json!({ "id": coupon.id, "object": "coupon", "deleted": true }));
            deleted.ok_or_else(|| ApiError::missing("coupon", id))
        }
        _ => return None,
    })
}

fn create(store: &mut Store, params: &Params) -> ApiResult {
    params.allow(&[
        "id",
        "name",
        "percent_off",
        "amount_off",
        "currency",
        "duration",
        "duration_in_months",
        "metadata[*]",
    ])?;
    let percent_off: Option<f64> = params.parsed("percent_off")?;
    let amount_off = params.number("amount_off", 1..=99_999_999)?;
    if percent_off.is_some() == amount_off.is_some() {
        return Err(ApiError::invalid(
            "You must pass one of percent_off, amount_off.",
        ));
    }
    if amount_off.is_some() {
        params.required("currency")?;
    }
    let id = match params.set_text("id") {
        Some(id) => id,
        None => store.new_id("coupon"),
    };
    let mut coupon = Coupon {
        id: id.clone(),
        name: params.set_text("name"),
        percent_off,
        amount_off,
        currency: params.set_text("currency"),
        duration: params
            .one_of("duration", &["once", "repeating", "forever"])?
            .unwrap_or("once")
            .to_owned(),
        duration_in_months: params.number("duration_in_months", 1..=36)?,
        created: store.now(),
        ..Coupon::default()
    };
    params.merge_map("metadata", &mut coupon.metadata);
    store.coupons.insert(id.clone(), coupon);
    store.emit("coupon.created", &id);
    object(store, "coupon", &id)
}

/// The coupon that `discounts` names; `Some(None)`: none any more.
pub(super) fn of(store: &Store, params: &Params) -> Result<Option<Option<String>>, ApiError> {
    if params.text("discounts") == Some("") {
        return Ok(Some(None));
    }
    let Some(coupon) = params.set_text("discounts[0][coupon]") else {
        return Ok(None);
    };
    if !store.coupons.contains_key(&coupon) {
        return Err(ApiError::missing_param(
            "coupon",
            &coupon,
            "discounts[0][coupon]",
        ));
    }
    Ok(Some(Some(coupon)))
}

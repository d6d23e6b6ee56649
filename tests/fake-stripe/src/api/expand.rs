//! Objects in place of ids.

use serde_json::{Value, json};

use crate::{error::ApiError, objects::list_json, params::Params, store::Store};

/// Puts in what `expand` asks for.
///
/// # Errors
/// If there is nothing to expand.
pub(crate) fn expand(store: &Store, object: &mut Value, params: &Params) -> Result<(), ApiError> {
    for path in params.values("expand") {
        let steps: Vec<_> = path.split('.').collect();
        // What a test patched may lack anything.
        if !walk(store, object, &steps) && store.patches.is_empty() {
            return Err(
                ApiError::invalid(format!("This property cannot be expanded ({path})."))
                    .with_param("expand"),
            );
        }
    }
    Ok(())
}

fn walk(store: &Store, value: &mut Value, path: &[&str]) -> bool {
    if let Value::String(id) = value
        && let Some(object) = store.render(id)
    {
        *value = object;
    }
    if let Value::Array(elements) = value {
        return elements
            .iter_mut()
            .all(|element| walk(store, element, path));
    }
    let Some((step, rest)) = path.split_first() else {
        return true;
    };
    if value.is_null() {
        return true;
    }
    let included = included(store, value, step);
    let Value::Object(map) = value else {
        return false;
    };
    if let Some(list) = included {
        map.insert((*step).to_owned(), list);
    }
    map.get_mut(*step)
        .is_some_and(|value| walk(store, value, rest))
}

/// Lists that are only there when they are asked for.
fn included(store: &Store, object: &Value, step: &str) -> Option<Value> {
    let id = object["id"].as_str()?;
    let ids: Vec<_> = match (object["object"].as_str()?, step) {
        ("customer", "tax_ids") => store
            .tax_ids
            .values()
            .filter(|tax_id| tax_id.customer == id)
            .map(|tax_id| tax_id.id.clone())
            .collect(),
        ("customer", "subscriptions") => store
            .subscriptions
            .values()
            .filter(|subscription| subscription.customer == id && !subscription.is_over())
            .map(|subscription| subscription.id.clone())
            .collect(),
        ("invoice", "payments") => store
            .invoices
            .get(id)
            .map(|invoice| invoice.payment_id())
            .into_iter()
            .collect(),
        ("invoice", "confirmation_secret") => {
            let intent = store.invoices.get(id)?.payment_intent.as_ref()?;
            return Some(json!({
                "client_secret": format!("{intent}_secret_fake"),
                "type": "payment_intent",
            }));
        }
        ("charge", "refunds") => store
            .refunds
            .values()
            .filter(|refund| refund.charge == id)
            .map(|refund| refund.id.clone())
            .collect(),
        ("checkout.session", "line_items") => {
            let item = store.checkout_sessions.get(id)?.line_items_json(store);
            return Some(list_json(
                &format!("/v1/checkout/sessions/{id}/line_items"),
                vec![item],
                false,
            ));
        }
        _ => return None,
    };
    let objects = ids.iter().filter_map(|id| store.render(id)).collect();
    Some(list_json(&format!("/v1/{step}"), objects, false))
}

//! `/v1/billing_portal`.

use super::{Routed, lists, object, retrieve};
use crate::{
    error::{ApiError, ApiResult},
    objects::{Flow, PortalConfiguration, PortalSession},
    params::Params,
    store::Store,
};

pub(super) fn route(store: &mut Store, method: &str, path: &[&str], params: &Params) -> Routed {
    Some(match (method, path) {
        ("POST", ["sessions"]) => create_session(store, params),
        ("POST", ["configurations"]) => create_configuration(store, params),
        ("GET", ["configurations"]) => list_configurations(store, params),
        ("GET", ["configurations", id]) => {
            retrieve(store, params, "billing_portal.configuration", id)
        }
        ("POST", ["configurations", id]) => update_configuration(store, params, id),
        _ => return None,
    })
}

fn create_session(store: &mut Store, params: &Params) -> ApiResult {
    params.allow(&[
        "customer",
        "configuration",
        "return_url",
        "locale",
        "flow_data[type]",
        "flow_data[after_completion][type]",
        "flow_data[after_completion][redirect][return_url]",
        "flow_data[after_completion][hosted_confirmation][custom_message]",
        "flow_data[subscription_cancel][subscription]",
        "flow_data[subscription_update][subscription]",
        "flow_data[subscription_update_confirm][subscription]",
        "flow_data[subscription_update_confirm][items][*][id]",
        "flow_data[subscription_update_confirm][items][*][price]",
        "flow_data[subscription_update_confirm][items][*][quantity]",
    ])?;
    let customer = params.required("customer")?.to_owned();
    if store.living_customer(&customer).is_none() {
        return Err(ApiError::missing_param("customer", &customer, "customer"));
    }
    let configuration = match params.set_text("configuration") {
        Some(id) if !store.portal_configurations.contains_key(&id) => {
            return Err(ApiError::missing_param(
                "configuration",
                &id,
                "configuration",
            ));
        }
        Some(id) => id,
        None => store.default_portal(),
    };
    let flow = read_flow(store, &params.inside("flow_data"))?;
    let id = store.new_id("bps");
    let session = PortalSession {
        id: id.clone(),
        return_url: params.set_text("return_url").or_else(|| {
            store.portal_configurations[&configuration]
                .default_return_url
                .clone()
        }),
        created: store.now_of(&customer),
        customer,
        configuration,
        flow,
    };
    store.portal_sessions.insert(id.clone(), session);
    object(store, "billing_portal.session", &id)
}

fn read_flow(store: &Store, data: &Params) -> Result<Option<Flow>, ApiError> {
    let kinds = [
        "customer_update",
        "payment_method_update",
        "subscription_cancel",
        "subscription_update",
        "subscription_update_confirm",
    ];
    let Some(kind) = data.one_of("type", &kinds)? else {
        return Ok(None);
    };
    let about = data.inside(kind);
    let subscription = about.set_text("subscription");
    if kind.starts_with("subscription") {
        let id = about.required("subscription")?;
        let lives = store
            .subscriptions
            .get(id)
            .is_some_and(|subscription| !subscription.is_over());
        if !lives {
            let name = format!("flow_data[{kind}][subscription]");
            return Err(ApiError::missing_param("subscription", id, &name));
        }
    }
    let item = about.list("items").first().and_then(|item| {
        let quantity = item.quantity().ok().flatten().unwrap_or(1);
        Some((item.set_text("price")?, quantity))
    });
    Ok(Some(Flow {
        kind: kind.to_owned(),
        subscription,
        item,
        redirect: data.set_text("after_completion[redirect][return_url]"),
    }))
}

const FEATURES: [&str; 5] = [
    "customer_update",
    "invoice_history",
    "payment_method_update",
    "subscription_cancel",
    "subscription_update",
];

const CONFIGURATION: [&str; 29] = [
    "active",
    "name",
    "business_profile[headline]",
    "business_profile[privacy_policy_url]",
    "business_profile[terms_of_service_url]",
    "default_return_url",
    "metadata",
    "metadata[*]",
    "login_page[enabled]",
    "features[customer_update][enabled]",
    "features[customer_update][allowed_updates][*]",
    "features[invoice_history][enabled]",
    "features[payment_method_update][enabled]",
    "features[subscription_cancel][enabled]",
    "features[subscription_cancel][mode]",
    "features[subscription_cancel][proration_behavior]",
    "features[subscription_cancel][cancellation_reason][enabled]",
    "features[subscription_cancel][cancellation_reason][options][*]",
    "features[subscription_update][enabled]",
    "features[subscription_update][default_allowed_updates]",
    "features[subscription_update][default_allowed_updates][*]",
    "features[subscription_update][proration_behavior]",
    "features[subscription_update][products]",
    "features[subscription_update][products][*][product]",
    "features[subscription_update][products][*][prices][*]",
    "features[subscription_update][products][*][adjustable_quantity][enabled]",
    "features[subscription_update][schedule_at_period_end][conditions][*][type]",
    "features[subscription_update][trial_update_behavior]",
    "features[subscription_update][billing_cycle_anchor]",
];

fn create_configuration(store: &mut Store, params: &Params) -> ApiResult {
    params.allow(&CONFIGURATION)?;
    let id = store.new_id("bpc");
    let mut configuration = PortalConfiguration {
        id: id.clone(),
        active: true,
        is_default: store.portal_configurations.is_empty(),
        cancel_mode: "at_period_end".to_owned(),
        created: store.now(),
        ..PortalConfiguration::default()
    };
    set_fields(&mut configuration, params)?;
    store
        .portal_configurations
        .insert(id.clone(), configuration);
    object(store, "billing_portal.configuration", &id)
}

fn update_configuration(store: &mut Store, params: &Params, id: &str) -> ApiResult {
    params.allow(&CONFIGURATION)?;
    let mut configuration = store
        .portal_configurations
        .get(id)
        .ok_or_else(|| ApiError::missing("billing_portal.configuration", id))?
        .clone();
    set_fields(&mut configuration, params)?;
    store
        .portal_configurations
        .insert(id.to_owned(), configuration);
    object(store, "billing_portal.configuration", id)
}

fn set_fields(configuration: &mut PortalConfiguration, params: &Params) -> Result<(), ApiError> {
    for feature in FEATURES {
        if let Some(on) = params.parsed::<bool>(&format!("features[{feature}][enabled]"))? {
            configuration.enabled.retain(|enabled| enabled != feature);
            if on {
                configuration.enabled.push(feature.to_owned());
            }
        }
    }
    if let Some(active) = params.parsed("active")? {
        configuration.active = active;
    }
    if params.has("business_profile[headline]") {
        configuration.headline = params.set_text("business_profile[headline]");
    }
    if params.has("default_return_url") {
        configuration.default_return_url = params.set_text("default_return_url");
    }
    let cancel = params.one_of(
        "features[subscription_cancel][mode]",
        &["at_period_end", "immediately"],
    )?;
    if let Some(mode) = cancel {
        mode.clone_into(&mut configuration.cancel_mode);
    }
    let products = params
        .inside("features")
        .list("subscription_update[products]");
    if !products.is_empty() {
        configuration.products = products
            .iter()
            .filter_map(|product| Some((product.set_text("product")?, product.values("prices"))))
            .collect();
    }
    params.merge_map("metadata", &mut configuration.metadata);
    Ok(())
}

fn list_configurations(store: &Store, params: &Params) -> ApiResult {
    lists::allow(params, &["active", "is_default"])?;
    let active: Option<bool> = params.parsed("active")?;
    let is_default: Option<bool> = params.parsed("is_default")?;
    let rows: Vec<_> = store
        .portal_configurations
        .values()
        .filter(|configuration| active.is_none_or(|wanted| configuration.active == wanted))
        .filter(|configuration| is_default.is_none_or(|wanted| configuration.is_default == wanted))
        .map(|configuration| (configuration.created, configuration.id.clone()))
        .collect();
    lists::page(store, "/v1/billing_portal/configurations", rows, params)
}

impl Store {
    /// The configuration of sessions that do not name one: the default, or one with everything
    /// on.
    pub(crate) fn default_portal(&mut self) -> String {
        if let Some(configuration) = self
            .portal_configurations
            .values()
            .find(|configuration| configuration.is_default)
        {
            return configuration.id.clone();
        }
        let id = self.new_id("bpc");
        let configuration = PortalConfiguration {
            id: id.clone(),
            is_default: true,
            active: true,
            enabled: FEATURES.map(str::to_owned).to_vec(),
            cancel_mode: "at_period_end".to_owned(),
            created: self.now(),
            ..PortalConfiguration::default()
        };
        self.portal_configurations.insert(id.clone(), configuration);
        id
    }
}

//! Manners of the API: search, lists, expansion, customers, set-up, failures.

#![allow(clippy::unwrap_used, reason = "test helpers may panic, too")]

mod common;

use axum::http::Method;
use common::{SECRET, Stripe, ids, text};
use fake_stripe::{Config, Failure, FailureRule, FakeStripe, Settings, may_run};
use serde_json::{Value, json};

#[tokio::test]
async fn customers_are_found_by_their_metadata_until_they_are_deleted() {
    let stripe = Stripe::start().await;
    let acme = stripe
        .post(
            "v1/customers",
            "email=a@acme.test&metadata[organization_id]=7",
        )
        .await;
    stripe
        .post(
            "v1/customers",
            "email=b@acme.test&metadata[organization_id]=8",
        )
        .await;
    let search = "v1/customers/search?query=metadata%5B%27organization_id%27%5D%3A%277%27";
    let found = stripe.get(search).await;
    assert_eq!(found["object"], "search_result");
    assert_eq!(ids(&found), [text(&acme["id"])]);
    let by_email = stripe.get("v1/customers?email=b@acme.test").await;
    assert_eq!(by_email["data"][0]["metadata"]["organization_id"], "8");

    let id = text(&acme["id"]);
    stripe.0.set_card(&id, fake_stripe::Card::Works);
    let subscription = stripe.subscribe(&id, "price_pro_month").await;
    let (_, deleted) = stripe
        .call(Method::DELETE, &format!("v1/customers/{id}"), "")
        .await;
    assert_eq!(deleted["deleted"], true);
    assert_eq!(ids(&stripe.get(search).await), [""; 0]);
    assert_eq!(
        stripe.get(&format!("v1/customers/{id}")).await["deleted"],
        true
    );
    let ended = stripe
        .get(&format!("v1/subscriptions/{subscription}"))
        .await;
    assert_eq!(ended["status"], "canceled");
    assert_eq!(
        stripe
            .refused(&format!("v1/customers/{id}"), "name=x")
            .await,
        (404, "resource_missing".to_owned())
    );
    let wrong = "v1/customers/search?query=nonsense";
    assert_eq!(stripe.call(Method::GET, wrong, "").await.0, 400);
}

#[tokio::test]
async fn pages_go_both_ways() {
    let stripe = Stripe::start().await;
    for _ in 0..5 {
        stripe.post("v1/customers", "").await;
    }
    let all = ids(&stripe.get("v1/customers").await);
    let first = stripe.get("v1/customers?limit=2").await;
    assert_eq!(
        (ids(&first), &first["has_more"]),
        (all[..2].to_vec(), &true.into())
    );
    let after = format!("v1/customers?limit=2&starting_after={}", all[2]);
    let last = stripe.get(&after).await;
    assert_eq!(
        (ids(&last), &last["has_more"]),
        (all[3..].to_vec(), &false.into())
    );
    let before = format!("v1/customers?limit=2&ending_before={}", all[3]);
    assert_eq!(ids(&stripe.get(&before).await), all[1..3]);
    assert_eq!(
        stripe
            .call(Method::GET, "v1/customers?limit=101", "")
            .await
            .0,
        400
    );
}

#[tokio::test]
async fn what_cannot_be_expanded_is_refused() {
    let stripe = Stripe::start().await;
    let customer = stripe.customer().await;
    let id = stripe.subscribe(&customer, "price_pro_month").await;
    let list = stripe
        .get("v1/subscriptions?expand[0]=data.customer&expand[1]=data.items.data.price.product")
        .await;
    let first = &list["data"][0];
    assert_eq!(first["customer"]["id"], customer.as_str());
    let product = &first["items"]["data"][0]["price"]["product"];
    assert_eq!(product["metadata"]["plan"], "pro");
    let wrong = format!("v1/subscriptions/{id}?expand[0]=soul");
    assert_eq!(stripe.call(Method::GET, &wrong, "").await.0, 400);
}

#[tokio::test]
async fn an_empty_account_can_be_set_up() {
    let config = Config {
        catalog: false,
        ..Config::default()
    };
    let stripe = Stripe(FakeStripe::start(config).await.unwrap());
    assert!(ids(&stripe.get("v1/prices").await).is_empty());
    let product = stripe
        .post("v1/products", "id=orghub_pro&name=Pro&metadata[plan]=pro")
        .await;
    assert_eq!(product["metadata"]["plan"], "pro");
    assert_eq!(
        stripe
            .refused("v1/products", "id=orghub_pro&name=Pro")
            .await
            .0,
        400
    );
    let price = "product=orghub_pro&currency=usd&unit_amount=4900&recurring[interval]=month\
                 &lookup_key=pro_month";
    stripe.post("v1/prices", price).await;
    assert_eq!(
        ids(&stripe
            .get("v1/prices?lookup_keys[0]=pro_month&active=true")
            .await)
        .len(),
        1
    );
    let endpoint = "url=https://shop.test/hook&enabled_events[0]=invoice.paid\
                    &api_version=2026-09-30.endive";
    let made = stripe.post("v1/webhook_endpoints", endpoint).await;
    assert!(text(&made["secret"]).starts_with("whsec_"));
    let id = text(&made["id"]);
    let again = stripe.get(&format!("v1/webhook_endpoints/{id}")).await;
    assert_eq!(again["secret"], Value::Null, "told once");
    let (_, deleted) = stripe
        .call(Method::DELETE, &format!("v1/webhook_endpoints/{id}"), "")
        .await;
    assert_eq!(deleted["deleted"], true);
}

#[tokio::test]
async fn a_patch_makes_anything_of_an_object() {
    let stripe = Stripe::start().await;
    let customer = stripe.customer().await;
    let id = stripe.subscribe(&customer, "price_pro_month").await;
    stripe.0.patch(
        &id,
        json!({ "status": "hibernating", "items": { "data": [] } }),
    );
    let object = stripe.get(&format!("v1/subscriptions/{id}")).await;
    assert_eq!(
        (&object["status"], &object["items"]["data"]),
        (&json!("hibernating"), &json!([]))
    );
    let event = stripe.0.event("customer.subscription.updated", &id, SECRET);
    assert!(event.payload.contains("hibernating"));
    stripe.0.patch(&id, json!({ "discounts": ["di_gone", 7] }));
    let strange = "v1/subscriptions?expand[0]=data.discounts.source.coupon";
    assert_eq!(stripe.get(strange).await["data"][0]["discounts"][1], 7);
    stripe.0.unpatch(&id);
    assert_eq!(stripe.0.object(&id).unwrap()["status"], "active");
}

#[tokio::test]
async fn failures_can_be_aimed() {
    let stripe = Stripe::start().await;
    stripe.0.fail_on(
        FailureRule::on("/v1/prices", Failure::RateLimitedFor(7))
            .after(1)
            .times(1),
    );
    let ask = async || stripe.request(Method::GET, "v1/prices", &[], "").await;
    assert_eq!(ask().await.status, 200);
    let limited = ask().await;
    assert_eq!(
        (limited.status.as_u16(), &limited.headers["retry-after"]),
        (429, &"7".parse().unwrap())
    );
    assert_eq!(ask().await.status, 200);
    stripe.0.fail(Failure::KeyRevoked);
    assert_eq!(ask().await.status, 401);
}

#[test]
fn production_is_no_place_for_it() {
    assert!(may_run(None) && may_run(Some("development")));
    assert!(!may_run(Some("production")) && !may_run(Some(" Production")));
}

#[tokio::test]
async fn numbers_out_of_range_are_refused_and_break_nothing() {
    let stripe = Stripe::start().await;
    let customer = stripe.customer().await;
    let subscription = format!("customer={customer}&items[0][price]=price_pro_month");
    for (path, form) in [
        (
            "v1/subscriptions",
            format!("{subscription}&trial_period_days=9000000000000000000"),
        ),
        (
            "v1/subscriptions",
            format!("{subscription}&items[0][quantity]=9000000000000000000"),
        ),
        (
            "v1/subscriptions",
            format!("{subscription}&trial_end=9000000000000000000"),
        ),
        (
            "v1/prices",
            "product=prod_pro&currency=usd&recurring[interval]=month&unit_amount=-1".to_owned(),
        ),
        (
            "v1/test_helpers/test_clocks",
            "frozen_time=9000000000000000000".to_owned(),
        ),
    ] {
        assert_eq!(stripe.refused(path, &form).await.0, 400, "{form}");
    }
    stripe.subscribe(&customer, "price_pro_month").await;
}

#[tokio::test]
async fn search_may_find_a_customer_later() {
    let stripe = Stripe::start().await;
    stripe.0.set_settings(Settings {
        search_lag_seconds: 3600,
        ..Settings::default()
    });
    stripe.post("v1/customers", "email=a@acme.test").await;
    let search = "v1/customers/search?query=email:%27a@acme.test%27";
    assert!(ids(&stripe.get(search).await).is_empty());
    stripe.0.advance(3600);
    assert_eq!(ids(&stripe.get(search).await).len(), 1);
}

#[tokio::test]
async fn whoever_pays_for_a_product_is_entitled_to_its_features() {
    let stripe = Stripe::start().await;
    let customer = stripe.customer().await;
    stripe.subscribe(&customer, "price_pro_month").await;
    let other = stripe.customer().await;
    stripe.subscribe(&other, "price_ultra_month").await;
    let form = "lookup_key=reports&name=Reports&metadata[plan]=pro";
    let feature = stripe.post("v1/entitlements/features", form).await;
    assert_eq!(feature["object"], "entitlements.feature");
    assert_eq!(
        stripe.refused("v1/entitlements/features", form).await,
        (400, "resource_already_exists".to_owned())
    );
    stripe.new_events();

    let form = format!("entitlement_feature={}", text(&feature["id"]));
    let attached = stripe.post("v1/products/prod_pro/features", &form).await;
    let summary = "entitlements.active_entitlement_summary.updated";
    assert_eq!(
        stripe.new_events(),
        [summary],
        "the other one pays for another product"
    );
    let listed = stripe.get("v1/products/prod_pro/features?limit=100").await;
    assert_eq!(ids(&listed), [text(&attached["id"])]);
    let in_it = &listed["data"][0]["entitlement_feature"];
    assert_eq!(in_it["lookup_key"], "reports");
    assert_eq!(in_it["metadata"]["plan"], "pro");
    let rights = async |customer: &str| {
        let target = format!("v1/entitlements/active_entitlements?customer={customer}");
        let rights = stripe.get(&target).await;
        ids(&rights).len()
    };
    assert_eq!((rights(&customer).await, rights(&other).await), (1, 0));

    let path = format!("v1/products/prod_pro/features/{}", text(&attached["id"]));
    let (_, detached) = stripe.call(Method::DELETE, &path, "").await;
    assert_eq!(detached["deleted"], true);
    assert_eq!(rights(&customer).await, 0);
    assert_eq!(stripe.new_events(), [summary]);
    for (path, form) in [
        ("v1/products/prod_none/features", form.as_str()),
        (
            "v1/products/prod_pro/features",
            "entitlement_feature=feat_none",
        ),
        ("v1/products/prod_pro/features", "feature=x"),
    ] {
        let (status, _) = stripe.refused(path, form).await;
        assert!((400..500).contains(&status), "{path} {form}");
    }
}

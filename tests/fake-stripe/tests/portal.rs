//! The customer's own page, and the documents of invoices.

#![allow(clippy::unwrap_used, reason = "test helpers may panic, too")]

mod common;

use common::{Stripe, text};
use serde_json::Value;

/// A customer with a subscription, and the path of its portal page.
async fn portal(stripe: &Stripe, more: &str) -> (String, String, String) {
    let customer = stripe.customer().await;
    let subscription = stripe.subscribe(&customer, "price_pro_month").await;
    let more = more.replace("SUB", &subscription);
    let form = format!("customer={customer}&return_url=http://shop.test/back{more}");
    let session = stripe.post("v1/billing_portal/sessions", &form).await;
    let url = text(&session["url"]);
    let path = url.strip_prefix(&stripe.0.url()).unwrap().to_owned();
    (customer, subscription, path)
}

#[tokio::test]
async fn plan_end_card_and_address_are_changed_there() {
    let stripe = Stripe::start().await;
    let (customer, id, path) = portal(&stripe, "").await;
    let page = stripe.page(&path).await;
    for button in [
        "Change plan",
        "Cancel subscription",
        "Save card",
        "Save address",
        "Return",
    ] {
        assert!(page.text.contains(&format!(">{button}<")), "{button}");
    }
    let subscription = async || stripe.get(&format!("v1/subscriptions/{id}")).await;

    stripe
        .submit(&format!("{path}/plan"), "price=price_ultra_month")
        .await;
    let changed = subscription().await;
    assert_eq!(
        changed["items"]["data"][0]["price"]["id"],
        "price_ultra_month"
    );

    stripe
        .submit(&format!("{path}/cancel"), "feedback=unused&comment=Bye")
        .await;
    let ending = subscription().await;
    assert_eq!(
        ending["cancel_at_period_end"], false,
        "flexible: the moment alone"
    );
    assert_eq!(
        ending["cancel_at"],
        ending["items"]["data"][0]["current_period_end"]
    );
    assert_eq!(ending["cancellation_details"]["comment"], "Bye");
    assert!(
        stripe
            .page(&path)
            .await
            .text
            .contains(">Keep subscription<")
    );
    stripe.submit(&format!("{path}/keep"), "keep=true").await;
    assert_eq!(subscription().await["cancel_at"], Value::Null);

    stripe
        .submit(&format!("{path}/card"), "card=declined")
        .await;
    assert!(stripe.page(&path).await.text.contains("ending in 0341"));
    stripe
        .submit(
            &format!("{path}/address"),
            "name=Acme+GmbH&line1=Ring+1&city=Wien&postal_code=1010&country=AT&tax_id=ATU12345678",
        )
        .await;
    let customer = stripe
        .get(&format!("v1/customers/{customer}?expand[0]=tax_ids"))
        .await;
    assert_eq!(customer["name"], "Acme GmbH");
    assert_eq!(customer["address"]["city"], "Wien");
    assert_eq!(customer["tax_ids"]["data"][0]["value"], "ATU12345678");
}

#[tokio::test]
async fn a_classic_subscription_ends_by_the_flag() {
    let stripe = Stripe::start().await;
    let (_, id, path) = portal(&stripe, "").await;
    stripe.0.change_subscription(&id, |subscription| {
        subscription.billing_mode = "classic".into()
    });
    stripe
        .submit(&format!("{path}/cancel"), "feedback=other")
        .await;
    let subscription = stripe.get(&format!("v1/subscriptions/{id}")).await;
    assert_eq!(subscription["cancel_at_period_end"], true);
    assert_eq!(subscription["billing_mode"]["type"], "classic");
}

#[tokio::test]
async fn a_session_with_a_flow_shows_one_thing_and_leads_back() {
    let stripe = Stripe::start().await;
    let flow = "&flow_data[type]=subscription_cancel\
                &flow_data[subscription_cancel][subscription]=SUB\
                &flow_data[after_completion][type]=redirect\
                &flow_data[after_completion][redirect][return_url]=http://shop.test/gone";
    let (_, _, path) = portal(&stripe, flow).await;
    let page = stripe.page(&path).await;
    assert!(page.text.contains(">Cancel subscription<"));
    assert!(!page.text.contains(">Change plan<") && !page.text.contains(">Save card<"));
    let done = stripe
        .submit(&format!("{path}/cancel"), "feedback=other")
        .await;
    assert_eq!(done.headers["location"], "http://shop.test/gone");
}

#[tokio::test]
async fn a_configuration_says_what_is_offered() {
    let stripe = Stripe::start().await;
    let configuration = stripe
        .post(
            "v1/billing_portal/configurations",
            "business_profile[headline]=Orghub&features[subscription_update][enabled]=true\
             &features[subscription_update][products][0][product]=prod_pro\
             &features[subscription_update][products][0][prices][0]=price_pro_month\
             &features[subscription_update][products][0][prices][1]=price_pro_year\
             &features[payment_method_update][enabled]=true",
        )
        .await;
    assert_eq!(configuration["is_default"], true);
    let (_, _, path) = portal(&stripe, "").await;
    let page = stripe.page(&path).await.text;
    assert!(page.contains("price_pro_year") && !page.contains("price_ultra"));
    assert!(!page.contains(">Cancel subscription<"));
}

#[tokio::test]
async fn invoices_have_a_page_and_a_document() {
    let stripe = Stripe::start().await;
    let (customer, _, _) = portal(&stripe, "").await;
    let list = stripe
        .get(&format!("v1/invoices?customer={customer}"))
        .await;
    let invoice = &list["data"][0];
    let page = stripe
        .page(invoice["hosted_invoice_url"].as_str().unwrap())
        .await;
    assert!(page.text.contains("Status: paid"), "{}", page.text);
    let document = stripe.page(invoice["invoice_pdf"].as_str().unwrap()).await;
    assert_eq!(document.headers["content-type"], "application/pdf");
    assert!(document.text.starts_with("%PDF-"));
    assert_eq!(stripe.page("invoice/in_none").await.status, 404);
    assert!(stripe.page("").await.text.contains("Overview"));
}

#[tokio::test]
async fn what_people_type_is_text_on_the_pages() {
    let stripe = Stripe::start().await;
    let (customer, _, path) = portal(&stripe, "").await;
    stripe
        .post(
            &format!("v1/customers/{customer}"),
            "name=%22%3E%3Cscript%3E",
        )
        .await;
    let page = stripe.page(&path).await.text;
    assert!(page.contains("&quot;&gt;&lt;script&gt;") && !page.contains("<script>"));
}

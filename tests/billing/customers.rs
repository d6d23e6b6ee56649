//! The customer at Stripe is called and written to as the organization is, a moment later.

use orghub::domain::OrgName;
use serde_json::Value;

use super::*;

impl Fixture {
    async fn run_jobs(&self) {
        let worker = &self.app.services.worker;
        worker.run_due().await.expect("the queue answers");
    }

    /// How often the customer was written.
    fn updates(&self) -> usize {
        let target = format!("/v1/customers/{CUSTOMER}");
        let requests = self.stripe.requests();
        let updates = requests
            .iter()
            .filter(|request| request.method == "POST" && request.target == target);
        updates.count()
    }

    fn customer(&self, field: &str) -> Value {
        let customer = self.stripe.object(CUSTOMER).expect("there is one");
        customer[field].clone()
    }

    /// What became of the job: how often it was tried, and whether it was given up.
    async fn job(&self) -> Option<(i32, bool)> {
        sqlx::query_as(
            "select attempts, dead_at is not null from job where kind = 'billing.update_customer'",
        )
        .fetch_optional(self.app.services.db.pool())
        .await
        .expect("the queue answers")
    }

    async fn set_contact(&self, was: &str, to: &str) {
        let billing = &self.app.services.billing;
        let changed = billing.change_contact(&self.access, was, to).await;
        changed.expect("it is changed");
    }
}

#[tokio::test]
async fn name_and_contact_of_the_organization_are_its_customers() {
    let fixture = Fixture::start().await;
    fixture.set_contact("", "pay@acme.test").await;
    assert_eq!(fixture.updates(), 0, "nobody waits for Stripe");
    fixture.run_jobs().await;
    assert_eq!(fixture.customer("email"), "pay@acme.test");
    assert_eq!(fixture.customer("name"), "Organization acme");

    let name = OrgName::parse("Acme & Sons").expect("a name");
    let slug = fixture.access.slug().clone();
    let orgs = &fixture.app.services.orgs;
    let renamed = orgs.update(&fixture.access, name, slug).await;
    renamed.expect("it is renamed");
    fixture.run_jobs().await;
    assert_eq!(fixture.customer("name"), "Acme & Sons");

    fixture.set_contact("pay@acme.test", "").await;
    fixture.run_jobs().await;
    assert_eq!(fixture.customer("email"), Value::Null);
    assert_eq!(fixture.updates(), 3);
    assert_eq!(fixture.job().await, None, "it is done");
}

#[tokio::test]
async fn what_stripe_was_not_told_while_it_was_away_it_is_told_later_as_it_is_then() {
    let fixture = Fixture::start().await;
    fixture.stripe.fail(Failure::KeyRevoked);
    fixture.set_contact("", "old@acme.test").await;
    fixture.run_jobs().await;
    assert_eq!(fixture.job().await, Some((1, false)), "it runs again");
    assert_eq!(fixture.customer("email"), Value::Null);

    fixture.set_contact("old@acme.test", "new@acme.test").await;
    fixture.stripe.recover();
    fixture.app.services.clock.advance(time::Duration::HOUR);
    fixture.run_jobs().await;
    assert_eq!(fixture.customer("email"), "new@acme.test");
    assert_eq!(fixture.job().await, None);
}

#[tokio::test]
async fn without_a_customer_nothing_is_made_and_a_deleted_one_is_left_alone() {
    let fixture = Fixture::start_without_customer().await;
    fixture.set_contact("", "pay@acme.test").await;
    let asked_before = fixture.stripe_requests();
    fixture.run_jobs().await;
    let asked = &fixture.stripe.requests()[asked_before..];
    let about_customers = asked
        .iter()
        .filter(|request| request.target.starts_with("/v1/customers"));
    assert_eq!(about_customers.count(), 0);
    assert_eq!(fixture.job().await, None, "there is nobody to tell");

    fixture.stripe.put_customer(Customer {
        id: CUSTOMER.into(),
        ..Customer::default()
    });
    fixture.attach(&fixture.access, CUSTOMER).await;
    fixture.stripe.delete_customer(CUSTOMER);
    fixture.set_contact("pay@acme.test", "").await;
    fixture.run_jobs().await;
    assert_eq!(fixture.updates(), 1);
    assert_eq!(fixture.job().await, None, "it is gone, and that is fine");
}

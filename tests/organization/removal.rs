//! Removing for good what was deleted thirty days ago: nothing of it is left.

use fake_stripe::Failure;
use orghub::{access::OrgLookup, billing::WebhookOutcome, domain::RESTORABLE_FOR};
use time::Duration;

use crate::{Acme, SECRET, SUBSCRIPTION, find, png};

/// Everything that has an organization by a foreign key: table and column.
async fn references(acme: &Acme) -> Vec<(String, String)> {
    let found = sqlx::query_as(
        "select c.conrelid::regclass::text, a.attname::text
         from pg_constraint c
         join pg_attribute a on a.attrelid = c.conrelid and a.attnum = any (c.conkey)
         where c.contype = 'f' and c.confrelid = 'organization'::regclass
         order by 1, 2",
    )
    .fetch_all(acme.node().db.pool())
    .await;
    found.expect("the catalog answers")
}

#[tokio::test(flavor = "multi_thread")]
async fn removing_for_good_has_more_time_than_a_statement_of_a_request() {
    let acme = Acme::start().await;
    acme.delete().await.expect("deleted");
    // As slow as a log of millions of entries.
    for sql in [
        "create function wait() returns trigger language plpgsql as $$ begin
             perform pg_sleep(2.5);
             return old;
         end $$",
        "create trigger wait before delete on activity for each statement execute function wait()",
    ] {
        acme.app.sql(sql).await;
    }
    acme.node()
        .clock
        .advance(RESTORABLE_FOR + Duration::hours(2));
    assert_eq!(acme.node().orgs.purge_deleted().await.expect("removed"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_its_time_nothing_of_an_organization_is_left() {
    let acme = Acme::start_with_pro().await;
    let orgs = &acme.node().orgs;
    let owners = acme.access(&acme.owner).await;
    orgs.change_logo(&owners, png(9)).await.expect("a logo");
    let rows = [
        "insert into invitation
         select * from jsonb_populate_record(null::invitation, jsonb_build_object(
             'id', gen_random_uuid(), 'organization_id', $1::text, 'email', 'guest@users.test',
             'role', 'member', 'token_hash', '\\x00', 'state', 'pending', 'created_at', now(),
             'sent_at', now(), 'expires_at', now()))",
        "insert into limit_override (organization_id, members) values ($1::uuid, 5)",
    ];
    for row in rows {
        acme.app.sql_with(row, &[&acme.id.to_string()]).await;
    }
    acme.app.add_members(acme.id, 1_500).await;
    // What belongs to others stays.
    let others = acme.app.org("globex", &acme.admin).await;
    acme.delete().await.expect("deleted");

    let references = references(&acme).await;
    for table in [
        "activity",
        "billing_customer",
        "invitation",
        "limit_override",
        "member",
        "organization_logo",
        "organization_member_count",
        "organization_slug",
        "subscription",
    ] {
        assert!(
            references.iter().any(|(found, _)| found == table),
            "{table}"
        );
        let sql = format!(
            "select count(*) from {table} where organization_id = '{}'",
            acme.id
        );
        assert!(acme.number(&sql).await > 0, "{table} has no row to remove");
    }
    let clock = &acme.node().clock;
    clock.advance(RESTORABLE_FOR - Duration::MINUTE);
    assert_eq!(orgs.purge_deleted().await.expect("nothing"), 0);
    clock.advance(Duration::hours(2));
    // The other way in which it runs.
    assert_eq!(orgs.purge_deleted().await.expect("removed"), 1);

    for (table, column) in &references {
        let sql = format!(
            "select count(*) from {table} where {column} = '{}'",
            acme.id
        );
        assert_eq!(acme.number(&sql).await, 0, "{table}.{column}");
    }
    let sql = format!("select count(*) from organization where id = '{}'", acme.id);
    assert_eq!(acme.number(&sql).await, 0);
    let globex = find(acme.node(), &acme.admin, &others).await;
    assert!(matches!(globex, OrgLookup::Granted(_)), "{globex:?}");
    let free = orgs.is_slug_free(&acme.admin, &acme.slug).await;
    assert!(free.expect("an answer"), "somebody else can have the slug");

    // What Stripe still tells of it is nobody's. (At a node whose clock was not moved: a
    // signature from weeks ago is refused.)
    let other = acme.app.another_node().await;
    let event = acme
        .stripe
        .event("customer.subscription.deleted", SUBSCRIPTION, SECRET);
    let received = other
        .billing
        .receive_webhook(event.payload.as_bytes(), &event.signature);
    let outcome = received.await.expect("the event is accepted");
    assert_eq!(outcome, WebhookOutcome::Ignored);
    other.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_table_can_outlive_an_organization() {
    let acme = Acme::start().await;
    // Another action than a cascade would keep the organization, or the row.
    let sql = "select count(*) from pg_constraint
               where contype = 'f' and confrelid = 'organization'::regclass
                   and confdeltype <> 'c'";
    assert_eq!(acme.number(sql).await, 0, "a foreign key does not cascade");
    let references = references(&acme).await;
    let columns: Vec<(String, String)> = sqlx::query_as(
        "select table_name::text, column_name::text
         from information_schema.columns
         where table_schema = 'public' and column_name in ('organization_id', 'org_id')",
    )
    .fetch_all(acme.node().db.pool())
    .await
    .expect("the catalog answers");
    for column in columns {
        assert!(
            references.contains(&column),
            "{column:?} has no foreign key"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_bought_after_the_deletion_is_cancelled_before_the_end() {
    let acme = Acme::start_with_pro().await;
    acme.delete().await.expect("deleted");
    acme.pay("sub_late");
    let clock = &acme.node().clock;
    clock.advance(RESTORABLE_FOR + Duration::hours(2));
    acme.stripe.fail(Failure::ServerError);
    let orgs = &acme.node().orgs;
    assert_eq!(orgs.purge_deleted().await.expect("put off"), 0);
    assert!(acme.is_deleted().await, "without an answer it stays");
    acme.stripe.recover();
    assert_eq!(orgs.purge_deleted().await.expect("removed"), 1);
    assert_eq!(acme.status_at_stripe("sub_late"), "canceled");
}

//! A program finds values in Redis that another version stored. What tells them apart is the
//! format of their family, so whoever changes what values look like has to raise it.

use std::fmt::Write as _;

use orghub::{
    cache::keys::FAMILIES,
    domain::{Charge, Currency, Money, OrgName, OrgSlug, Terms},
};
use time::OffsetDateTime;

use crate::{Acme, flushes::loads_of, only_near};

/// Each family with its format and its values: names and kinds of their fields, in their order.
const SHAPES: &str = include_str!("formats.txt");

/// JSON without what values say: of texts and numbers only that they are.
fn shape(json: &str) -> String {
    let mut shape = String::new();
    let mut rest = json;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '"' => 1 + end_of_text(&rest[1..]),
            '-' | '0'..='9' => {
                let is_part = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
                rest.find(|c| !is_part(c)).unwrap_or(rest.len())
            }
            _ => first.len_utf8(),
        };
        let (token, behind) = rest.split_at(length);
        match first {
            '"' if behind.starts_with(':') => shape += &token[1..token.len() - 1],
            '"' => shape += "text",
            '-' | '0'..='9' => shape += "number",
            _ => shape += token,
        }
        rest = behind;
    }
    // Year, day of the year, hour, minute, second, nanosecond, and the offset.
    shape.replace(&format!("[{}]", ["number"; 9].join(",")), "time")
}

/// Where the text ends whose first quotation mark was read, behind the last.
fn end_of_text(text: &str) -> usize {
    let mut is_escaped = false;
    let end = text.find(|c| {
        let ends = c == '"' && !is_escaped;
        is_escaped = c == '\\' && !is_escaped;
        ends
    });
    end.expect("it ends") + 1
}

impl Acme {
    /// Has something to show in each family.
    async fn has_everything(&self) {
        let (app, orgs) = (&self.app, &self.app.services.orgs);
        let name = &OrgName::parse("Acme").expect("a name");
        let other = OrgSlug::parse("other").expect("a slug");
        orgs.update(&self.access, name, &other)
            .await
            .expect("moved");
        let access = app.access(&self.owner, &other).await;
        orgs.update(&access, name, &self.slug).await.expect("back");

        let left = app.org("left-behind", &self.guest).await;
        let access = app.access(&self.guest, &left).await;
        orgs.delete(&access, left.as_str()).await.expect("deleted");

        let joinable = app.org("joinable", &self.owner).await;
        app.sql_with(
            "insert into org_domain (organization_id, domain, policy, verified_at)
             select id, split_part($2, '@', 2), 'may_join', now()
             from organization
             where slug = $1",
            &[joinable.as_str(), self.guest.email.as_str()],
        )
        .await;

        let terms = Terms {
            charge: Some(Charge {
                price_id: "price_pro_month".into(),
                unit: Some(Money::new(
                    2_900,
                    Currency::parse("usd").expect("a currency"),
                )),
                quantity: 1,
                cycle: None,
            }),
            ends_at: Some(OffsetDateTime::UNIX_EPOCH),
            ..Terms::default()
        };
        let terms = serde_json::to_string(&terms).expect("terms are JSON");
        app.sql_with(
            "insert into subscription (organization_id, stripe_subscription_id, plan,
                 billing_interval, status, synced_at, current_period_end, terms)
             select id, 'sub_1', 'pro', 'month', 'active', now(), now(), $2::jsonb
             from organization
             where slug = $1",
            &[self.slug.as_str(), &terms],
        )
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_changes_a_value_raises_its_format() {
    let acme = Acme::start_with(only_near).await;
    acme.has_everything().await;
    let session = acme.app.sign_in(&acme.guest).await;
    let guest = (session, acme.app.access(&acme.guest, &acme.slug).await);
    // Has read nothing yet.
    let node = acme.app.another_node_with(only_near).await;
    let mut shapes = String::new();
    for family in FAMILIES {
        loads_of(family.name, &node, &acme, &guest).await;
        let stored = node.cache.last_stored(family);
        let stored = stored.unwrap_or_else(|| panic!("nothing of {} was stored", family.name));
        let (name, format) = (family.name, family.format);
        writeln!(shapes, "{name} {format} {}", shape(&stored)).expect("a text");
    }
    for (is, was) in shapes.lines().zip(SHAPES.lines()) {
        assert_eq!(
            is, was,
            "\nRaise the family's format in base/src/cache/keys.rs, then let \
             tests/cache/formats.txt say:\n{shapes}"
        );
    }
    assert_eq!(shapes, SHAPES, "tests/cache/formats.txt");
}

use serde_json::Value;
use stripe_core::event::ListEvent;
use stripe_types::RangeQueryTs;
use time::OffsetDateTime;

use super::{PAGE, Stripe, json::Object};
use crate::error::Result;

/// Some events, the newest first, as Stripe sends them.
pub(crate) struct EventsPage {
    pub events: Vec<Value>,
    /// What to go on behind; `None`: nothing.
    pub next: Option<String>,
}

impl Stripe {
    /// Events of these types since then. Stripe keeps them for 30 days, and takes 20 types.
    pub async fn list_events(
        &self,
        types: &[&str],
        since: OffsetDateTime,
        after: Option<&str>,
    ) -> Result<EventsPage> {
        let types: Vec<String> = types.iter().map(|one| (*one).to_owned()).collect();
        let mut question = ListEvent::new()
            .types(types)
            .created(RangeQueryTs::gte(since.unix_timestamp()))
            .limit(PAGE);
        if let Some(after) = after {
            question = question.starting_after(after);
        }
        let found = self.get(&question).await?;
        let page = Object(&found);
        let events = page.list("data");
        let last = events.last().filter(|_| page.is("has_more"));
        Ok(EventsPage {
            next: last.and_then(|last| Object(last).owned("id")),
            events: events.to_vec(),
        })
    }
}

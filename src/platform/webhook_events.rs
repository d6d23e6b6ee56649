use super::{Platform, PlatformAdmin};
use crate::{
    billing::WebhookOutcome,
    boxed, db,
    domain::{LedgerEntry, LedgerEvent, LedgerFilter, Page, PageNumber, PlatformActKind},
    error::{Error, Result},
    telemetry::SPANS,
};

impl Platform {
    /// A page of the ledger of Stripe's events, newest first.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    #[tracing::instrument(level = "debug", target = SPANS, name = "platform.list_webhook_events", skip_all)]
    #[boxed]
    pub async fn list_webhook_events(
        &self,
        admin: &PlatformAdmin,
        filter: LedgerFilter,
        page: PageNumber,
    ) -> Result<Page<LedgerEvent>> {
        let list = |reader| async move { db::webhook_events::list(&reader, filter, page).await };
        self.db.heavy_read(admin.signed_in().id, list).await
    }

    /// An event with what was received.
    ///
    /// # Errors
    /// [`Error::NotFound`] if the ledger has no such event.
    #[tracing::instrument(level = "debug", target = SPANS, name = "platform.get_webhook_event", skip_all)]
    #[boxed]
    pub async fn get_webhook_event(&self, _admin: &PlatformAdmin, id: &str) -> Result<LedgerEntry> {
        db::webhook_events::find(&self.db.reader(), id)
            .await?
            .ok_or(Error::NotFound)
    }

    /// Processes an event once more, whatever came of it. That it was tried stands in the
    /// platform's log even if it fails again; why it failed stands in the ledger.
    ///
    /// # Errors
    /// [`Error::NotFound`] if the ledger has no such event; [`Error::Conflict`] if what it
    /// said is not kept any more; what processing it leads to.
    #[tracing::instrument(level = "debug", target = SPANS, name = "platform.retry_webhook_event", skip_all)]
    #[boxed]
    pub async fn retry_webhook_event(
        &self,
        admin: &PlatformAdmin,
        id: &str,
    ) -> Result<WebhookOutcome> {
        let mut act = self.begin(admin).await?;
        let entry = db::webhook_events::find(&self.db.reader(), id).await?;
        let entry = entry.ok_or(Error::NotFound)?;
        let event_type = &entry.event.event_type;
        act.record(PlatformActKind::WebhookRetried, id, event_type)
            .await?;
        act.tx.commit_unannounced().await?;
        self.billing.retry_webhook(id).await
    }
}

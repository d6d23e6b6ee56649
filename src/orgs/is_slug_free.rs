use super::Orgs;
use crate::{db, domain::OrgSlug, error::Result, telemetry::SPANS};

impl Orgs {
    /// Whether no organization has, or ever had, the slug. Anybody signed in may ask. The
    /// answer may be outdated by the time it is used, so taking a slug can still fail.
    #[tracing::instrument(level = "debug", target = SPANS, name = "orgs.is_slug_free", skip_all)]
    pub async fn is_slug_free(&self, slug: &OrgSlug) -> Result<bool> {
        Ok(db::orgs::find_id_by_slug(&self.db.reader(), slug)
            .await?
            .is_none())
    }
}

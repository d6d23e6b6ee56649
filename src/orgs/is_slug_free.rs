use super::Orgs;
use crate::{
    boxed, db,
    domain::{CurrentUser, OrgSlug},
    error::Result,
    telemetry::SPANS,
};

impl Orgs {
    /// Whether no organization has, or ever had, the slug. Anybody signed in may ask. The
    /// answer may be outdated by the time it is used, so taking a slug can still fail.
    ///
    /// # Errors
    /// [`Error::RateLimited`](crate::error::Error::RateLimited) if `user` asks too often.
    #[tracing::instrument(level = "debug", target = SPANS, name = "orgs.is_slug_free", skip_all)]
    #[boxed]
    pub async fn is_slug_free(&self, user: &CurrentUser, slug: &OrgSlug) -> Result<bool> {
        let _counted = self.ask_about_slug(user.id)?;
        Ok(db::orgs::find_id_by_slug(&self.db.reader(), slug)
            .await?
            .is_none())
    }
}

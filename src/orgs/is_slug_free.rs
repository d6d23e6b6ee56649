use super::Orgs;
use crate::{db, domain::OrgSlug, error::Result};

impl Orgs {
    /// Whether nobody has, or ever had, the slug. Anybody signed in may ask; the
    /// answer may be old by the time it is used, so that taking a slug can still
    /// be refused.
    ///
    /// # Errors
    /// [`crate::error::Error::Unavailable`] when the database does not answer.
    pub async fn is_slug_free(&self, slug: &OrgSlug) -> Result<bool> {
        Ok(db::orgs::find_id_by_slug(&self.db.reader(), slug)
            .await?
            .is_none())
    }
}

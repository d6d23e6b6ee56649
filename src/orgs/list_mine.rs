use std::sync::Arc;

use super::Orgs;
use crate::{
    cache::keys::UserOrgsKey,
    db,
    domain::{CurrentUser, OrgSummary},
    error::Result,
};

impl Orgs {
    /// The person's organizations, the one joined first at the top.
    ///
    /// # Errors
    /// [`crate::error::Error::Unavailable`] when neither cache nor database answer.
    pub async fn list_mine(&self, user: &CurrentUser) -> Result<Arc<Vec<OrgSummary>>> {
        let user = user.id;
        let orgs = self
            .cache
            .get_or_load(&UserOrgsKey { user }, move |reader| async move {
                db::orgs::list_for_user(&reader, user).await
            })
            .await?;
        Ok(orgs.unwrap_or_default())
    }
}

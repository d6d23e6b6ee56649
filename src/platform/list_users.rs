use super::{Platform, PlatformAdmin};
use crate::{
    boxed, db,
    domain::{Email, Page, PageSize, RecordQuery, UserId, platform::UserLine},
    error::Result,
    telemetry::SPANS,
};

impl Platform {
    /// The users whom the search finds by name, address or id, the newest first. A whole
    /// address finds its user and nobody else, without reading any other.
    ///
    /// # Errors
    /// As for every heavy read: see [`Self::count_all`].
    #[tracing::instrument(level = "debug", target = SPANS, name = "platform.list_users", skip_all)]
    #[boxed]
    pub async fn list_users(
        &self,
        admin: &PlatformAdmin,
        query: &RecordQuery,
    ) -> Result<Page<UserLine>> {
        let query = query.clone();
        if let Ok(email) = Email::parse(&query.search)
            && let Some(user) = db::users::find_id_by_email(&self.db.reader(), &email).await?
        {
            let line = self.find_line(user).await?;
            let lines = i64::from(line.is_some());
            return Ok(Page::of_exactly(lines, query.page, PageSize::default())
                .with(line.into_iter().collect()));
        }
        let list = |reader| async move { db::platform::list_users(&reader, &query).await };
        self.db.heavy_read(admin.signed_in().id, list).await
    }

    async fn find_line(&self, user: UserId) -> Result<Option<UserLine>> {
        let found = self.find_user(user).await?;
        Ok(found.map(|user| UserLine {
            id: user.id,
            name: user.name,
            email: user.email,
            created_at: user.created_at,
            is_suspended: user.suspended_at.is_some(),
            is_platform_admin: user.is_platform_admin,
        }))
    }
}

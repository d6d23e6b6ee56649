use crate::{
    Auth, SignedIn, boxed,
    cache::keys,
    db,
    domain::{Edit, UserName},
    error::{Error, Result},
    telemetry::SPANS,
};

impl Auth {
    /// Changes the user's name, if it differs from what the form was filled with.
    ///
    /// # Errors
    /// [`Error::Conflict`] if another tab or device has changed it meanwhile;
    /// [`Error::SignedOut`].
    #[tracing::instrument(level = "debug", target = SPANS, name = "auth.change_name", skip_all)]
    #[boxed]
    pub async fn change_name(&self, user: &SignedIn, name: Edit<UserName>) -> Result<()> {
        let mut tx = self.db.begin().await?;
        db::users::lock(&mut tx, user.id).await?;
        let current = user.hold(&mut tx, self.clock.now()).await?;
        let Some(name) = name.over("name", &current).map_err(Error::Conflict)? else {
            return Ok(());
        };
        db::users::set_name(&mut tx, user.id, name).await?;
        self.cache
            .commit(tx, &[keys::session(user.session())])
            .await
    }
}

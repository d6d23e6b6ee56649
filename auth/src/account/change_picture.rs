use crate::{
    Auth, SignedIn, boxed, cache::keys, db, domain::PictureOf, error::Result, telemetry::SPANS,
};

impl Auth {
    /// Gives the user a picture.
    ///
    /// # Errors
    /// [`crate::error::Error::Invalid`] on the field `picture`;
    /// [`crate::error::Error::Busy`] while another one is decoded;
    /// [`crate::error::Error::SignedOut`].
    #[tracing::instrument(level = "debug", target = SPANS, name = "auth.change_picture", skip_all)]
    #[boxed]
    pub async fn change_picture(&self, user: &SignedIn, sent: Vec<u8>) -> Result<()> {
        let picture = self.pictures.make(PictureOf::User, sent).await?;
        let mut tx = self.db.begin().await?;
        user.hold(&mut tx, self.clock.now()).await?;
        db::pictures::set_of_user(&mut tx, user.id, &picture.hash(), &picture.0).await?;
        self.cache
            .commit(tx, &[keys::session(user.session())])
            .await
    }

    /// Takes the user's picture away.
    ///
    /// # Errors
    /// [`crate::error::Error::SignedOut`].
    #[tracing::instrument(level = "debug", target = SPANS, name = "auth.remove_picture", skip_all)]
    #[boxed]
    pub async fn remove_picture(&self, user: &SignedIn) -> Result<()> {
        let mut tx = self.db.begin().await?;
        user.hold(&mut tx, self.clock.now()).await?;
        db::pictures::remove_of_user(&mut tx, user.id).await?;
        self.cache
            .commit(tx, &[keys::session(user.session())])
            .await
    }
}

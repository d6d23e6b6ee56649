use super::{Auth, seal::Use, totp::totp};
use crate::{
    SignedIn, db,
    domain::{SecondFactors, TotpSetUp},
    error::{Error, Result},
};

impl Auth {
    /// How the user signs in.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the database does not answer.
    pub async fn second_factors(&self, user: &SignedIn) -> Result<SecondFactors> {
        let reader = self.db.reader();
        let means = db::credentials::find_sign_in_means(&reader, user.id).await?;
        let means = means.ok_or(Error::SignedOut)?;
        let totp = db::totp::find(&reader, user.id).await?;
        Ok(SecondFactors {
            has_password: means.has_password,
            required_since: means.second_factor_at,
            totp_since: totp.and_then(|totp| totp.confirmed_at),
            recovery_codes: db::recovery_codes::count(&reader, user.id).await?,
            passkeys: db::passkeys::list(&reader, user.id).await?,
        })
    }

    /// The app that is being set up; `None`: none is.
    ///
    /// # Errors
    /// [`Error::ConfirmFirst`]; [`Error::SignedOut`].
    pub async fn totp_set_up(&self, user: &SignedIn) -> Result<Option<TotpSetUp>> {
        let mut tx = self.db.begin().await?;
        user.hold_confirmed(&mut tx, self.clock.now()).await?;
        let stored = db::totp::hold(&mut tx, user.id).await?;
        let Some(stored) = stored.filter(|stored| stored.confirmed_at.is_none()) else {
            return Ok(None);
        };
        let opened = self.factors.seal.open(user.id, Use::Totp, &stored.secret)?;
        let totp = totp(&opened.text, &user.email)?;
        Ok(Some(TotpSetUp {
            secret: totp.secret().to_base32(),
            address: totp.to_url().map_err(Error::internal)?,
        }))
    }
}

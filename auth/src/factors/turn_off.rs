use super::Auth;
use crate::{
    SignedIn, boxed,
    db::{self, Tx},
    domain::UserId,
    error::{Error, Result},
    security_log::SecurityEvent,
    telemetry::SPANS,
};

impl Auth {
    /// Takes the authenticator app away. Without a passkey beside it, signing in takes no
    /// second factor any more.
    ///
    /// # Errors
    /// [`Error::ConfirmFirst`]; [`Error::SignedOut`]; [`Error::Conflict`] if there is none.
    #[tracing::instrument(level = "debug", target = SPANS, name = "auth.turn_off_totp", skip_all)]
    #[boxed]
    pub async fn turn_off_totp(&self, user: &SignedIn) -> Result<()> {
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        db::users::lock(&mut tx, user.id).await?;
        user.hold_confirmed(&mut tx, now).await?;
        if !db::totp::delete(&mut tx, user.id).await? {
            return Err(Error::refused("There is no authenticator app to turn off."));
        }
        drop_requirement_without_means(&mut tx, user.id).await?;
        let what = "Your authenticator app was turned off.".to_owned();
        self.tell_of_change(&mut tx, user, what).await?;
        self.cache.commit(tx, &[]).await?;
        SecurityEvent::SecondFactorTurnedOff(user.id).record();
        Ok(())
    }

    /// Asks for no second factor any more: the app and the recovery codes go. Passkeys stay,
    /// as a way to sign in of their own.
    ///
    /// # Errors
    /// [`Error::ConfirmFirst`]; [`Error::SignedOut`]; [`Error::Conflict`] if none is asked
    /// for.
    #[tracing::instrument(level = "debug", target = SPANS, name = "auth.turn_off_second_factor", skip_all)]
    #[boxed]
    pub async fn turn_off_second_factor(&self, user: &SignedIn) -> Result<()> {
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        let means = db::credentials::lock_sign_in_means(&mut tx, user.id).await?;
        user.hold_confirmed(&mut tx, now).await?;
        if means.is_none_or(|means| means.second_factor_at.is_none()) {
            return Err(Error::refused("Signing in takes no second step."));
        }
        db::totp::delete(&mut tx, user.id).await?;
        drop_requirement(&mut tx, user.id).await?;
        let what = "Signing in takes no second step any more.".to_owned();
        self.tell_of_change(&mut tx, user, what).await?;
        self.cache.commit(tx, &[]).await?;
        SecurityEvent::SecondFactorTurnedOff(user.id).record();
        Ok(())
    }
}

/// Asks for no second factor any more if the user, whose row is locked, has none left but
/// recovery codes.
pub(crate) async fn drop_requirement_without_means(tx: &mut Tx, user: UserId) -> Result<()> {
    let totp = db::totp::hold(tx, user).await?;
    let has_totp = totp.is_some_and(|totp| totp.confirmed_at.is_some());
    if has_totp || db::passkeys::count(tx, user).await? > 0 {
        return Ok(());
    }
    drop_requirement(tx, user).await
}

async fn drop_requirement(tx: &mut Tx, user: UserId) -> Result<()> {
    db::credentials::set_second_factor(tx, user, None).await?;
    db::recovery_codes::replace(tx, user, &[]).await?;
    db::recovery_codes::forget_new(tx, user).await
}

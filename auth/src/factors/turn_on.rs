use time::OffsetDateTime;

use super::{Auth, check_code::right_step, seal::Use, wrong_code};
use crate::{
    SignedIn, boxed,
    db::{self, Tx, credentials::SignInMeans},
    error::{Error, Result},
    limits::Limit,
    security_log::SecurityEvent,
    telemetry::SPANS,
};

/// Bytes of an app's secret, as RFC 4226 recommends: those of the hash.
const SECRET_BYTES: usize = 20;

impl Auth {
    /// Makes a secret for an authenticator app. It opens nothing until
    /// [`Self::turn_on_totp`].
    ///
    /// # Errors
    /// [`Error::ConfirmFirst`]; [`Error::SignedOut`]; [`Error::Conflict`] if there is an app
    /// already.
    #[tracing::instrument(level = "debug", target = SPANS, name = "auth.begin_totp", skip_all)]
    #[boxed]
    pub async fn begin_totp(&self, user: &SignedIn) -> Result<()> {
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        db::users::lock(&mut tx, user.id).await?;
        user.hold_confirmed(&mut tx, now).await?;
        let secret: [u8; SECRET_BYTES] = rand::random();
        let sealed = self.factors.seal.seal(user.id, Use::Totp, &secret);
        if !db::totp::begin(&mut tx, user.id, &sealed, now).await? {
            return Err(Error::refused(
                "You have an authenticator app already. Turn it off to set up another one.",
            ));
        }
        tx.commit_unannounced().await
    }

    /// Turns the app on that shows `code`. If it is the first second factor, the user gets
    /// recovery codes.
    ///
    /// # Errors
    /// [`Error::Invalid`] on the field `code`; [`Error::ConfirmFirst`];
    /// [`Error::SignedOut`]; [`Error::RateLimited`]; [`Error::Conflict`] if none is being
    /// set up.
    #[tracing::instrument(level = "debug", target = SPANS, name = "auth.turn_on_totp", skip_all)]
    #[boxed]
    pub async fn turn_on_totp(&self, user: &SignedIn, code: &str) -> Result<()> {
        let now = self.clock.now();
        let attempt = self.limits.begin_signed_in(Limit::Code, user).await?;
        let mut tx = self.db.begin().await?;
        let before = db::credentials::lock_sign_in_means(&mut tx, user.id).await?;
        user.hold_confirmed(&mut tx, now).await?;
        let being_set_up = db::totp::hold(&mut tx, user.id).await?;
        let Some(stored) = being_set_up.filter(|stored| stored.confirmed_at.is_none()) else {
            attempt.forgive().await;
            return Err(Error::refused("No app is being set up. Begin again."));
        };
        let opened = self.factors.seal.open(user.id, Use::Totp, &stored.secret)?;
        let Some(step) = right_step(&opened.text, &user.email, code, now)? else {
            return Err(wrong_code());
        };
        db::totp::confirm(&mut tx, user.id, step, now).await?;
        self.require_second_factor(&mut tx, user, before, now)
            .await?;
        self.cache.commit(tx, &[]).await?;
        attempt.forgive().await;
        SecurityEvent::SecondFactorTurnedOn(user.id).record();
        Ok(())
    }

    /// Asks for a passkey after the password from now on. (Whoever signs in with a passkey
    /// alone has proved enough.)
    ///
    /// # Errors
    /// [`Error::ConfirmFirst`]; [`Error::SignedOut`]; [`Error::Conflict`] without a passkey.
    #[tracing::instrument(level = "debug", target = SPANS, name = "auth.require_passkey", skip_all)]
    #[boxed]
    pub async fn require_passkey(&self, user: &SignedIn) -> Result<()> {
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        let before = db::credentials::lock_sign_in_means(&mut tx, user.id).await?;
        user.hold_confirmed(&mut tx, now).await?;
        if db::passkeys::count(&mut tx, user.id).await? == 0 {
            return Err(Error::refused("Add a passkey first."));
        }
        self.require_second_factor(&mut tx, user, before, now)
            .await?;
        self.cache.commit(tx, &[]).await?;
        SecurityEvent::SecondFactorTurnedOn(user.id).record();
        Ok(())
    }

    /// Notes that signing in takes a second factor. If it did not `before`, recovery codes
    /// are made.
    async fn require_second_factor(
        &self,
        tx: &mut Tx,
        user: &SignedIn,
        before: Option<SignInMeans>,
        now: OffsetDateTime,
    ) -> Result<()> {
        if before.is_some_and(|before| before.second_factor_at.is_some()) {
            return Ok(());
        }
        db::credentials::set_second_factor(tx, user.id, Some(now)).await?;
        let what = "Signing in takes a second step from now on.".to_owned();
        self.tell_of_change(tx, user, what).await?;
        self.replace_recovery_codes(tx, user, now).await
    }
}

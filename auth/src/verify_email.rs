use tower_sessions::Session;

use super::{Admitted, Auth, ClientInfo, LinkToken, SignedIn, limits::Limit, sign_up::SignedUp};
use crate::{
    boxed, db,
    domain::{CurrentUser, Invalid, TokenKind},
    error::{Error, Result},
    security_log::SecurityEvent,
    telemetry::SPANS,
};

/// An address is verified, and its owner signed in, as far as that goes.
#[derive(Clone, Debug)]
pub struct Verified {
    pub user: CurrentUser,
    pub admitted: Admitted,
    /// The page to go on at; empty: none was asked for at sign-up.
    pub next: String,
}

impl Auth {
    /// Whether the browser has shown already that it is the account's owner who uses it: it
    /// is signed in as that user, or the account was made in it.
    ///
    /// # Errors
    /// [`Error::DeadLink`].
    pub async fn verifies_without_password(
        &self,
        session: &Session,
        signed_in: Option<&SignedIn>,
        token: &LinkToken,
    ) -> Result<bool> {
        let token = self.find_token(TokenKind::VerifyEmail, token).await?;
        if signed_in.is_some_and(|user| user.id == token.user) {
            return Ok(true);
        }
        let signed_up = session.get::<SignedUp>(SignedUp::KEY).await;
        // What cannot be read is no proof.
        Ok(matches!(signed_up, Ok(Some(signed_up)) if signed_up.user == token.user))
    }

    /// Verifies the address that the link was mailed to, and signs its owner in.
    ///
    /// The link alone shows that somebody reads that mailbox, not that they made the
    /// account: an account that a stranger made with somebody's address must not become
    /// usable because the owner of the address clicks. So another browser asks for the
    /// password, too.
    ///
    /// # Errors
    /// [`Error::DeadLink`]; [`Error::Invalid`] on the field `password` if it is needed and
    /// wrong, and the link goes on working; [`Error::RateLimited`].
    #[tracing::instrument(level = "debug", target = SPANS, name = "auth.verify_email", skip_all)]
    #[boxed]
    pub async fn verify_email(
        &self,
        session: &Session,
        signed_in: Option<&SignedIn>,
        token: &LinkToken,
        password: &str,
        client: &ClientInfo,
    ) -> Result<Verified> {
        let kind = TokenKind::VerifyEmail;
        let found = self.find_token(kind, token).await?;
        let is_own_browser = self
            .verifies_without_password(session, signed_in, token)
            .await?;
        if !is_own_browser {
            let attempt = self
                .limits
                .begin(Limit::SignIn, &found.email, client)
                .await?;
            if !self.is_password_of(found.user, password, attempt).await? {
                return Err(Error::Invalid(Invalid::new(
                    "password",
                    "This is not the password that was chosen for the account. \
                     Check it, or set a new one.",
                )));
            }
        }
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        let taken = self.take_token(&mut tx, kind, token).await?;
        if !db::users::verify_email(&mut tx, taken.user, &taken.email, now).await? {
            return Err(Error::DeadLink);
        }
        self.cache.commit(tx, &[]).await?;
        SecurityEvent::EmailVerified(taken.user).record();
        self.newcomers.take_in(taken.user).await;

        let credentials =
            db::credentials::find_credentials_by_id(&self.db.reader(), taken.user).await?;
        let credentials = credentials.ok_or(Error::DeadLink)?;
        let admitted = match signed_in {
            Some(user) if user.id == taken.user => Admitted::SignedIn,
            _ => self.admit(session, &credentials, client).await?,
        };
        Ok(Verified {
            user: credentials.user,
            admitted,
            next: taken.next,
        })
    }
}

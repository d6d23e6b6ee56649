use serde::{Deserialize, Serialize};
use tower_sessions::Session;

use super::{Auth, ClientInfo, letters, limits::Limit, sessions::store_error};
use crate::{
    boxed, db,
    domain::{Email, NewPassword, TokenKind, UserId, UserName},
    error::Result,
    security_log::SecurityEvent,
    telemetry::SPANS,
};

/// Who wants an account.
#[derive(Clone, Debug)]
pub struct NewAccount {
    pub name: UserName,
    pub email: Email,
    pub password: NewPassword,
    /// The page to go on at when the address is verified; empty: none was asked for.
    pub next: String,
}

/// Stays in the browser that signed up: whoever typed the password there need not type it
/// again when the mail has arrived.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct SignedUp {
    pub user: UserId,
}

impl SignedUp {
    pub const KEY: &str = "signed_up";
}

impl Auth {
    /// Makes an account, and mails a link that verifies its address. If the address has an
    /// account already, its owner is told instead, by mail: the answer is the same, after
    /// the same work.
    ///
    /// # Errors
    /// [`crate::error::Error::RateLimited`]; [`crate::error::Error::Unavailable`].
    #[tracing::instrument(level = "debug", target = SPANS, name = "auth.sign_up", skip_all)]
    #[boxed]
    pub async fn sign_up(
        &self,
        session: &Session,
        new: NewAccount,
        client: &ClientInfo,
    ) -> Result<()> {
        let place = self.passwords.queue_up()?;
        let attempt = self.limits.begin(Limit::SignUp, &new.email, client).await?;
        let hash = match place.hash(new.password).await {
            Ok(hash) => hash,
            Err(busy) => {
                attempt.forgive().await;
                return Err(busy);
            }
        };
        let (email, next) = (&new.email, new.next.as_str());
        let mut tx = self.db.begin().await?;
        let user = match db::users::insert(&mut tx, &new.name, email, &hash).await? {
            Some(user) => {
                let kind = TokenKind::VerifyEmail;
                let letter = |token: &_| letters::verify_email(new.name.as_str(), token);
                self.mail_link(&mut tx, (user, kind), email, next, letter)
                    .await?;
                SecurityEvent::SignedUp(user).record();
                user
            }
            None => {
                if let Some(owner) = db::users::find_reachable(&mut tx, email).await? {
                    let kind = TokenKind::ResetPassword;
                    let letter = |token: &_| letters::already_here(&owner.name, token);
                    self.mail_link(&mut tx, (owner.id, kind), email, next, letter)
                        .await?;
                }
                // Nobody's.
                UserId::new()
            }
        };
        // No page shows somebody who is a member of nothing.
        tx.commit_unannounced().await?;
        session
            .insert(SignedUp::KEY, SignedUp { user })
            .await
            .map_err(store_error)
    }

    /// Mails another link to somebody whose address is not verified yet.
    ///
    /// # Errors
    /// [`crate::error::Error::SignedOut`]; [`crate::error::Error::RateLimited`].
    #[tracing::instrument(level = "debug", target = SPANS, name = "auth.resend_verification", skip_all)]
    #[boxed]
    pub async fn resend_verification(
        &self,
        user: &super::SignedIn,
        next: &str,
        client: &ClientInfo,
    ) -> Result<()> {
        let mut tx = self.db.begin().await?;
        let name = user.hold(&mut tx, self.clock.now()).await?;
        if user.email_verified {
            return Ok(());
        }
        let _counted = self
            .limits
            .begin(Limit::Verification, &user.email, client)
            .await?;
        let kind = TokenKind::VerifyEmail;
        let letter = |token: &_| letters::verify_email(&name, token);
        self.mail_link(&mut tx, (user.id, kind), &user.email, next, letter)
            .await?;
        tx.commit_unannounced().await
    }
}

use tower_sessions::Session;
use webauthn_rp::{
    NonDiscoverableCredentialRequestOptions,
    bin::Encode as _,
    request::{Credentials as _, UserVerificationRequirement, auth::AllowedCredentials},
};

use super::{Auth, add::descriptor, ceremony::Purpose, refused};
use crate::{
    ClientInfo, SignedIn, boxed,
    cache::keys,
    db,
    domain::CurrentUser,
    error::{Error, Result},
    factors::Proved,
    telemetry::SPANS,
};

impl Auth {
    /// Asks the browser for a passkey of somebody who is known: of `user`, or, where nobody
    /// is signed in, of whoever has a sign-in pending. Returns the options for it, in JSON.
    ///
    /// # Errors
    /// [`Error::SignedOut`] if it is nobody; [`Error::Conflict`] if they have no passkey.
    #[tracing::instrument(level = "debug", target = SPANS, name = "auth.begin_passkey_proof", skip_all)]
    #[boxed]
    pub async fn begin_passkey_proof(
        &self,
        user: Option<&SignedIn>,
        session: &Session,
    ) -> Result<String> {
        let party = self.passkeys.party()?;
        let user = match user {
            Some(user) => user.id,
            None => self.pending_user(session).await?.ok_or(Error::SignedOut)?,
        };
        let mut tx = self.db.begin().await?;
        let known = db::passkeys::list_descriptors(&mut tx, user).await?;
        let mut allowed = AllowedCredentials::with_capacity(known.len());
        for passkey in known {
            allowed.push(descriptor(passkey)?.into());
        }
        if allowed.is_empty() {
            return Err(Error::refused("There is no passkey to use."));
        }
        let options = NonDiscoverableCredentialRequestOptions::second_factor(&party.id, allowed);
        let mut options = options.map_err(Error::internal)?;
        // Whoever holds a device that lies around is not its user.
        options.options().user_verification = UserVerificationRequirement::Required;
        let (asked, question) = options.start_ceremony().map_err(Error::internal)?;
        let state = asked.encode().map_err(Error::internal)?;
        self.keep_question(tx, session, Purpose::Prove, Some(user), &state)
            .await?;
        serde_json::to_string(&question).map_err(Error::internal)
    }

    /// Completes a pending sign-in with a passkey, as [`Self::complete_with_code`] does with
    /// a code.
    ///
    /// # Errors
    /// [`Error::Invalid`] on the field `credential`; [`Error::SignedOut`] if none is pending
    /// any more.
    #[tracing::instrument(level = "debug", target = SPANS, name = "auth.complete_with_passkey", skip_all)]
    #[boxed]
    pub async fn complete_with_passkey(
        &self,
        session: &Session,
        answer: &str,
        client: &ClientInfo,
    ) -> Result<CurrentUser> {
        let now = self.clock.now();
        let pending = self.pending_user(session).await?.ok_or(Error::SignedOut)?;
        let asked = self.take_question(session, Purpose::Prove, now).await?;
        if asked.user != Some(pending) {
            return Err(refused());
        }
        let mut tx = self.db.begin().await?;
        let credentials = self.end_pending(&mut tx, session, now).await?;
        let verified = self.verify_known(&mut tx, asked, answer, now).await?;
        if verified.user() != credentials.user.id {
            return Err(refused());
        }
        tx.commit_unannounced().await?;
        let proved = Proved::by_passkey(&verified);
        self.let_in(session, &credentials, client, proved).await?;
        Ok(credentials.user)
    }

    /// Proves again who somebody signed in is, by a passkey.
    ///
    /// # Errors
    /// [`Error::Invalid`] on the field `credential`; [`Error::SignedOut`].
    #[tracing::instrument(level = "debug", target = SPANS, name = "auth.confirm_with_passkey", skip_all)]
    #[boxed]
    pub async fn confirm_with_passkey(
        &self,
        user: &SignedIn,
        session: &Session,
        answer: &str,
    ) -> Result<()> {
        let now = self.clock.now();
        let asked = self.take_question(session, Purpose::Prove, now).await?;
        if asked.user != Some(user.id) {
            return Err(refused());
        }
        let mut tx = self.db.begin().await?;
        user.hold(&mut tx, now).await?;
        self.verify_known(&mut tx, asked, answer, now).await?;
        db::sessions::confirm(&mut tx, user.session(), now).await?;
        self.cache
            .commit(tx, &[keys::session(user.session())])
            .await
    }
}

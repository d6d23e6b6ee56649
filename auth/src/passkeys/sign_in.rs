use tower_sessions::Session;
use webauthn_rp::{DiscoverableCredentialRequestOptions, bin::Encode as _};

use super::{Auth, ceremony::Purpose, refuse};
use crate::{
    ClientInfo, boxed, db,
    domain::CurrentUser,
    error::{Error, Result},
    factors::Proved,
    telemetry::SPANS,
};

impl Auth {
    /// Asks the browser for any passkey of this site. Returns the options for it, in JSON.
    ///
    /// # Errors
    /// [`Error::RateLimited`]; [`Error::Conflict`] if the site cannot have passkeys.
    #[tracing::instrument(level = "debug", target = SPANS, name = "auth.begin_passkey_sign_in", skip_all)]
    #[boxed]
    pub async fn begin_passkey_sign_in(
        &self,
        session: &Session,
        client: &ClientInfo,
    ) -> Result<String> {
        let party = self.passkeys.party()?;
        if let Some(network) = client.network() {
            drop(self.passkeys.visits.begin(network, self.clock.now())?);
        }
        let options = DiscoverableCredentialRequestOptions::passkey(&party.id);
        let (asked, question) = options.start_ceremony().map_err(Error::internal)?;
        let state = asked.encode().map_err(Error::internal)?;
        let tx = self.db.begin().await?;
        self.keep_question(tx, session, Purpose::SignIn, None, &state)
            .await?;
        serde_json::to_string(&question).map_err(Error::internal)
    }

    /// Signs in whoever the passkey belongs to. `answer` is the browser's, in JSON.
    ///
    /// # Errors
    /// [`Error::Invalid`] on the field `credential`, also for a banned account.
    #[tracing::instrument(level = "debug", target = SPANS, name = "auth.sign_in_with_passkey", skip_all)]
    #[boxed]
    pub async fn sign_in_with_passkey(
        &self,
        session: &Session,
        answer: &str,
        client: &ClientInfo,
    ) -> Result<CurrentUser> {
        let now = self.clock.now();
        let asked = self.take_question(session, Purpose::SignIn, now).await?;
        let mut tx = self.db.begin().await?;
        let verified = self.verify_anybody(&mut tx, asked, answer, now).await?;
        tx.commit_unannounced().await?;
        let reader = self.db.reader();
        let found = db::credentials::find_credentials_by_id(&reader, verified.user()).await?;
        let Some(credentials) = found.filter(|found| !found.banned) else {
            return Err(refuse(Some(verified.user()), "banned account"));
        };
        let proved = Proved::by_passkey(&verified);
        self.let_in(session, &credentials, client, proved).await?;
        Ok(credentials.user)
    }
}

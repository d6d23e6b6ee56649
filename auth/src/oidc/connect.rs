use tower_sessions::Session;

use super::pending::PendingConnection;
use crate::{
    Auth, ClientInfo, boxed,
    db::{self, Tx, identities::NewIdentity},
    domain::{CurrentUser, Email, Invalid, ProviderName, ProviderProblem},
    error::{Error, Result},
    letters,
    security_log::SecurityEvent,
    telemetry::SPANS,
};

impl Auth {
    /// The address of the account that a browser could connect a provider with, having come
    /// back from it; `None`: there is none, or it took too long.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is no such provider.
    pub async fn find_pending_connection(
        &self,
        session: &Session,
        provider: &ProviderName,
    ) -> Result<Option<Email>> {
        self.providers.get(provider)?;
        let found = PendingConnection::find(session, provider, self.clock.now()).await?;
        Ok(found.map(|pending| pending.email))
    }

    /// Connects the provider that the browser came back from with the account that has the
    /// same address, lets them in, and says where to go on. It takes the account's password:
    /// who has an address today is not always who made the account. Guesses are counted as
    /// those of [`Auth::sign_in`].
    ///
    /// # Errors
    /// [`Error::Invalid`] on the field `password` if it is wrong or the account may not be
    /// used; [`Error::RateLimited`]; [`Error::Provider`] if there is nothing to connect;
    /// [`Error::NotFound`] if there is no such provider.
    #[tracing::instrument(level = "debug", target = SPANS, name = "auth.connect_by_password", skip_all)]
    #[boxed]
    pub async fn connect_by_password(
        &self,
        session: &Session,
        provider: &ProviderName,
        password: &str,
        client: &ClientInfo,
    ) -> Result<String> {
        let now = self.clock.now();
        self.providers.get(provider)?;
        let pending = PendingConnection::find(session, provider, now)
            .await?
            .ok_or(ProviderProblem::NotBegun)?;
        let found = self
            .find_by_password(&pending.email, password, client)
            .await;
        let account = found.map_err(|error| match error {
            Error::SignInFailed => Invalid::new(
                "password",
                "This is not the password of that account. Check it and try again.",
            )
            .into(),
            other => other,
        })?;
        let mut tx = self.db.begin().await?;
        db::users::lock(&mut tx, account.user.id).await?;
        let identity = NewIdentity {
            user: account.user.id,
            issuer: &pending.issuer,
            subject: &pending.subject,
            email: &pending.email,
            now,
        };
        let CurrentUser { name, email, .. } = &account.user;
        self.insert_identity(tx, identity, name, email).await?;
        self.admit_person(session, &account, client, pending.next)
            .await
    }

    /// Stores an identity of the user who has this name and address, tells them, and commits.
    ///
    /// # Errors
    /// [`ProviderProblem::OfAnother`]; [`ProviderProblem::HasAnother`].
    pub(super) async fn insert_identity(
        &self,
        mut tx: Tx,
        identity: NewIdentity<'_>,
        name: &str,
        email: &Email,
    ) -> Result<()> {
        let (user, issuer, subject) = (identity.user, identity.issuer, identity.subject);
        if !db::identities::insert(&mut tx, identity).await? {
            return match db::identities::find_owner(&mut tx, issuer, subject).await? {
                // Twice is as good as once.
                Some(owner) if owner == user => Ok(()),
                Some(_) => Err(ProviderProblem::OfAnother.into()),
                None => Err(ProviderProblem::HasAnother.into()),
            };
        }
        let letter = letters::provider_connected(name, &self.providers.label_of(issuer));
        self.mail.post(&mut tx, email, &letter).await?;
        // No page keeps identities.
        tx.commit_unannounced().await?;
        SecurityEvent::ProviderConnected(user).record();
        Ok(())
    }
}

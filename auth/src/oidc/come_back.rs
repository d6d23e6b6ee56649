use tower_sessions::Session;

use super::{
    ProviderAnswer,
    pending::{PendingConnection, PendingReturn, Purpose},
    person::Person,
};
use crate::{
    Admitted, Auth, ClientInfo, SignedIn, boxed,
    cache::keys,
    db::{self, credentials::Credentials, identities::NewIdentity},
    domain::{Email, ProviderName, ProviderProblem},
    error::Result,
    routes::{self, ProviderPage},
    security_log::SecurityEvent,
    signed_in::FRESH,
    telemetry::SPANS,
};

/// How much later than we a provider's clock may be.
const CLOCK_SKEW: time::Duration = time::Duration::minutes(1);

impl Auth {
    /// Does what was begun with a provider, for a browser that comes back from it, and says
    /// where to go on, a path of ours. It can be done once.
    ///
    /// # Errors
    /// [`crate::error::Error::NotFound`] if there is no such provider;
    /// [`crate::error::Error::Provider`]; [`crate::error::Error::SignedOut`] if the session
    /// ended meanwhile.
    #[tracing::instrument(level = "debug", target = SPANS, name = "auth.come_back", skip_all)]
    #[boxed]
    pub async fn come_back(
        &self,
        session: &Session,
        user: Option<&SignedIn>,
        provider: &ProviderName,
        answer: ProviderAnswer,
        client: &ClientInfo,
    ) -> Result<String> {
        let now = self.clock.now();
        let asked = self.providers.get(provider)?;
        let state = answer.state.as_deref().unwrap_or_default();
        let pending = PendingReturn::find(session, provider, now)
            .await?
            // Whoever does not know the state does not end what it is for, either.
            .filter(|pending| pending.has_state(state))
            .ok_or(ProviderProblem::NotBegun)?;
        PendingReturn::end(session, user).await?;

        if answer.issuer.is_some_and(|issuer| issuer != asked.issuer()) {
            let reason = "another provider answered";
            SecurityEvent::SignInUnproved { reason }.record();
            return Err(ProviderProblem::NotProved.into());
        }
        if let Some(error) = answer.error {
            return Err(meaning_of(&error).into());
        }
        let code = answer.code.ok_or(ProviderProblem::NotProved)?;
        let person = asked
            .redeem(code, pending.nonce, pending.verifier, now)
            .await?;
        match (pending.purpose, user) {
            (Purpose::SignIn, _) => {
                self.sign_in_as(session, user, provider, person, pending.next, client)
                    .await
            }
            (Purpose::Connect(id), Some(user)) if user.id == id => {
                self.connect_as(user, person).await?;
                Ok(pending.next)
            }
            (Purpose::Confirm(id), Some(user)) if user.id == id => {
                self.confirm_as(user, person).await?;
                Ok(pending.next)
            }
            _ => Err(ProviderProblem::NotBegun.into()),
        }
    }

    async fn sign_in_as(
        &self,
        session: &Session,
        user: Option<&SignedIn>,
        provider: &ProviderName,
        person: Person,
        next: String,
        client: &ClientInfo,
    ) -> Result<String> {
        if let Some(known) = self.find_person(&person).await? {
            return self.admit_person(session, &known, client, next).await;
        }
        let email = person.email.clone().ok_or(ProviderProblem::NotVerified)?;
        if let Some(new) = self.create_account(&person, &email).await? {
            return self.admit_person(session, &new, client, next).await;
        }
        // Made a moment ago, in another tab.
        if let Some(known) = self.find_person(&person).await? {
            return self.admit_person(session, &known, client, next).await;
        }
        // The address belongs to an account. It may be this person's, and it may be one that
        // somebody made in their name before they came.
        PendingConnection::new(provider, person, email, next, self.clock.now())
            .keep(session, user)
            .await?;
        Ok(ProviderPage::Connect.path(provider))
    }

    /// The user whom the provider's token is about.
    ///
    /// # Errors
    /// [`ProviderProblem::NotProved`] if they are banned: it looks as if the token was wrong.
    async fn find_person(&self, person: &Person) -> Result<Option<Credentials>> {
        let (issuer, subject) = (&person.issuer, &person.subject);
        let reader = self.db.reader();
        let Some(id) = db::identities::find_user(&reader, issuer, subject).await? else {
            return Ok(None);
        };
        let Some(known) = db::credentials::find_credentials_by_id(&reader, id).await? else {
            return Ok(None);
        };
        if known.banned {
            SecurityEvent::SignInFailed {
                email: &known.user.email,
                user: Some(known.user.id),
            }
            .record();
            return Err(ProviderProblem::NotProved.into());
        }
        let mut tx = self.db.begin().await?;
        db::identities::use_now(&mut tx, issuer, subject, self.clock.now()).await?;
        tx.commit_unannounced().await?;
        Ok(Some(known))
    }

    /// A new account for somebody nobody knows; `None`: the address belongs to one.
    async fn create_account(&self, person: &Person, email: &Email) -> Result<Option<Credentials>> {
        let now = self.clock.now();
        let name = person.name(email);
        let mut tx = self.db.begin().await?;
        let Some(id) = db::users::insert_verified(&mut tx, &name, email, now).await? else {
            return Ok(None);
        };
        let identity = NewIdentity {
            user: id,
            issuer: &person.issuer,
            subject: &person.subject,
            email,
            now,
        };
        if !db::identities::insert(&mut tx, identity).await? {
            // Also made a moment ago, under another address.
            return Ok(None);
        }
        // No page shows somebody who is a member of nothing.
        tx.commit_unannounced().await?;
        SecurityEvent::SignedUp(id).record();
        self.newcomers.take_in(id).await;
        db::credentials::find_credentials_by_id(&self.db.reader(), id).await
    }

    /// Lets somebody in whose identity is proved, and says where they go on.
    pub(super) async fn admit_person(
        &self,
        session: &Session,
        user: &Credentials,
        client: &ClientInfo,
        next: String,
    ) -> Result<String> {
        Ok(match self.admit(session, user, client).await? {
            Admitted::SignedIn => next,
            Admitted::SecondFactor => routes::second_factor_then(&next),
        })
    }

    /// Connects somebody with the account that has begun it, and had confirmed then who it
    /// is.
    async fn connect_as(&self, user: &SignedIn, person: Person) -> Result<()> {
        let email = person.email.ok_or(ProviderProblem::NotVerified)?;
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        let name = user.hold_verified(&mut tx, now).await?;
        let identity = NewIdentity {
            user: user.id,
            issuer: &person.issuer,
            subject: &person.subject,
            email: &email,
            now,
        };
        self.insert_identity(tx, identity, &name, &user.email).await
    }

    async fn confirm_as(&self, user: &SignedIn, person: Person) -> Result<()> {
        let now = self.clock.now();
        let is_fresh = person
            .proved_at
            .is_some_and(|at| now - at <= FRESH && at - now <= CLOCK_SKEW);
        if !is_fresh {
            return Err(ProviderProblem::NotFresh.into());
        }
        let (issuer, subject) = (&person.issuer, &person.subject);
        let mut tx = self.db.begin().await?;
        user.hold(&mut tx, now).await?;
        if db::identities::find_owner(&mut tx, issuer, subject).await? != Some(user.id) {
            SecurityEvent::ConfirmationFailed(user.id).record();
            return Err(ProviderProblem::NotConnected.into());
        }
        db::identities::use_now(&mut tx, issuer, subject, now).await?;
        db::sessions::confirm(&mut tx, user.session(), now).await?;
        self.cache
            .commit(tx, &[keys::session(user.session())])
            .await
    }
}

/// What a provider's `error` means to whoever hears it (RFC 6749, 4.1.2.1, and OpenID
/// Connect, 3.1.2.6).
fn meaning_of(error: &str) -> ProviderProblem {
    match error {
        "access_denied"
        | "login_required"
        | "interaction_required"
        | "consent_required"
        | "account_selection_required" => ProviderProblem::Declined,
        "server_error" | "temporarily_unavailable" => ProviderProblem::Away,
        // What we asked for was wrong, or nobody asked for it.
        _ => ProviderProblem::NotProved,
    }
}

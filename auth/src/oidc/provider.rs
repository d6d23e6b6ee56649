//! One provider: what is known of it, and the two questions it is asked.
//!
//! Its metadata and keys are fetched when somebody first wants to use it and kept for an
//! hour. A token that is signed with a key we do not know makes us fetch them anew, at most
//! once a minute: providers change keys without notice, and anybody can name a key.

use std::time::Duration;

use openidconnect::{
    AuthType, AuthorizationCode, ClaimsVerificationError, ClientId, ClientSecret, CsrfToken,
    EndpointMaybeSet, EndpointNotSet, EndpointSet, IssuerUrl, Nonce, PkceCodeChallenge,
    PkceCodeVerifier, RedirectUrl, RequestTokenError, Scope, SignatureVerificationError,
    TokenResponse as _,
    core::{
        CoreAuthPrompt, CoreAuthenticationFlow, CoreClient, CoreClientAuthMethod,
        CoreErrorResponseType, CoreIdToken, CoreIdTokenVerifier, CoreJwsSigningAlgorithm,
        CoreProviderMetadata,
    },
};
use parking_lot::Mutex;
use time::OffsetDateTime;
use tokio::{sync::Semaphore, time::timeout};

use super::{http::ProviderHttp, person::Person};
use crate::{
    config::{AppUrl, OidcProvider},
    domain::{self, ProviderName, ProviderProblem},
    error::{Error, Result, chain},
    routes::ProviderPage,
    security_log::SecurityEvent,
    signed_in::FRESH,
};

/// How long one use of the provider may take, with all that has to be fetched for it.
const ANSWER_TIME: Duration = Duration::from_secs(5);

/// Uses at a time. A provider that hangs holds this many requests of ours, and no more.
const PLACES: usize = 8;

const KEPT: time::Duration = time::Duration::hours(1);

/// How old what is known must be before an unknown key makes us ask again.
const ASKED_AGAIN_AFTER: time::Duration = time::Duration::minutes(1);

/// What signs ID tokens: public keys. None that share the client's secret, and not nothing.
const SIGNED_BY: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

type OidcClient = CoreClient<
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

pub(super) struct Provider {
    settings: OidcProvider,
    redirect_url: RedirectUrl,
    http: ProviderHttp,
    places: Semaphore,
    known: Mutex<Option<Known>>,
    /// Held by the one who fetches.
    fetching: tokio::sync::Mutex<()>,
}

#[derive(Clone)]
struct Known {
    /// With the keys.
    metadata: CoreProviderMetadata,
    at: OffsetDateTime,
}

/// What a browser is sent to the provider with, and what it has to come back with.
pub(super) struct Question {
    /// Where to send it.
    pub(super) address: String,
    pub(super) state: String,
    pub(super) nonce: String,
    pub(super) verifier: String,
}

impl Provider {
    pub(super) fn new(
        settings: OidcProvider,
        app_url: &AppUrl,
        http: ProviderHttp,
    ) -> Result<Self> {
        let path = ProviderPage::Return.path(&settings.name);
        let redirect_url = RedirectUrl::new(format!("{app_url}{path}"));
        Ok(Self {
            settings,
            redirect_url: redirect_url.map_err(Error::internal)?,
            http,
            places: Semaphore::new(PLACES),
            known: Mutex::new(None),
            fetching: tokio::sync::Mutex::new(()),
        })
    }

    pub(super) fn name(&self) -> &ProviderName {
        &self.settings.name
    }

    pub(super) fn issuer(&self) -> &str {
        &self.settings.issuer
    }

    pub(super) fn offered(&self) -> domain::Provider {
        domain::Provider {
            name: self.settings.name.clone(),
            label: self.settings.label.clone(),
        }
    }

    /// Asks who somebody is; `anew`: even if the provider knows already.
    ///
    /// # Errors
    /// [`ProviderProblem::Away`].
    pub(super) async fn ask(&self, anew: bool, now: OffsetDateTime) -> Result<Question> {
        let known = self.within_bounds(self.know(now)).await?;
        let client = self.client(&known.metadata);
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let mut request = client
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                CsrfToken::new_random,
                Nonce::new_random,
            )
            .set_pkce_challenge(challenge);
        for scope in &self.settings.scopes {
            request = request.add_scope(Scope::new(scope.clone()));
        }
        if anew {
            // The first makes them ask; the second makes them say when they did.
            request = request
                .add_prompt(CoreAuthPrompt::Login)
                .set_max_age(FRESH.unsigned_abs());
        }
        let (address, state, nonce) = request.url();
        self.http
            .check(&address)
            .map_err(|error| self.away(&error))?;
        Ok(Question {
            address: address.into(),
            state: state.into_secret(),
            nonce: nonce.secret().clone(),
            verifier: verifier.into_secret(),
        })
    }

    /// Who came back with `code`.
    ///
    /// # Errors
    /// [`ProviderProblem::Away`]; [`ProviderProblem::NotProved`] if the code or what it is
    /// exchanged for is not right.
    pub(super) async fn redeem(
        &self,
        code: String,
        nonce: String,
        verifier: String,
        now: OffsetDateTime,
    ) -> Result<Person> {
        let work = async {
            let known = self.know(now).await?;
            let client = self.client(&known.metadata);
            let request = client
                .exchange_code(AuthorizationCode::new(code))
                .map_err(|error| self.away(&error))?
                .set_pkce_verifier(PkceCodeVerifier::new(verifier));
            let answer = request.request_async(&self.http).await;
            let tokens = answer.map_err(|error| match error {
                RequestTokenError::ServerResponse(refusal)
                    if *refusal.error() == CoreErrorResponseType::InvalidGrant =>
                {
                    not_proved("the provider did not take the code")
                }
                error => self.away(&error),
            })?;
            let token = tokens
                .id_token()
                .ok_or_else(|| not_proved("there is no ID token"))?;
            let nonce = Nonce::new(nonce);
            let verified = self.verify(token, &known, &nonce, now);
            if is_unknown_key(&verified)
                && let Some(newer) = self.know_more(&known, now).await?
            {
                return Ok(self.verify(token, &newer, &nonce, now));
            }
            Ok(verified)
        };
        let verified = self.within_bounds(work).await?;
        verified.map_err(|error| not_proved(&chain(&error)))
    }

    fn verify(
        &self,
        token: &CoreIdToken,
        known: &Known,
        nonce: &Nonce,
        now: OffsetDateTime,
    ) -> Result<Person, ClaimsVerificationError> {
        let client_id = ClientId::new(self.settings.client_id.clone());
        let metadata = &known.metadata;
        // "Public" only means that the client's secret is no key.
        let verifier = CoreIdTokenVerifier::new_public_client(
            client_id.clone(),
            metadata.issuer().clone(),
            metadata.jwks().clone(),
        )
        .set_allowed_algs(SIGNED_BY)
        .set_time_fn(move || {
            chrono::DateTime::from_timestamp(now.unix_timestamp(), 0)
                .expect("chrono knows more years than we do")
        });
        let claims = token.claims(&verifier, nonce)?;
        Person::from_claims(self.issuer(), claims, &client_id)
            .map_err(|problem| ClaimsVerificationError::Other(problem.to_owned()))
    }

    fn client(&self, metadata: &CoreProviderMetadata) -> OidcClient {
        let (id, secret) = (&self.settings.client_id, &self.settings.client_secret);
        CoreClient::from_provider_metadata(
            metadata.clone(),
            ClientId::new(id.clone()),
            Some(ClientSecret::new(secret.expose().to_owned())),
        )
        .set_redirect_uri(self.redirect_url.clone())
        .set_auth_type(auth_type(metadata))
    }

    async fn know(&self, now: OffsetDateTime) -> Result<Known> {
        if let Some(known) = self.kept(now) {
            return Ok(known);
        }
        let _others_wait = self.fetching.lock().await;
        match self.kept(now) {
            Some(known) => Ok(known),
            None => self.fetch(now).await,
        }
    }

    /// What is known by now, if that is more than `known`, or can be.
    async fn know_more(&self, known: &Known, now: OffsetDateTime) -> Result<Option<Known>> {
        let _others_wait = self.fetching.lock().await;
        match self.kept(now) {
            Some(newer) if newer.at > known.at => Ok(Some(newer)),
            _ if now - known.at < ASKED_AGAIN_AFTER => Ok(None),
            _ => self.fetch(now).await.map(Some),
        }
    }

    fn kept(&self, now: OffsetDateTime) -> Option<Known> {
        let known = self.known.lock().clone();
        known.filter(|known| now - known.at < KEPT)
    }

    async fn fetch(&self, now: OffsetDateTime) -> Result<Known> {
        let issuer = IssuerUrl::new(self.settings.issuer.clone()).map_err(Error::internal)?;
        let metadata = CoreProviderMetadata::discover_async(issuer, &self.http).await;
        let known = Known {
            metadata: metadata.map_err(|error| self.away(&error))?,
            at: now,
        };
        *self.known.lock() = Some(known.clone());
        Ok(known)
    }

    /// Gives `work` a place and [`ANSWER_TIME`].
    async fn within_bounds<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        let _place = self
            .places
            .try_acquire()
            .map_err(|error| self.away(&error))?;
        let outcome = timeout(ANSWER_TIME, work).await;
        outcome.map_err(|error| self.away(&error))?
    }

    fn away(&self, error: &dyn std::error::Error) -> Error {
        tracing::warn!(
            provider = self.settings.name.as_str(),
            error = chain(error),
            "a provider of sign-in does not answer as it should"
        );
        ProviderProblem::Away.into()
    }
}

fn is_unknown_key(verified: &Result<Person, ClaimsVerificationError>) -> bool {
    matches!(
        verified,
        Err(ClaimsVerificationError::SignatureVerification(
            SignatureVerificationError::NoMatchingKey
        ))
    )
}

/// Logs why and says nothing of it.
fn not_proved(reason: &str) -> Error {
    SecurityEvent::SignInUnproved { reason }.record();
    ProviderProblem::NotProved.into()
}

/// How we show the client's secret: as the standard prefers it, unless the provider takes
/// it in no way but the other.
fn auth_type(metadata: &CoreProviderMetadata) -> AuthType {
    let takes = |method: &CoreClientAuthMethod| {
        let methods = metadata.token_endpoint_auth_methods_supported();
        methods.is_some_and(|methods| methods.contains(method))
    };
    let is_basic_refused = takes(&CoreClientAuthMethod::ClientSecretPost)
        && !takes(&CoreClientAuthMethod::ClientSecretBasic);
    if is_basic_refused {
        AuthType::RequestBody
    } else {
        AuthType::BasicAuth
    }
}

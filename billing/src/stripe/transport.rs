//! The way to Stripe. The library's own client opens a connection for each request, has no
//! time-out, does not hear `Retry-After`, and gives up an answer of which it does not
//! understand one field. So it writes the requests, and this sends them and reads JSON.

use std::{
    pin::Pin,
    time::{Duration, Instant},
};

use http::{Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use serde::Deserialize;
use serde_json::Value;
use stripe_client_core::{RequestBuilder, StripeMethod, StripeRequest, VERSION};

use crate::{
    config::StripeConfig,
    error::{BoxError, Error, Result},
};

/// How long one answer may take.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a question may take, all attempts and the waits between them together. Stripe
/// gives a webhook's receiver not much more.
const QUESTION_TIMEOUT: Duration = Duration::from_secs(10);

/// Attempts at a question: what a short limit or a restart over there takes.
const ATTEMPTS: u32 = 3;

/// Before the second attempt; doubles, and up to as much again is added by chance, so that
/// nodes that failed together do not come back together.
const FIRST_PAUSE: Duration = Duration::from_millis(500);

/// Most bytes of an answer: a page of a hundred subscriptions has less than two.
const MAX_ANSWER: usize = 8 * 1024 * 1024;

const IDLE_CONNECTIONS: usize = 4;
const IDLE_TIMEOUT: Duration = Duration::from_secs(60);

type Body = Full<std::io::Cursor<Vec<u8>>>;

/// Cheap to clone; clones share the connections.
#[derive(Clone)]
pub(super) struct Transport {
    client: Client<HttpsConnector<HttpConnector>, Body>,
    /// Ends in a slash.
    base: String,
    authorization: header::HeaderValue,
}

/// Why Stripe did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refusal {
    /// What it is about does not exist, or not any more.
    #[error("there is no such thing: {0}")]
    Missing(String),
    /// The bank says no; the sentence is for whoever pays.
    #[error("declined: {0}")]
    Declined(String),
    /// Not at all, not now, or not by Stripe.
    #[error("{0}")]
    Unavailable(String),
    /// The request is wrong.
    #[error("{status} {text}")]
    Refused { status: StatusCode, text: String },
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Unavailable(text) => Self::unavailable("Stripe", text),
            Refusal::Declined(text) => Self::refused(&format!(
                "The payment did not go through: {text} Nothing has changed."
            )),
            other => Self::internal(other),
        }
    }
}

impl Transport {
    /// # Errors
    /// [`Error::Internal`] if the key cannot be sent.
    pub fn new(config: &StripeConfig) -> Result<Self> {
        let base = config.api_base.as_deref();
        let base = base.unwrap_or("https://api.stripe.com/");
        let connector = HttpsConnectorBuilder::new()
            .with_provider_and_webpki_roots(rustls::crypto::ring::default_provider())
            .expect("ring has what TLS 1.2 and 1.3 need")
            // Plain http is for the fake alone: production allows no other address.
            .https_or_http()
            .enable_http1()
            .build();
        let mut authorization =
            header::HeaderValue::try_from(format!("Bearer {}", config.secret_key.expose()))
                .map_err(Error::internal)?;
        authorization.set_sensitive(true);
        Ok(Self {
            client: Client::builder(TokioExecutor::new())
                .pool_timer(TokioTimer::new())
                .pool_idle_timeout(IDLE_TIMEOUT)
                .pool_max_idle_per_host(IDLE_CONNECTIONS)
                .build(connector),
            base: format!("{}/", base.trim_end_matches('/')),
            authorization,
        })
    }

    /// Asks, and asks again for a while if nothing comes back: it is a question, or the order
    /// has `key`, by which Stripe does it once.
    pub async fn send(
        &self,
        request: &impl StripeRequest,
        key: Option<&str>,
    ) -> Result<Value, Refusal> {
        self.send_built(&request.build(), key).await
    }

    /// The same for a request that the library's crates in use do not have.
    pub async fn send_built(
        &self,
        request: &RequestBuilder,
        key: Option<&str>,
    ) -> Result<Value, Refusal> {
        // Boxed, so that whoever waits for it is not made of what it is made of.
        let asking: Pin<Box<dyn Future<Output = _> + Send>> =
            Box::pin(self.try_for_a_while(request, key));
        tokio::time::timeout(QUESTION_TIMEOUT, asking)
            .await
            .unwrap_or_else(|elapsed| Err(Refusal::Unavailable(elapsed.to_string())))
    }

    async fn try_for_a_while(
        &self,
        request: &RequestBuilder,
        key: Option<&str>,
    ) -> Result<Value, Refusal> {
        let may_repeat = key.is_some() || !matches!(request.method, StripeMethod::Post);
        let begun = Instant::now();
        let mut pause = FIRST_PAUSE;
        let mut attempt = 1;
        loop {
            let answer = tokio::time::timeout(ANSWER_TIMEOUT, self.ask(request, key)).await;
            let (problem, wanted) = match answer {
                Ok(Ok(Answer::Body(body))) => return Ok(body),
                Ok(Ok(Answer::Final(refusal))) => return Err(refusal),
                Ok(Ok(Answer::Later { text, after })) => (text, after),
                Ok(Err(error)) => (error.to_string(), None),
                Err(elapsed) => (elapsed.to_string(), None),
            };
            let wait = wanted.unwrap_or_default().max(jittered(pause));
            let is_over = begun.elapsed() + wait >= QUESTION_TIMEOUT;
            if !may_repeat || attempt == ATTEMPTS || is_over {
                return Err(Refusal::Unavailable(problem));
            }
            tracing::debug!(attempt, error = problem, "Stripe is asked again");
            tokio::time::sleep(wait).await;
            attempt += 1;
            pause *= 2;
        }
    }

    async fn ask(&self, request: &RequestBuilder, key: Option<&str>) -> Result<Answer, BoxError> {
        let answer = self.client.request(self.request(request, key)?).await?;
        let (parts, body) = answer.into_parts();
        let body = Limited::new(body, MAX_ANSWER).collect().await?.to_bytes();
        Ok(read(Response::from_parts(parts, body.as_ref())))
    }

    fn request(
        &self,
        request: &RequestBuilder,
        key: Option<&str>,
    ) -> Result<Request<Body>, http::Error> {
        let mut address = format!("{}v1{}", self.base, request.path);
        if let Some(query) = request.query.as_deref().filter(|query| !query.is_empty()) {
            address.push('?');
            address.push_str(query);
        }
        let method = match request.method {
            StripeMethod::Get => Method::GET,
            StripeMethod::Post => Method::POST,
            StripeMethod::Delete => Method::DELETE,
        };
        let mut builder = Request::builder()
            .method(method)
            .uri(address)
            .header(header::AUTHORIZATION, self.authorization.clone())
            .header(
                header::USER_AGENT,
                concat!("orghub/", env!("CARGO_PKG_VERSION")),
            )
            .header("stripe-version", VERSION.as_str());
        if let Some(key) = key {
            builder = builder.header("idempotency-key", key);
        }
        let mut body = Vec::new();
        if let Some(form) = &request.body {
            builder = builder.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
            body = form.clone().into_bytes();
        }
        builder.body(Full::new(std::io::Cursor::new(body)))
    }
}

enum Answer {
    Body(Value),
    Final(Refusal),
    /// Asking again may help.
    Later {
        text: String,
        after: Option<Duration>,
    },
}

/// Stripe's error, as far as it is used.
#[derive(Default, Deserialize)]
struct StripeErrorBody {
    #[serde(default)]
    error: StripeErrorFields,
}

#[derive(Default, Deserialize)]
struct StripeErrorFields {
    r#type: Option<String>,
    code: Option<String>,
    message: Option<String>,
}

fn read(answer: Response<&[u8]>) -> Answer {
    let status = answer.status();
    if status.is_success() {
        return match serde_json::from_slice(answer.body()) {
            Ok(body) => Answer::Body(body),
            // Not Stripe's: a proxy's page, or cut off.
            Err(error) => Answer::Later {
                text: error.to_string(),
                after: None,
            },
        };
    }
    let header = |name: &str| answer.headers().get(name)?.to_str().ok();
    let should_retry = header("stripe-should-retry");
    let after = header("retry-after").and_then(|seconds| seconds.parse().ok());
    let StripeErrorFields {
        r#type,
        code,
        message,
    } = serde_json::from_slice::<StripeErrorBody>(answer.body())
        .unwrap_or_default()
        .error;
    let message = message.unwrap_or_else(|| "no message".to_owned());
    if code.as_deref() == Some("resource_missing") {
        return Answer::Final(Refusal::Missing(message));
    }
    if r#type.as_deref() == Some("card_error") || status == StatusCode::PAYMENT_REQUIRED {
        return Answer::Final(Refusal::Declined(message));
    }
    let text = format!(
        "{status} {}: {message}",
        code.or(r#type).unwrap_or_default()
    );
    // What another request of ours is doing right now, a limit, or a fault over there.
    let is_transient = matches!(status.as_u16(), 409 | 424 | 429 | 500..);
    match should_retry {
        Some("false") if is_transient => Answer::Final(Refusal::Unavailable(text)),
        Some("true") => Answer::Later {
            text,
            after: after.map(Duration::from_secs),
        },
        _ if is_transient => Answer::Later {
            text,
            after: after.map(Duration::from_secs),
        },
        // A key that was revoked is not the request's fault; the operator has to act.
        _ if status == StatusCode::UNAUTHORIZED => Answer::Final(Refusal::Unavailable(text)),
        _ => Answer::Final(Refusal::Refused { status, text }),
    }
}

fn jittered(pause: Duration) -> Duration {
    pause.mul_f64(1.0 + rand::random::<f64>())
}

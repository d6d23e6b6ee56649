//! The way to providers: HTTP/1 over rustls, to where nobody else can answer, with a bound
//! on what is read. Redirects are not followed. How long it may take is up to the caller.

use std::{io::Cursor, pin::Pin};

use http_body_util::{BodyExt as _, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{self, Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse, url::Url};

use crate::{
    config::{AppEnv, check_provider_address},
    error::BoxError,
};

/// Most bytes of an answer. Keys and metadata of large providers have a few KiB.
const MAX_ANSWER: usize = 256 * 1024;

/// Connections kept open to one provider.
const IDLE_CONNECTIONS: usize = 2;

/// Cheap to clone; clones share the connections.
#[derive(Clone)]
pub(super) struct ProviderHttp {
    client: Client<HttpsConnector<HttpConnector>, Full<Cursor<Vec<u8>>>>,
    app_env: AppEnv,
}

#[derive(Debug, thiserror::Error)]
pub(super) enum HttpError {
    #[error("the provider names an address that {0}")]
    Address(String),
    #[error("no answer")]
    Request(#[source] legacy::Error),
    #[error("the answer broke off, or is larger than {MAX_ANSWER} bytes")]
    Answer(#[source] BoxError),
}

impl ProviderHttp {
    pub(super) fn new(app_env: AppEnv) -> Self {
        let connector = HttpsConnectorBuilder::new()
            .with_provider_and_webpki_roots(rustls::crypto::ring::default_provider())
            .expect("ring has what TLS 1.2 and 1.3 need")
            // Where plain http is allowed is decided below, address by address.
            .https_or_http()
            .enable_http1()
            .build();
        Self {
            client: Client::builder(TokioExecutor::new())
                .pool_timer(TokioTimer::new())
                .pool_max_idle_per_host(IDLE_CONNECTIONS)
                .build(connector),
            app_env,
        }
    }

    /// Whether a browser may be sent to `address`, or something be asked there.
    pub(super) fn check(&self, address: &Url) -> Result<(), HttpError> {
        check_provider_address(address, self.app_env).map_err(HttpError::Address)
    }

    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let address = Url::parse(&request.uri().to_string());
        self.check(&address.map_err(|_| HttpError::Address("is none".to_owned()))?)?;
        let request = request.map(|body| Full::new(Cursor::new(body)));
        let answer = self.client.request(request).await;
        let (parts, body) = answer.map_err(HttpError::Request)?.into_parts();
        let body = Limited::new(body, MAX_ANSWER).collect().await;
        let body = body.map_err(HttpError::Answer)?.to_bytes();
        Ok(HttpResponse::from_parts(parts, body.into()))
    }
}

impl<'c> AsyncHttpClient<'c> for ProviderHttp {
    type Error = HttpError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.send(request))
    }
}

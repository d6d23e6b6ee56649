//! Who is an operator: whoever brings `METRICS_TOKEN`.

use http::{HeaderMap, header};
use orghub::config::Config;
use sha2::{Digest, Sha256};

/// Whether the request brings the token. Hashes are compared, so that the time it takes
/// tells nothing about the token.
pub fn is_operator(headers: &HeaderMap, config: &Config) -> bool {
    let brought = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "));
    brought
        .zip(config.metrics_token.as_ref())
        .is_some_and(|(brought, token)| Sha256::digest(brought) == Sha256::digest(token.expose()))
}

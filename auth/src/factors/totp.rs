use totp_rs::{Builder, Totp};

use crate::{
    domain::Email,
    error::{Error, Result},
};

/// What authenticator apps call the site.
const ISSUER: &str = "Orghub";

/// The codes of `secret`: six digits of HMAC-SHA-1 every 30 seconds, as every app has them,
/// and those of the step before and after. (RFC 6238; SHA-1 is sound there, and apps that
/// are told of another hash use it all the same.)
pub(super) fn totp(secret: &[u8], account: &Email) -> Result<Totp> {
    Builder::new()
        .with_secret(secret.to_vec())
        .with_issuer(Some(ISSUER))
        // The one character that the label of an address cannot hold.
        .with_account_name(account.as_str().replace(':', ""))
        .build()
        .map_err(Error::internal)
}

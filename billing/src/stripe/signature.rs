use stripe_webhook::{Webhook, WebhookError};
use time::OffsetDateTime;

use crate::{
    config::WebhookSecret,
    domain::Invalid,
    error::{Error, Result},
};

/// Makes sure that `payload` was signed by one of `secrets` within five minutes of
/// `now`, either way. Several secrets are valid while one is being replaced, and
/// Stripe signs with several then.
///
/// # Errors
/// [`Error::Invalid`] if it was not.
pub(crate) fn verify_signature(
    payload: &[u8],
    header: &str,
    secrets: &[WebhookSecret],
    now: OffsetDateTime,
) -> Result<()> {
    let refused = |problem: &str| Error::Invalid(Invalid::new("stripe-signature", problem));
    let payload = std::str::from_utf8(payload).map_err(|_| refused("The body is not text."))?;
    let now = now.unix_timestamp();
    // The library subtracts without looking.
    let is_absurd = |time: &str| {
        time.parse()
            .is_ok_and(|time: i64| now.checked_sub(time).is_none())
    };
    if header
        .split(',')
        .filter_map(|part| part.trim().strip_prefix("t="))
        .any(is_absurd)
    {
        return Err(refused("The signature is too old."));
    }
    let mut problem = refused("No signing secret is configured.");
    for secret in secrets {
        match Webhook::construct_event_with_timestamp(payload, header, secret.expose(), now) {
            // The library looks at the signature and its age before it reads the
            // event. What it makes of the event is not asked: it understands only
            // its own API version's, and we need only the envelope.
            Ok(_) | Err(WebhookError::BadParse(_)) => return Ok(()),
            Err(WebhookError::BadTimestamp(_)) => return Err(refused("The signature is too old.")),
            Err(WebhookError::BadKey | WebhookError::BadHeader(_) | WebhookError::BadSignature) => {
                problem = refused("The signature does not fit.");
            }
        }
    }
    Err(problem)
}

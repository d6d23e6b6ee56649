//! The adapter to Stripe. Nothing else names the Stripe library's types: they
//! take minutes to compile, and this file is what an upgrade has to touch.

use std::time::Duration;

use stripe::{ApiErrorsCode, Client, ClientBuilder, RequestStrategy, StripeError};
use stripe_billing::subscription::{
    ListSubscription, ListSubscriptionStatus, RetrieveSubscription,
};
use stripe_shared::{Subscription, SubscriptionItem};
use stripe_webhook::{Webhook, WebhookError};
use time::OffsetDateTime;

use super::gateway::{RemotePrice, RemoteSubscription};
use crate::{
    config::StripeConfig,
    domain::{Invalid, Plan, SubscriptionStatus},
    error::{Error, Result},
};

/// How long one answer may take. The library has no limit of its own.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a question may take, all attempts and the waits between them
/// together. Stripe gives a webhook's receiver not much more.
const QUESTION_TIMEOUT: Duration = Duration::from_secs(10);

/// Attempts at a question, 1 and 2 seconds apart: what a short limit or a
/// restart over there takes.
const ATTEMPTS: u32 = 3;

/// Subscriptions of one customer that are looked at, the newest; Stripe's own
/// limit of a page.
const MAX_SUBSCRIPTIONS: i64 = 100;

/// Where a subscription, or what it was bought with, says whose it is.
const ORG_METADATA_KEY: &str = "organization_id";

/// A Stripe account. Cheap to clone.
#[derive(Clone)]
pub(super) struct Stripe {
    client: Client,
}

impl Stripe {
    /// A client for the configured account; connects when it is asked something.
    ///
    /// # Errors
    /// [`Error::Internal`] if the key or the address cannot be used.
    pub fn new(config: &StripeConfig) -> Result<Self> {
        let mut builder = ClientBuilder::new(&config.secret_key)
            .timeout(ANSWER_TIMEOUT)
            .request_strategy(RequestStrategy::ExponentialBackoff(ATTEMPTS));
        if let Some(base) = &config.api_base {
            // The library puts the path right behind it.
            builder = builder.url(format!("{}/", base.trim_end_matches('/')));
        }
        Ok(Self {
            client: builder.build().map_err(Error::internal)?,
        })
    }

    /// A customer's subscriptions, ended ones included; none if Stripe knows no
    /// such customer.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if Stripe does not answer, or not now;
    /// [`Error::Internal`] if it refuses the question.
    pub async fn list_subscriptions(&self, customer: &str) -> Result<Vec<RemoteSubscription>> {
        let question = ListSubscription::new()
            .customer(customer)
            .status(ListSubscriptionStatus::All)
            .limit(MAX_SUBSCRIPTIONS);
        let found = answer(question.send(&self.client)).await?;
        found.map_or_else(
            || Ok(Vec::new()),
            |list| list.data.into_iter().map(TryInto::try_into).collect(),
        )
    }

    /// A subscription by its id; `None` if Stripe knows no such one.
    ///
    /// # Errors
    /// As [`Self::list_subscriptions`].
    pub async fn find_subscription(&self, id: &str) -> Result<Option<RemoteSubscription>> {
        let question = RetrieveSubscription::new(id);
        answer(question.send(&self.client))
            .await?
            .map(TryInto::try_into)
            .transpose()
    }
}

/// Waits for the answer to a question; `None` if what it is about does not exist.
async fn answer<T>(question: impl Future<Output = Result<T, StripeError>>) -> Result<Option<T>> {
    match tokio::time::timeout(QUESTION_TIMEOUT, question).await {
        Ok(Ok(answer)) => Ok(Some(answer)),
        Ok(Err(StripeError::Stripe(error, _)))
            if error.code == Some(ApiErrorsCode::ResourceMissing) =>
        {
            Ok(None)
        }
        Ok(Err(error)) => Err(refusal(error)),
        Err(elapsed) => Err(Error::unavailable("Stripe", elapsed)),
    }
}

/// What a failed question means for us.
fn refusal(error: StripeError) -> Error {
    match error {
        // Of Stripe's own errors only what a line of a log needs: the whole has dozens of fields.
        StripeError::Stripe(error, status) => {
            let text = format!(
                "{status} {}: {}",
                error.type_,
                error.message.as_deref().unwrap_or("no message")
            );
            if status == 429 || status >= 500 {
                Error::unavailable("Stripe", text)
            } else {
                Error::internal(text)
            }
        }
        StripeError::ConfigError(_) => Error::internal(error),
        // No answer, or one that is not Stripe's, such as a proxy's error page.
        other => Error::unavailable("Stripe", other),
    }
}

impl TryFrom<Subscription> for RemoteSubscription {
    type Error = Error;

    fn try_from(remote: Subscription) -> Result<Self> {
        // Add-ons have items of their own; ours is the one at a listed price.
        let prices = remote.items.data.iter().map(price_of);
        let (item, price) = remote
            .items
            .data
            .iter()
            .zip(prices)
            .max_by_key(|(_, price)| matches!(price, RemotePrice::Listed(..)))
            .ok_or_else(|| {
                Error::internal(format!("the subscription {} has no items", remote.id))
            })?;
        let period_end = item.current_period_end;
        Ok(Self {
            org: remote
                .metadata
                .get(ORG_METADATA_KEY)
                .and_then(|id| id.parse().ok()),
            price,
            status: SubscriptionStatus::parse(remote.status.as_str()),
            current_period_start: Some(moment(item.current_period_start)?),
            current_period_end: Some(moment(period_end)?),
            trial_end: remote.trial_end.map(moment).transpose()?,
            // Under flexible billing a cancellation in the portal sets the moment instead of the flag.
            cancel_at_period_end: remote.cancel_at_period_end
                || remote.cancel_at.is_some_and(|at| at <= period_end),
            canceled_at: remote.canceled_at.map(moment).transpose()?,
            created: moment(remote.created)?,
            id: remote.id.to_string(),
        })
    }
}

fn price_of(item: &SubscriptionItem) -> RemotePrice {
    item.price
        .lookup_key
        .as_deref()
        .and_then(Plan::from_price_lookup_key)
        .map_or_else(
            || RemotePrice::Unlisted(item.price.id.as_str().to_owned()),
            |(plan, interval)| RemotePrice::Listed(plan, interval),
        )
}

fn moment(seconds: i64) -> Result<OffsetDateTime> {
    OffsetDateTime::from_unix_timestamp(seconds).map_err(Error::internal)
}

/// Makes sure that `payload` was signed by one of `secrets` within five minutes of
/// `now`, either way. Several secrets are valid while one is being replaced, and
/// Stripe signs with several then.
///
/// # Errors
/// [`Error::Invalid`] if it was not.
pub(super) fn verify_signature(
    payload: &[u8],
    header: &str,
    secrets: &[String],
    now: OffsetDateTime,
) -> Result<()> {
    let refused = |problem: &str| Error::Invalid(Invalid::new("stripe-signature", problem));
    let payload = std::str::from_utf8(payload).map_err(|_| refused("The body is not text."))?;
    let mut problem = refused("No signing secret is configured.");
    for secret in secrets {
        match Webhook::construct_event_with_timestamp(payload, header, secret, now.unix_timestamp())
        {
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

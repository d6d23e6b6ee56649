//! How often somebody may try, and whom that keeps out.
//!
//! Guessing has to be expensive, and a stranger's guesses must not keep the owner out. So
//! attempts are counted several ways ([`Limit`] has the table). The tight limit is on one
//! account from one network: whoever guesses there stops themself, and the owner signs in
//! from anywhere else. A network as a whole has more, because many people may share it, and
//! the accounts it tries are many. The account as a whole has so many that reaching them
//! takes dozens of networks: that stops an attack from many addresses. (At 300 in a quarter
//! of an hour, trying the ten thousand most common passwords takes eight hours.) And when
//! even that is used up, whoever has signed in on this device before still has attempts of
//! the device's own (`devices`).
//!
//! An attempt counts from its beginning, in the memory of this node and in Redis, for all
//! nodes. Redis decides when it answers. When it does not, the node's own count does: N
//! nodes then let through N times the limit. Only [`Attempt::forgive`] takes an attempt off
//! again, so that a hundred at once are not all let through, and whoever hangs up before the
//! outcome has made it all the same.

mod rules;

use std::{net::IpAddr, sync::Arc};

use time::OffsetDateTime;

pub(crate) use rules::Limit;
use rules::{Numbers, Per, Rule};

use super::{
    ClientInfo, SignedIn,
    devices::{Device, Devices},
};
use crate::{
    attempts::{self, Attempts},
    cache::{
        Cache,
        counters::{Count, Counted, Counter},
    },
    clock::Clock,
    config::Config,
    domain::{Email, UserId},
    error::{Error, Result},
    security_log::SecurityEvent,
};

/// Whose account an attempt is at.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Who<'a> {
    /// Whoever has this address, if anybody does.
    Address(&'a Email),
    User(UserId),
}

impl<'a> From<&'a Email> for Who<'a> {
    fn from(email: &'a Email) -> Self {
        Self::Address(email)
    }
}

impl From<UserId> for Who<'_> {
    fn from(user: UserId) -> Self {
        Self::User(user)
    }
}

/// The counters of recent attempts. Clones share them.
#[derive(Clone)]
pub(crate) struct Limits {
    cache: Cache,
    clock: Clock,
    devices: Devices,
    /// Of this node. Each rule has counters of its own, so that nobody pushes out one
    /// kind's by making up names for another.
    rules: Arc<Vec<(Limit, Rule, Attempts)>>,
}

/// An attempt that was counted.
#[must_use = "unless it is forgiven, it counts"]
pub(crate) struct Attempt {
    cache: Cache,
    here: Vec<attempts::Attempt>,
    everywhere: Option<Count>,
    device: Option<Device>,
}

impl Limits {
    pub(super) fn new(config: &Config, cache: Cache, clock: Clock, devices: Devices) -> Self {
        let numbers = Numbers {
            sign_in: config.sign_in,
            account: config.account,
        };
        let rules = Limit::ALL.into_iter().flat_map(|limit| {
            let rules = limit.rules(&numbers).into_iter();
            rules.map(move |rule| (limit, rule, Attempts::new(rule.most, rule.window)))
        });
        Self {
            cache,
            clock,
            devices,
            rules: Arc::new(rules.collect()),
        }
    }

    /// Begins an attempt at `who`'s account: by the device's own count, if the account has
    /// signed in on it before, and otherwise by those of strangers.
    ///
    /// # Errors
    /// [`Error::RateLimited`] until the fullest window ends.
    pub(crate) async fn begin<'a>(
        &self,
        limit: Limit,
        who: impl Into<Who<'a>>,
        client: &ClientInfo,
    ) -> Result<Attempt> {
        let (who, now) = (who.into(), self.clock.now());
        let device = match limit.knows_devices() {
            true => self.devices.find(&client.device, who, now),
            false => None,
        };
        let id = device.map(|device| hex(&device.id));
        let attempt = self.count(limit, who, client.network(), id.as_deref(), now);
        Ok(Attempt {
            device,
            ..attempt.await?
        })
    }

    /// The same, whatever the browser says of itself.
    ///
    /// # Errors
    /// As [`Self::begin`].
    pub(crate) async fn begin_as_stranger<'a>(
        &self,
        limit: Limit,
        who: impl Into<Who<'a>>,
        client: &ClientInfo,
    ) -> Result<Attempt> {
        let now = self.clock.now();
        self.count(limit, who.into(), client.network(), None, now)
            .await
    }

    /// The same for somebody who is signed in: the session counts as a device, so that no
    /// stranger can use up what they may try.
    ///
    /// # Errors
    /// As [`Self::begin`].
    pub(crate) async fn begin_signed_in(&self, limit: Limit, user: &SignedIn) -> Result<Attempt> {
        let (session, now) = (hex(user.session()), self.clock.now());
        self.count(limit, Who::User(user.id), None, Some(&session), now)
            .await
    }

    async fn count(
        &self,
        limit: Limit,
        who: Who<'_>,
        network: Option<IpAddr>,
        device: Option<&str>,
        now: OffsetDateTime,
    ) -> Result<Attempt> {
        let mut attempt = Attempt {
            cache: self.cache.clone(),
            here: Vec::new(),
            everywhere: None,
            device: None,
        };
        let mut counters = Vec::new();
        for (_, rule, attempts) in self
            .rules
            .iter()
            .filter(|(of, rule, _)| *of == limit && (rule.per == Per::Device) == device.is_some())
        {
            let Some(name) = name_of(limit, rule, who, network, device) else {
                continue;
            };
            match attempts.begin(&name, now) {
                Ok(begun) => attempt.here.push(begun),
                Err(limited) => return Err(refuse(attempt, limit, who, limited)),
            }
            counters.push(Counter {
                name,
                most: rule.most,
                window: rule.window,
            });
        }
        match self.cache.count(&counters, now).await {
            Counted::Yes(count) => attempt.everywhere = Some(count),
            Counted::Full { retry_after } => {
                let retry_after_seconds = retry_after.as_millis().div_ceil(1000).max(1);
                let limited = Error::RateLimited {
                    retry_after_seconds: u64::try_from(retry_after_seconds).unwrap_or(u64::MAX),
                };
                return Err(refuse(attempt, limit, who, limited));
            }
            Counted::Unknown => {}
        }
        Ok(attempt)
    }
}

/// Nothing was tried: what has room is not to fill up by it.
fn refuse(attempt: Attempt, limit: Limit, who: Who<'_>, limited: Error) -> Error {
    attempt
        .here
        .into_iter()
        .for_each(attempts::Attempt::forgive);
    let event = match (limit, who) {
        (Limit::SignIn, Who::Address(email)) => SecurityEvent::SignInLimited { email },
        (_, Who::Address(email)) => SecurityEvent::AttemptsLimited {
            limit: limit.name(),
            email: Some(email),
            user: None,
        },
        (_, Who::User(user)) => SecurityEvent::AttemptsLimited {
            limit: limit.name(),
            email: None,
            user: Some(user),
        },
    };
    event.record();
    limited
}

impl Attempt {
    /// The device by which it was counted, if it was.
    pub(super) fn device(&self) -> Option<Device> {
        self.device
    }

    /// Takes it off all counters: it did not fail, or was not made.
    pub(crate) async fn forgive(self) {
        self.here.into_iter().for_each(attempts::Attempt::forgive);
        if let Some(count) = self.everywhere {
            self.cache.take_off(count).await;
        }
    }
}

/// The counter of a rule, among all of them. `None`: nobody knows where it comes from.
/// Addresses have no line breaks in them.
fn name_of(
    limit: Limit,
    rule: &Rule,
    who: Who<'_>,
    network: Option<IpAddr>,
    device: Option<&str>,
) -> Option<String> {
    let account = match who {
        Who::Address(email) => email.to_string(),
        Who::User(user) => user.to_string(),
    };
    let whose = match rule.per {
        Per::AccountAndNetwork => match network {
            Some(network) => format!("{account}\n{network}"),
            None => format!("{account}\n"),
        },
        Per::Network => network?.to_string(),
        Per::Account => account,
        Per::Device => format!("{account}\n{}", device?),
    };
    let (limit, per, window) = (limit.name(), rule.per, rule.window.as_secs());
    Some(format!("{limit}\n{per:?}\n{window}\n{whose}"))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

//! Every limit, in one table.

use std::time::Duration;

use crate::config::{AccountLimits, SignInLimits};

const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Mails of one kind to one address that one network may cause in an hour: so it takes
/// several to use up what the address may be sent.
const MAILS_FROM_ONE_NETWORK: u32 = 5;

/// Codes tried on one account in a day, about what NIST SP 800-63B takes before it closes
/// an account. Of a million, of which three are right.
const CODES_PER_DAY: u32 = 100;

/// What may be tried a limited number of times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Limit {
    /// A password, wherever it is typed.
    SignIn,
    SignUp,
    /// Asking for the mail that resets a password.
    Reset,
    /// Asking for a mail that shows whose an address is: to verify it, to change to it, to
    /// delete its account.
    Verification,
    /// A second factor's code, or a recovery code.
    Code,
}

/// Whose attempts are counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Per {
    /// Those of one network (an IPv4 address, or 64 bits of an IPv6 address) at one account.
    AccountAndNetwork,
    Network,
    /// The account, or the address that was typed, wherever from.
    Account,
    /// One device of an account. Its attempts count here and nowhere else.
    Device,
}

/// How many of them may be made in a window, which begins with the first.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rule {
    pub per: Per,
    pub most: u32,
    pub window: Duration,
}

/// The numbers that the configuration gives.
#[derive(Clone, Copy, Debug)]
pub(super) struct Numbers {
    pub sign_in: SignInLimits,
    pub account: AccountLimits,
}

impl Limit {
    pub(super) const ALL: [Self; 5] = [
        Self::SignIn,
        Self::SignUp,
        Self::Reset,
        Self::Verification,
        Self::Code,
    ];

    /// Its name in counters and in the security log.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::SignIn => "sign_in",
            Self::SignUp => "sign_up",
            Self::Reset => "reset",
            Self::Verification => "verification",
            Self::Code => "code",
        }
    }

    /// Whether a device that the account has signed in on before has attempts of its own.
    pub(super) fn knows_devices(self) -> bool {
        matches!(self, Self::SignIn | Self::Code)
    }

    pub(super) fn rules(self, numbers: &Numbers) -> Vec<Rule> {
        let Numbers { sign_in, account } = numbers;
        let rule = |per, most, window| Rule { per, most, window };
        match self {
            Self::SignIn => vec![
                rule(
                    Per::AccountAndNetwork,
                    sign_in.per_account_and_client,
                    sign_in.window,
                ),
                rule(Per::Network, sign_in.per_client, sign_in.window),
                rule(Per::Account, sign_in.per_account, sign_in.window),
                rule(Per::Device, sign_in.per_account_and_client, sign_in.window),
            ],
            Self::SignUp => vec![
                rule(Per::Network, account.sign_ups_per_client, HOUR),
                rule(Per::Account, account.mails_per_address, HOUR),
            ],
            Self::Reset | Self::Verification => vec![
                rule(Per::AccountAndNetwork, MAILS_FROM_ONE_NETWORK, HOUR),
                rule(Per::Network, account.mails_per_client, HOUR),
                rule(Per::Account, account.mails_per_address, HOUR),
            ],
            Self::Code => vec![
                rule(Per::Account, account.codes_per_account, HOUR),
                rule(Per::Account, CODES_PER_DAY, DAY),
                rule(Per::Device, account.codes_per_account, HOUR),
            ],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_limit_has_rules_for_strangers_and_some_for_devices() {
        let numbers = Numbers {
            sign_in: SignInLimits {
                per_account_and_client: 10,
                per_client: 100,
                per_account: 300,
                window: Duration::from_secs(900),
            },
            account: AccountLimits {
                sign_ups_per_client: 30,
                mails_per_address: 10,
                mails_per_client: 30,
                codes_per_account: 20,
            },
        };
        for limit in Limit::ALL {
            let rules = limit.rules(&numbers);
            let of_devices = rules.iter().filter(|rule| rule.per == Per::Device).count();
            assert_eq!(of_devices, usize::from(limit.knows_devices()), "{limit:?}");
            assert!(
                rules.iter().any(|rule| rule.per == Per::Account),
                "{limit:?}"
            );
        }
    }
}

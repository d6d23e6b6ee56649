use std::ops::RangeInclusive;

use super::{AppEnv, ConfigError, variables::positive};

/// What hashing a password takes, by argon2id with one lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasswordCost {
    /// Of one hash, and so of each of the threads that hash: as many as cores.
    pub memory_kib: u32,
    pub passes: u32,
}

/// OWASP's password storage cheat sheet: each is as good as the others.
const MINIMA: [PasswordCost; 5] = [
    cost(47_104, 1),
    cost(19_456, 2),
    cost(12_288, 3),
    cost(9_216, 4),
    cost(7_168, 5),
];

/// What argon2 takes; what nobody means who has a machine to run it on.
const MEMORY_KIB: RangeInclusive<u32> = 8..=1_048_576;
const MOST_PASSES: u32 = 100;

const fn cost(memory_kib: u32, passes: u32) -> PasswordCost {
    PasswordCost { memory_kib, passes }
}

impl Default for PasswordCost {
    /// About 20 ms a password on a server.
    fn default() -> Self {
        cost(19_456, 2)
    }
}

impl PasswordCost {
    pub(super) fn read(
        get: &impl Fn(&str) -> Option<String>,
        app_env: AppEnv,
    ) -> Result<Self, ConfigError> {
        let usual = Self::default();
        let memory_kib = positive(get, "PASSWORD_MEMORY_KIB", usual.memory_kib)?;
        let passes = positive(get, "PASSWORD_PASSES", usual.passes)?;
        if !MEMORY_KIB.contains(&memory_kib) {
            let (least, most) = (MEMORY_KIB.start(), MEMORY_KIB.end());
            let problem = format!("is {memory_kib}; set {least} to {most}");
            return Err(ConfigError::new("PASSWORD_MEMORY_KIB", problem));
        }
        if passes > MOST_PASSES {
            let problem = format!("is {passes}; set 1 to {MOST_PASSES}");
            return Err(ConfigError::new("PASSWORD_PASSES", problem));
        }
        let is_enough = MINIMA
            .iter()
            .any(|least| memory_kib >= least.memory_kib && passes >= least.passes);
        if app_env == AppEnv::Production && !is_enough {
            return Err(ConfigError::new(
                "PASSWORD_MEMORY_KIB",
                format!(
                    "is {memory_kib} with {passes} pass(es) (PASSWORD_PASSES), which is quick to \
                     guess at; set 19456 with 2, 47104 with 1, or more"
                ),
            ));
        }
        Ok(cost(memory_kib, passes))
    }
}

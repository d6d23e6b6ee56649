//! Reading variables of the environment, one at a time.

use std::{borrow::Cow, env, str::FromStr};

/// A variable is missing or cannot be understood; says what to set.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{variable}: {problem}")]
pub struct ConfigError {
    /// The variable.
    pub variable: Cow<'static, str>,
    /// What is wrong and what to do.
    pub problem: String,
}

impl ConfigError {
    pub fn new(variable: impl Into<Cow<'static, str>>, problem: impl Into<String>) -> Self {
        Self {
            variable: variable.into(),
            problem: problem.into(),
        }
    }
}

/// A variable of the environment; an empty one counts as unset.
pub fn variable(name: &str) -> Option<String> {
    env::var(name)
        .ok()
        .map(|value| value.trim().to_owned())
        .filter(|value| !value.is_empty())
}

pub(super) fn parse<T: FromStr>(
    variable: &'static str,
    text: &str,
    expected: &str,
) -> Result<T, ConfigError> {
    text.parse()
        .map_err(|_| ConfigError::new(variable, format!("is `{text}`; set {expected}")))
}

pub(super) fn number<T: FromStr>(
    get: &impl Fn(&str) -> Option<String>,
    variable: &'static str,
    default: T,
) -> Result<T, ConfigError> {
    get(variable).map_or(Ok(default), |text| {
        parse(variable, &text, "a whole number, 0 or more")
    })
}

/// A number that switches something off if it is 0, which nobody may do by mistake.
pub(super) fn positive<T: FromStr + Default + PartialEq>(
    get: &impl Fn(&str) -> Option<String>,
    variable: &'static str,
    default: T,
) -> Result<T, ConfigError> {
    let number = number(get, variable, default)?;
    if number == T::default() {
        return Err(ConfigError::new(variable, "is 0; set 1 or more"));
    }
    Ok(number)
}

pub(super) fn flag(
    get: &impl Fn(&str) -> Option<String>,
    variable: &'static str,
    default: bool,
) -> Result<bool, ConfigError> {
    get(variable).map_or(Ok(default), |text| parse(variable, &text, "true or false"))
}

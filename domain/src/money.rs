//! Amounts of money, as payment providers count them.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Invalid;

/// A currency by its ISO code, in small letters as Stripe writes it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Currency(String);

/// Currencies whose smallest unit is the currency itself, by Stripe's list
/// (docs.stripe.com/currencies#zero-decimal). ISK and UGX have none either, but Stripe counts
/// them in hundredths.
const WITHOUT_DECIMALS: [&str; 15] = [
    "bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf",
    "xof", "xpf",
];

/// Currencies of three decimals, by the same list.
const WITH_THREE_DECIMALS: [&str; 5] = ["bhd", "jod", "kwd", "omr", "tnd"];

impl Currency {
    /// # Errors
    /// [`Invalid`] if it is not three letters.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        if text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_alphabetic()) {
            return Ok(Self(text.to_ascii_lowercase()));
        }
        Err(Invalid::new(
            "currency",
            "A currency is three letters, such as USD.",
        ))
    }

    /// In small letters.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// How many digits stand behind the decimal point.
    pub fn decimals(&self) -> u32 {
        match self.0.as_str() {
            code if WITHOUT_DECIMALS.contains(&code) => 0,
            code if WITH_THREE_DECIMALS.contains(&code) => 3,
            _ => 2,
        }
    }
}

impl TryFrom<String> for Currency {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        Self::parse(&text)
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.0
    }
}

/// An amount in the smallest unit of its currency: cents, or yen.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Money {
    pub minor: i64,
    pub currency: Currency,
}

impl Money {
    pub fn new(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// The amount so many times; `None` beyond all amounts.
    #[must_use]
    pub fn times(&self, quantity: u64) -> Option<Self> {
        let quantity = i64::try_from(quantity).ok()?;
        Some(Self::new(
            self.minor.checked_mul(quantity)?,
            self.currency.clone(),
        ))
    }
}

/// `1,234.50 EUR`, `5,000 JPY`: the code behind the number, because a sign stands for several
/// currencies.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let decimals = self.currency.decimals();
        let unit = 10_u64.pow(decimals);
        let amount = self.minor.unsigned_abs();
        if self.minor < 0 {
            f.write_str("\u{2212}")?;
        }
        let whole = (amount / unit).to_string();
        for (at, digit) in whole.chars().enumerate() {
            if at > 0 && (whole.len() - at).is_multiple_of(3) {
                f.write_str(",")?;
            }
            write!(f, "{digit}")?;
        }
        if decimals > 0 {
            let width = decimals as usize;
            write!(f, ".{:0width$}", amount % unit)?;
        }
        write!(f, " {}", self.currency.as_str().to_ascii_uppercase())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(minor: i64, currency: &str) -> String {
        Money::new(minor, Currency::parse(currency).expect("a currency")).to_string()
    }

    #[test]
    fn an_amount_has_the_decimals_of_its_currency() {
        assert_eq!(shown(4_900, "usd"), "49.00 USD");
        assert_eq!(shown(5_000, "JPY"), "5,000 JPY");
        assert_eq!(shown(1_234_567, "kwd"), "1,234.567 KWD");
        assert_eq!(shown(-5, "eur"), "\u{2212}0.05 EUR");
        assert_eq!(shown(100_000_000, "eur"), "1,000,000.00 EUR");
    }

    #[test]
    fn what_is_no_currency_is_refused() {
        for text in ["", "us", "usdt", "u d", "€"] {
            assert!(Currency::parse(text).is_err(), "{text:?}");
        }
    }
}

//! Amounts as people read them.

/// Currencies without decimals, as far as Stripe has them.
const WITHOUT_DECIMALS: [&str; 15] = [
    "bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf",
    "xof", "xpf",
];

/// `49.00 USD`, `4900 JPY`: `amount` is in minor units.
pub(crate) fn format(amount: i64, currency: &str) -> String {
    let code = currency.to_uppercase();
    if WITHOUT_DECIMALS.contains(&currency) {
        return format!("{amount} {code}");
    }
    let sign = if amount < 0 { "-" } else { "" };
    let amount = amount.unsigned_abs();
    format!("{sign}{}.{:02} {code}", amount / 100, amount % 100)
}

/// `part / whole` of `amount`, rounded to the nearest minor unit.
pub(crate) fn share(amount: i64, part: i64, whole: i64) -> i64 {
    if whole <= 0 {
        return 0;
    }
    let product = i128::from(amount) * i128::from(part.clamp(0, whole));
    let whole = i128::from(whole);
    let rounded = (2 * product.abs() + whole) / (2 * whole);
    i64::try_from(rounded * product.signum()).unwrap_or(amount)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn currencies_have_their_decimals_and_shares_are_rounded() {
        assert_eq!(format(4905, "usd"), "49.05 USD");
        assert_eq!(format(-5, "eur"), "-0.05 EUR");
        assert_eq!(format(4900, "jpy"), "4900 JPY");
        assert_eq!(
            (share(4900, 15, 30), share(-100, 1, 3), share(100, 2, 3)),
            (2450, -33, 67)
        );
    }
}

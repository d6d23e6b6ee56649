use time::OffsetDateTime;
use totp_rs::{Builder, Secret};

/// What an authenticator app that was told `secret`, in base 32, shows at `at`.
pub fn totp_code(secret: &str, at: OffsetDateTime) -> String {
    let secret = Secret::try_from_base32(secret).expect("a secret in base 32");
    let totp = Builder::new().with_secret(secret).build();
    let totp = totp.expect("a secret that is long enough");
    totp.generate(at.unix_timestamp().unsigned_abs())
        .to_string()
}

//! Whether a code is right, and not used yet.

use time::OffsetDateTime;

use super::{recovery_codes, seal::Use, totp::totp};
use crate::{
    Auth,
    db::{self, Tx},
    domain::{CurrentUser, Email},
    error::Result,
    security_log::SecurityEvent,
};

/// A code was right, and is used up if the transaction commits.
pub(super) struct RightCode(());

impl Auth {
    /// Uses up a code of `user`: one of their app's, or a recovery code. `None`: it is
    /// neither. Two requests with the same code take turns, and the second one gets `None`.
    pub(super) async fn use_code(
        &self,
        tx: &mut Tx,
        user: &CurrentUser,
        typed: &str,
        now: OffsetDateTime,
    ) -> Result<Option<RightCode>> {
        let is_right = match recovery_codes::parse(typed) {
            Some(code) => self.use_recovery_code(tx, user, &code).await?,
            None => self.use_totp(tx, user, typed, now).await?,
        };
        Ok(is_right.then_some(RightCode(())))
    }

    async fn use_totp(
        &self,
        tx: &mut Tx,
        user: &CurrentUser,
        typed: &str,
        now: OffsetDateTime,
    ) -> Result<bool> {
        let Some(stored) = db::totp::hold(tx, user.id).await? else {
            return Ok(false);
        };
        if stored.confirmed_at.is_none() {
            return Ok(false);
        }
        let opened = self.factors.seal.open(user.id, Use::Totp, &stored.secret)?;
        let Some(step) = right_step(&opened.text, &user.email, typed, now)? else {
            return Ok(false);
        };
        let seal = || self.factors.seal.seal(user.id, Use::Totp, &opened.text);
        let resealed = opened.is_old.then(seal);
        db::totp::use_step(tx, user.id, step, resealed.as_deref()).await
    }

    async fn use_recovery_code(&self, tx: &mut Tx, user: &CurrentUser, code: &str) -> Result<bool> {
        let hash = recovery_codes::hash(user.id, code);
        if !db::recovery_codes::use_up(tx, user.id, &hash).await? {
            return Ok(false);
        }
        let what = "One of your recovery codes was used just now.".to_owned();
        self.tell_of_change(tx, user, what).await?;
        SecurityEvent::RecoveryCodeUsed(user.id).record();
        Ok(true)
    }
}

/// The step that the code `typed` is of, if it is right `now`: that of `now`, the one
/// before or the one after, for clocks that differ and people who type slowly.
pub(super) fn right_step(
    secret: &[u8],
    account: &Email,
    typed: &str,
    now: OffsetDateTime,
) -> Result<Option<i64>> {
    let code: String = typed.chars().filter(|c| !c.is_whitespace()).collect();
    let seconds = now.unix_timestamp().unsigned_abs();
    let step = totp(secret, account)?.check(&code, seconds);
    Ok(step.map(u64::cast_signed))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The secret of RFC 6238's examples.
    const SECRET: &[u8] = b"12345678901234567890";

    fn step_at(code: &str, seconds: i64) -> Option<i64> {
        let account = Email::parse("ada@users.test").expect("an address");
        let now = OffsetDateTime::from_unix_timestamp(seconds).expect("a time");
        right_step(SECRET, &account, code, now).expect("a secret that fits")
    }

    #[test]
    fn codes_are_those_of_the_standard() {
        // The last six digits of its appendix B.
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
        ] {
            assert_eq!(step_at(code, seconds), Some(seconds / 30), "{code}");
        }
    }

    #[test]
    fn a_code_is_right_for_one_step_around_its_own() {
        // Of the step from 30 to 60.
        for (seconds, is_right) in [(0, true), (29, true), (89, true), (90, false)] {
            let expected = is_right.then_some(1);
            assert_eq!(step_at("287082", seconds), expected, "{seconds}");
        }
        assert_eq!(step_at(" 287 082 ", 59), Some(1));
        for typed in ["", "28708", "2870821", "+87082", "２８７０８２", "abcdef"] {
            assert_eq!(step_at(typed, 59), None, "{typed:?}");
        }
    }
}

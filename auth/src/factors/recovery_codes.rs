//! What a user signs in with when everything else is lost.

use sha2::{Digest as _, Sha256};
use time::{Duration, OffsetDateTime};

use super::seal::Use;
use crate::{
    Auth, SignedIn, boxed,
    db::{self, Tx},
    domain::{RECOVERY_CODES, UserId},
    error::{Error, Result},
    security_log::SecurityEvent,
    telemetry::SPANS,
};

/// Of a code, each worth five bits: 120 random bits, so that a plain hash of it cannot be
/// reversed.
const CHARACTERS: usize = 24;

/// In what pieces a code is written.
const PIECE: usize = 4;

/// Of base 32. Those that look like another one are read as it.
const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// How long new ones can be looked at.
const SHOWN_FOR: Duration = Duration::minutes(10);

impl Auth {
    /// Makes all recovery codes of the user anew. The earlier ones are worth nothing then.
    ///
    /// # Errors
    /// [`Error::ConfirmFirst`]; [`Error::SignedOut`]; [`Error::Conflict`] if signing in takes
    /// no second factor.
    #[tracing::instrument(level = "debug", target = SPANS, name = "auth.make_recovery_codes", skip_all)]
    #[boxed]
    pub async fn make_recovery_codes(&self, user: &SignedIn) -> Result<()> {
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        let means = db::credentials::lock_sign_in_means(&mut tx, user.id).await?;
        user.hold_confirmed(&mut tx, now).await?;
        if means.is_none_or(|means| means.second_factor_at.is_none()) {
            return Err(Error::refused("Turn on a second factor first."));
        }
        self.replace_recovery_codes(&mut tx, user, now).await?;
        tx.commit_unannounced().await
    }

    /// The codes that this session made a moment ago, to be shown; none if they were saved,
    /// or made by another one.
    ///
    /// # Errors
    /// [`Error::ConfirmFirst`]; [`Error::SignedOut`].
    pub async fn new_recovery_codes(&self, user: &SignedIn) -> Result<Vec<String>> {
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        user.hold_confirmed(&mut tx, now).await?;
        let sealed = db::recovery_codes::find_new(&mut tx, user.id, user.session(), now).await?;
        let Some(sealed) = sealed else {
            return Ok(Vec::new());
        };
        let opened = self
            .factors
            .seal
            .open(user.id, Use::RecoveryCodes, &sealed)?;
        let text = String::from_utf8(opened.text).map_err(Error::internal)?;
        Ok(text.lines().map(str::to_owned).collect())
    }

    /// The user has written the new codes down: they are not shown again.
    ///
    /// # Errors
    /// [`Error::SignedOut`].
    #[tracing::instrument(level = "debug", target = SPANS, name = "auth.hide_recovery_codes", skip_all)]
    #[boxed]
    pub async fn hide_recovery_codes(&self, user: &SignedIn) -> Result<()> {
        let mut tx = self.db.begin().await?;
        user.hold(&mut tx, self.clock.now()).await?;
        db::recovery_codes::forget_new(&mut tx, user.id).await?;
        tx.commit_unannounced().await
    }

    /// Puts new codes in the place of the earlier ones, and keeps them to be shown to this
    /// session.
    pub(super) async fn replace_recovery_codes(
        &self,
        tx: &mut Tx,
        user: &SignedIn,
        now: OffsetDateTime,
    ) -> Result<()> {
        let codes: Vec<String> = (0..RECOVERY_CODES).map(|_| new_code()).collect();
        let hashes: Vec<Vec<u8>> = codes
            .iter()
            .filter_map(|code| Some(hash(user.id, &parse(code)?).to_vec()))
            .collect();
        db::recovery_codes::replace(tx, user.id, &hashes).await?;
        let text = codes.join("\n");
        let sealed = self
            .factors
            .seal
            .seal(user.id, Use::RecoveryCodes, text.as_bytes());
        db::recovery_codes::delete_expired(tx, now).await?;
        let until = now + SHOWN_FOR;
        db::recovery_codes::keep_new(tx, user.id, user.session(), &sealed, until).await?;
        SecurityEvent::RecoveryCodesMade(user.id).record();
        Ok(())
    }
}

/// A code as it is shown.
fn new_code() -> String {
    let random: [u8; CHARACTERS] = rand::random();
    let characters = random.map(|byte| char::from(ALPHABET[usize::from(byte % 32)]));
    let pieces = characters.chunks(PIECE).map(String::from_iter);
    pieces.collect::<Vec<_>>().join("-")
}

/// The bare code in what was typed; `None`: it cannot be one.
pub(super) fn parse(typed: &str) -> Option<String> {
    let code: String = typed
        .chars()
        .filter(|c| !c.is_whitespace() && *c != '-')
        .map(|c| match c.to_ascii_lowercase() {
            '0' => 'o',
            '1' => 'l',
            '8' => 'b',
            c => c,
        })
        .collect();
    let is_code = code.len() == CHARACTERS && code.bytes().all(|byte| ALPHABET.contains(&byte));
    is_code.then_some(code)
}

/// What stands for a bare code of `user` in the database.
pub(super) fn hash(user: UserId, code: &str) -> [u8; 32] {
    Sha256::new()
        .chain_update(user.0.as_bytes())
        .chain_update(code)
        .finalize()
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_however_it_is_typed() {
        let code = new_code();
        assert_eq!(code.len(), 29);
        let bare = parse(&code).expect("a code");
        for typed in [
            bare.clone(),
            code.to_uppercase(),
            code.replace('-', " "),
            format!(
                "  {} ",
                code.replace('o', "0").replace('l', "1").replace('b', "8")
            ),
        ] {
            assert_eq!(parse(&typed).as_deref(), Some(bare.as_str()), "{typed}");
        }
        for wrong in [
            "",
            "123456",
            &bare[1..],
            &format!("{bare}a"),
            &bare.replace(|_| true, "9"),
        ] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
        assert_ne!(new_code(), code);
    }

    #[test]
    fn the_same_code_is_another_one_for_another_user() {
        let code = new_code();
        assert_ne!(hash(UserId::new(), &code), hash(UserId::new(), &code));
    }
}

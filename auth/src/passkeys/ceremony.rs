//! What a browser was asked, and its one answer.

use time::{Duration, OffsetDateTime};
use tower_sessions::{Expiry, Session};
use uuid::Uuid;
use webauthn_rp::bin::Decode;

use super::refused;
use crate::{
    Auth,
    db::{
        self, Tx,
        passkey_ceremonies::{Ceremony, NewCeremony},
    },
    domain::UserId,
    error::{Error, Result},
    sessions::{SignInRecord, store_error},
};

/// How long an answer may take: as long as browsers show their dialog.
const PATIENCE: Duration = Duration::minutes(5);

/// How long a visitor's session that holds nothing but this lives.
const VISIT: Duration = Duration::minutes(10);

/// Some that nobody answered are removed by each that begins.
const DELETE_BATCH: i64 = 10;

/// Its name among the session's values.
const KEY: &str = "passkey_ceremony";

/// What a passkey is asked for.
#[derive(Clone, Copy)]
pub(super) enum Purpose {
    Register,
    SignIn,
    /// By somebody who is known already: the second step of signing in, or being asked
    /// again.
    Prove,
}

impl Purpose {
    fn as_str(self) -> &'static str {
        match self {
            Self::Register => "register",
            Self::SignIn => "sign_in",
            Self::Prove => "prove",
        }
    }
}

impl Auth {
    /// Keeps what this browser is asked. It ends what it was asked before.
    pub(super) async fn keep_question(
        &self,
        mut tx: Tx,
        session: &Session,
        purpose: Purpose,
        user: Option<UserId>,
        state: &[u8],
    ) -> Result<()> {
        let now = self.clock.now();
        let id = Uuid::from_u128(rand::random());
        db::passkey_ceremonies::delete_expired(&mut tx, now, DELETE_BATCH).await?;
        let ceremony = NewCeremony {
            id,
            user,
            purpose: purpose.as_str(),
            state,
            expires_at: now + PATIENCE,
        };
        db::passkey_ceremonies::begin(&mut tx, ceremony).await?;
        tx.commit_unannounced().await?;
        session.insert(KEY, id).await.map_err(store_error)?;
        let sign_in = session.get_value(SignInRecord::KEY).await;
        if sign_in.map_err(store_error)?.is_none() {
            session.set_expiry(Some(Expiry::OnInactivity(VISIT)));
        }
        Ok(())
    }

    /// Takes what this browser was asked, so that nobody answers it twice.
    ///
    /// # Errors
    /// [`Error::Invalid`] if it was asked nothing, or too long ago.
    pub(super) async fn take_question(
        &self,
        session: &Session,
        purpose: Purpose,
        now: OffsetDateTime,
    ) -> Result<Ceremony> {
        let id: Option<Uuid> = session.get(KEY).await.map_err(store_error)?;
        let id = id.ok_or_else(refused)?;
        let mut tx = self.db.begin().await?;
        let taken = db::passkey_ceremonies::take(&mut tx, id, purpose.as_str(), now).await?;
        tx.commit_unannounced().await?;
        taken.ok_or_else(refused)
    }
}

/// What was asked, as it was kept.
pub(super) fn decode<T>(state: &[u8]) -> Result<T>
where
    T: for<'a> Decode<Input<'a> = &'a [u8]>,
    T::Err: std::error::Error + Send + Sync + 'static,
{
    T::decode(state).map_err(Error::internal)
}

//! Whether a passkey's answer is right.

use std::convert::Infallible;

use time::OffsetDateTime;
use webauthn_rp::{
    AuthenticatedCredential, DiscoverableAuthentication16, DiscoverableAuthenticationServerState,
    NonDiscoverableAuthentication16, NonDiscoverableAuthenticationServerState,
    bin::{Decode as _, Encode as _},
    request::register::UserHandle16,
    response::{
        CredentialId,
        auth::error::AuthCeremonyErr,
        register::{CompressedPubKey, DynamicState, StaticState},
    },
};

use super::{Auth, ceremony::decode, refuse, refused};
use crate::{
    db::{self, Tx, passkey_ceremonies::Ceremony, passkeys::HeldPasskey},
    domain::UserId,
    error::{Error, Result},
    security_log::SecurityEvent,
};

/// A passkey's answer was right: it is this user, and their device knew them.
pub(crate) struct Recognized {
    user: UserId,
}

impl Recognized {
    pub(crate) fn user(&self) -> UserId {
        self.user
    }
}

type PublicKey = CompressedPubKey<[u8; 32], [u8; 32], [u8; 48], Vec<u8>>;

type Credential<'a> = AuthenticatedCredential<'a, 'a, 16, PublicKey>;

impl Auth {
    /// Checks the answer of whoever has a passkey, and notes its use in `tx`.
    pub(super) async fn verify_anybody(
        &self,
        tx: &mut Tx,
        asked: Ceremony,
        answer: &str,
        now: OffsetDateTime,
    ) -> Result<Recognized> {
        let party = self.passkeys.party()?;
        let answer = DiscoverableAuthentication16::from_json_relaxed(answer.as_bytes())
            .map_err(|_unreadable| refuse(None, "unreadable"))?;
        let asked: DiscoverableAuthenticationServerState = decode(&asked.state)?;
        let held = hold_passkey(tx, answer.raw_id()).await?;
        let handle = handle_of(held.user_id);
        let mut credential = credential(&held, answer.raw_id(), &handle)?;
        asked
            .verify(
                &party.id,
                &answer,
                &mut credential,
                &party.authentication_options(),
            )
            .map_err(|error| refuse_answer(held.user_id, &error))?;
        accept(tx, &held, credential.dynamic_state(), now).await
    }

    /// Checks the answer of `asked.user`, who is known already, and notes its use in `tx`.
    pub(super) async fn verify_known(
        &self,
        tx: &mut Tx,
        asked: Ceremony,
        answer: &str,
        now: OffsetDateTime,
    ) -> Result<Recognized> {
        let party = self.passkeys.party()?;
        let answer = NonDiscoverableAuthentication16::from_json_relaxed(answer.as_bytes())
            .map_err(|_unreadable| refuse(asked.user, "unreadable"))?;
        let state: NonDiscoverableAuthenticationServerState = decode(&asked.state)?;
        let held = hold_passkey(tx, answer.raw_id()).await?;
        if asked.user != Some(held.user_id) {
            return Err(refused());
        }
        let handle = handle_of(held.user_id);
        let mut credential = credential(&held, answer.raw_id(), &handle)?;
        state
            .verify(
                &party.id,
                &answer,
                &mut credential,
                &party.authentication_options(),
            )
            .map_err(|error| refuse_answer(held.user_id, &error))?;
        accept(tx, &held, credential.dynamic_state(), now).await
    }
}

async fn hold_passkey(tx: &mut Tx, id: CredentialId<&[u8]>) -> Result<HeldPasskey> {
    let held = db::passkeys::hold(tx, id.as_ref()).await?;
    held.ok_or_else(|| refuse(None, "unknown"))
}

async fn accept(
    tx: &mut Tx,
    held: &HeldPasskey,
    state: DynamicState,
    now: OffsetDateTime,
) -> Result<Recognized> {
    db::passkeys::note_use(tx, held.id, always(state.encode()), now).await?;
    Ok(Recognized { user: held.user_id })
}

fn refuse_answer(user: UserId, error: &AuthCeremonyErr) -> Error {
    let reason = match error {
        // Of two devices with one key, each counts for itself.
        AuthCeremonyErr::SignatureCounter => {
            SecurityEvent::PasskeyCopied(user).record();
            return refused();
        }
        AuthCeremonyErr::AssertionSignature => "other key",
        AuthCeremonyErr::OriginMismatch => "other origin",
        AuthCeremonyErr::RpIdHashMismatch => "other site",
        AuthCeremonyErr::ChallengeMismatch => "other challenge",
        AuthCeremonyErr::UserHandleMismatch => "other user",
        AuthCeremonyErr::UserNotVerified => "user not verified",
        AuthCeremonyErr::Timeout => "too late",
        _ => "malformed",
    };
    refuse(Some(user), reason)
}

/// What an answer is compared with.
fn credential<'a>(
    held: &HeldPasskey,
    id: CredentialId<&'a [u8]>,
    handle: &'a UserHandle16,
) -> Result<Credential<'a>> {
    let key = StaticState::<PublicKey>::decode(&held.public_key).map_err(Error::internal)?;
    let state: [u8; 7] = held.state.as_slice().try_into().map_err(Error::internal)?;
    let state = DynamicState::decode(state).map_err(Error::internal)?;
    AuthenticatedCredential::new(id, handle, key, state).map_err(Error::internal)
}

/// What passkeys call the user: their id, which says nothing about them.
pub(super) fn handle_of(user: UserId) -> UserHandle16 {
    always(UserHandle16::decode(user.0.into_bytes()))
}

/// What cannot fail.
pub(super) fn always<T>(result: Result<T, Infallible>) -> T {
    result.unwrap_or_else(|never| match never {})
}

use tower_sessions::Session;
use webauthn_rp::{
    PublicKeyCredentialCreationOptions, Registration, RegistrationServerState,
    bin::{Decode as _, Encode as _},
    request::{
        PublicKeyCredentialDescriptor,
        register::{CredProtect, Nickname, PublicKeyCredentialUserEntity, Username},
    },
    response::{AuthTransports, CredentialId, register::error::RegCeremonyErr},
};

use super::{
    Auth, MOST_PASSKEYS,
    ceremony::{Purpose, decode},
    refuse, refused,
    verify::{always, handle_of},
};
use crate::{
    SignedIn, boxed,
    db::{
        self,
        passkeys::{Descriptor, NewPasskey},
    },
    domain::{PasskeyId, PasskeyName, text},
    error::{Error, Result},
    security_log::SecurityEvent,
    telemetry::SPANS,
};

impl Auth {
    /// Asks the browser to make a passkey for the user. Returns the options for it, in JSON.
    ///
    /// # Errors
    /// [`Error::ConfirmFirst`]; [`Error::SignedOut`]; [`Error::LimitReached`];
    /// [`Error::Conflict`] if the site cannot have passkeys.
    #[tracing::instrument(level = "debug", target = SPANS, name = "auth.begin_passkey", skip_all)]
    #[boxed]
    pub async fn begin_passkey(&self, user: &SignedIn, session: &Session) -> Result<String> {
        let party = self.passkeys.party()?;
        let mut tx = self.db.begin().await?;
        user.hold_confirmed(&mut tx, self.clock.now()).await?;
        check_room(db::passkeys::count(&mut tx, user.id).await?)?;
        let known = db::passkeys::list_descriptors(&mut tx, user.id).await?;
        let handle = handle_of(user.id);
        let entity = PublicKeyCredentialUserEntity {
            name: account_name(user)?,
            id: &handle,
            // Its rules are not ours: a name that does not follow them is left out.
            display_name: Nickname::try_from(user.name.as_str()).ok(),
        };
        let exclude = known.into_iter().map(descriptor).collect::<Result<_>>()?;
        let mut options = PublicKeyCredentialCreationOptions::passkey(&party.id, entity, exclude);
        // Most devices do not know this extension, and would make none. Each answer has to say
        // that the device knew its user, whatever it promised here.
        options.extensions.cred_protect = CredProtect::None;
        let (asked, question) = options.start_ceremony().map_err(Error::internal)?;
        let state = asked.encode().map_err(Error::internal)?;
        self.keep_question(tx, session, Purpose::Register, Some(user.id), &state)
            .await?;
        serde_json::to_string(&question).map_err(Error::internal)
    }

    /// Adds the passkey that the browser made. `credential` is its answer, in JSON. The
    /// proof was fresh when it was asked.
    ///
    /// # Errors
    /// [`Error::Invalid`] on the field `credential`; [`Error::Conflict`] on it if the
    /// passkey is somebody's already; [`Error::LimitReached`]; [`Error::SignedOut`].
    #[tracing::instrument(level = "debug", target = SPANS, name = "auth.add_passkey", skip_all)]
    #[boxed]
    pub async fn add_passkey(
        &self,
        user: &SignedIn,
        session: &Session,
        name: &PasskeyName,
        credential: &str,
    ) -> Result<()> {
        let party = self.passkeys.party()?;
        let now = self.clock.now();
        let asked = self.take_question(session, Purpose::Register, now).await?;
        if asked.user != Some(user.id) {
            return Err(refused());
        }
        let answer = Registration::from_json_relaxed(credential.as_bytes());
        let answer = answer.map_err(|_unreadable| refuse(Some(user.id), "unreadable"))?;
        let asked: RegistrationServerState<16> = decode(&asked.state)?;
        let made = asked
            .verify(&party.id, &answer, &party.registration_options())
            .map_err(|error| refuse(Some(user.id), reason(&error)))?;

        let mut tx = self.db.begin().await?;
        db::users::lock(&mut tx, user.id).await?;
        user.hold(&mut tx, now).await?;
        check_room(db::passkeys::count(&mut tx, user.id).await?)?;
        let credential_id = made.id();
        let passkey = NewPasskey {
            id: PasskeyId::new(),
            user: user.id,
            credential_id: credential_id.as_ref(),
            name,
            public_key: &always(made.static_state().encode()),
            state: always(made.dynamic_state().encode()),
            transports: always(made.transports().encode()),
            created_at: now,
        };
        db::passkeys::insert(&mut tx, passkey).await?;
        let what = format!("The passkey {} was added.", text::isolated(name.as_str()));
        self.tell_of_change(&mut tx, user, what).await?;
        tx.commit_unannounced().await?;
        SecurityEvent::PasskeyAdded(user.id).record();
        Ok(())
    }
}

/// What is wrong with an answer, in words of our own.
fn reason(error: &RegCeremonyErr) -> &'static str {
    match error {
        RegCeremonyErr::OriginMismatch => "other origin",
        RegCeremonyErr::RpIdHashMismatch => "other site",
        RegCeremonyErr::ChallengeMismatch => "other challenge",
        RegCeremonyErr::UserNotVerified => "user not verified",
        RegCeremonyErr::Timeout => "too late",
        _ => "malformed",
    }
}

fn check_room(there: i64) -> Result<()> {
    if there >= MOST_PASSKEYS {
        return Err(Error::LimitReached(format!(
            "You have {MOST_PASSKEYS} passkeys, as many as one user can. Remove one first."
        )));
    }
    Ok(())
}

/// What the device calls the account: its address, or, for one that does not follow the
/// rules of such names, the site's name.
fn account_name(user: &SignedIn) -> Result<Username<'_>> {
    Username::try_from(user.email.as_str())
        .or_else(|_| Username::try_from("orghub"))
        .map_err(Error::internal)
}

pub(super) fn descriptor(known: Descriptor) -> Result<PublicKeyCredentialDescriptor<Vec<u8>>> {
    let transports = u8::try_from(known.transports).map_err(Error::internal)?;
    Ok(PublicKeyCredentialDescriptor {
        id: CredentialId::decode(known.credential_id).map_err(Error::internal)?,
        transports: AuthTransports::decode(transports).map_err(Error::internal)?,
    })
}

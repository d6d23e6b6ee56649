//! The security log: what somebody who looks for an attack, or follows one, has to see.
//!
//! Each event is one line with the target [`SECURITY`], a name from a fixed list, and a
//! count of the same name. The request's span gives it the request's id and the client's
//! address. What was typed is never in it: an address nobody has is a keyed hash, which
//! tells whether two lines mean the same one, and nothing else.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::LazyLock;

use strum::{IntoStaticStr, VariantNames};

use crate::{
    domain::{Email, OrgSlug, UserId},
    telemetry::names,
};

/// The target of the security log.
pub const SECURITY: &str = "orghub::security";

/// What happened.
#[derive(Clone, Copy, Debug, IntoStaticStr, VariantNames)]
pub enum SecurityEvent<'a> {
    #[strum(serialize = "sign_in.succeeded")]
    SignInSucceeded(UserId),
    /// Wrong password, unknown address or banned account.
    #[strum(serialize = "sign_in.failed")]
    SignInFailed {
        email: &'a Email,
        /// Whose address it is, if anybody's.
        user: Option<UserId>,
    },
    /// Too many failures before it.
    #[strum(serialize = "sign_in.limited")]
    SignInLimited { email: &'a Email },
    /// What a provider of sign-in said of somebody proves nothing.
    #[strum(serialize = "sign_in.unproved")]
    SignInUnproved { reason: &'a str },
    /// A provider was connected: from now on it lets them in, too.
    #[strum(serialize = "account.provider_connected")]
    ProviderConnected(UserId),
    #[strum(serialize = "account.provider_disconnected")]
    ProviderDisconnected(UserId),
    /// Too many attempts at something else: a sign-up, a mail, a code.
    #[strum(serialize = "attempts.limited")]
    AttemptsLimited {
        /// At what.
        limit: &'a str,
        email: Option<&'a Email>,
        user: Option<UserId>,
    },
    /// Somebody signed in did not know the password when asked again.
    #[strum(serialize = "confirmation.failed")]
    ConfirmationFailed(UserId),
    #[strum(serialize = "account.made")]
    SignedUp(UserId),
    #[strum(serialize = "account.email_verified")]
    EmailVerified(UserId),
    #[strum(serialize = "account.email_changed")]
    EmailChanged(UserId),
    #[strum(serialize = "account.email_change_undone")]
    EmailChangeUndone(UserId),
    #[strum(serialize = "account.password_changed")]
    PasswordChanged(UserId),
    /// By a link that was mailed.
    #[strum(serialize = "account.password_reset")]
    PasswordReset(UserId),
    #[strum(serialize = "account.deleted")]
    AccountDeleted(UserId),
    /// A wrong or used code after the right password.
    #[strum(serialize = "second_factor.failed")]
    SecondFactorFailed(UserId),
    #[strum(serialize = "second_factor.turned_on")]
    SecondFactorTurnedOn(UserId),
    #[strum(serialize = "second_factor.turned_off")]
    SecondFactorTurnedOff(UserId),
    #[strum(serialize = "recovery_codes.made")]
    RecoveryCodesMade(UserId),
    #[strum(serialize = "recovery_code.used")]
    RecoveryCodeUsed(UserId),
    #[strum(serialize = "passkey.added")]
    PasskeyAdded(UserId),
    #[strum(serialize = "passkey.removed")]
    PasskeyRemoved(UserId),
    #[strum(serialize = "passkey.refused")]
    PasskeyRefused {
        /// Whose it would be, if that is known.
        user: Option<UserId>,
        reason: &'a str,
    },
    /// Its counter did not rise: somebody has a copy of the key.
    #[strum(serialize = "passkey.copied")]
    PasskeyCopied(UserId),
    #[strum(serialize = "sign_out")]
    SignOut,
    /// Somebody ended another session of theirs.
    #[strum(serialize = "session.ended")]
    SessionEnded(UserId),
    /// Somebody ended all sessions of theirs but the one they came with.
    #[strum(serialize = "session.others_ended")]
    OtherSessionsEnded(UserId),
    /// A platform admin, or somebody at the machine, ended the sessions of everybody.
    #[strum(serialize = "session.everybody_signed_out")]
    EverybodySignedOut { by: Option<UserId> },
    /// A platform admin did something; the platform's log says to whom.
    #[strum(serialize = "platform.act")]
    PlatformAct { by: UserId, kind: &'a str },
    /// An organization that does not exist, or is not the user's: they look alike here, too.
    #[strum(serialize = "access.denied")]
    AccessDenied { user: UserId, slug: &'a OrgSlug },
    /// A member without the permission.
    #[strum(serialize = "permission.denied")]
    PermissionDenied { user: UserId, slug: &'a OrgSlug },
    /// A form that another site's page sent in a user's name.
    #[strum(serialize = "write.foreign")]
    WriteForeign,
    /// An event that Stripe did not sign.
    #[strum(serialize = "webhook.refused")]
    WebhookRefused { reason: &'a str },
}

impl SecurityEvent<'_> {
    /// The names of all events.
    pub const NAMES: &'static [&'static str] = <Self as VariantNames>::VARIANTS;

    /// Logs and counts it.
    pub fn record(self) {
        let event: &'static str = self.into();
        metrics::counter!(names::SECURITY_EVENTS, "event" => event).increment(1);
        let field = tracing::field::display::<String>;
        let (mut user, mut account, mut slug, mut reason) = (None, None, None, None);
        match self {
            Self::SignInSucceeded(id)
            | Self::ConfirmationFailed(id)
            | Self::SignedUp(id)
            | Self::EmailVerified(id)
            | Self::EmailChanged(id)
            | Self::EmailChangeUndone(id)
            | Self::PasswordChanged(id)
            | Self::PasswordReset(id)
            | Self::AccountDeleted(id)
            | Self::ProviderConnected(id)
            | Self::ProviderDisconnected(id)
            | Self::SessionEnded(id)
            | Self::OtherSessionsEnded(id)
            | Self::SecondFactorFailed(id)
            | Self::SecondFactorTurnedOn(id)
            | Self::SecondFactorTurnedOff(id)
            | Self::RecoveryCodesMade(id)
            | Self::RecoveryCodeUsed(id)
            | Self::PasskeyAdded(id)
            | Self::PasskeyRemoved(id)
            | Self::PasskeyCopied(id) => user = Some(id),
            Self::PasskeyRefused {
                user: id,
                reason: why,
            } => (user, reason) = (id, Some(why)),

            Self::EverybodySignedOut { by } => user = by,
            Self::PlatformAct { by, kind } => (user, reason) = (Some(by), Some(kind)),
            Self::SignInFailed { email, user: id } => {
                user = id;
                account = Some(pseudonym(email));
            }
            Self::SignInLimited { email } => account = Some(pseudonym(email)),
            Self::AttemptsLimited {
                limit,
                email,
                user: id,
            } => {
                user = id;
                account = email.map(pseudonym);
                reason = Some(limit);
            }
            Self::AccessDenied { user: id, slug: to }
            | Self::PermissionDenied { user: id, slug: to } => {
                (user, slug) = (Some(id), Some(to));
            }
            Self::SignInUnproved { reason: why } | Self::WebhookRefused { reason: why } => {
                reason = Some(why);
            }
            Self::SignOut | Self::WriteForeign => {}
        }
        tracing::info!(
            target: SECURITY,
            event,
            user.id = user.map(|id| field(id.to_string())),
            account,
            org.slug = slug.map(|slug| field(slug.to_string())),
            reason,
            "{event}",
        );
    }
}

/// The same for the same address, as long as the process lives.
fn pseudonym(email: &Email) -> String {
    static KEY: LazyLock<RandomState> = LazyLock::new(RandomState::new);
    format!("{:016x}", KEY.hash_one(email.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_told_from_others_and_not_told() {
        let email = |text| Email::parse(text).expect("an address");
        let ada = pseudonym(&email("ada@users.test"));
        assert_eq!(ada, pseudonym(&email("Ada@users.test")));
        assert_ne!(ada, pseudonym(&email("bob@users.test")));
        // Letters alone prove nothing: "ada" is a hexadecimal number, too.
        assert!(!ada.contains("users"));
    }

    #[test]
    fn names_are_words_with_dots() {
        assert_eq!(SecurityEvent::NAMES.len(), 33);
        for name in SecurityEvent::NAMES {
            assert!(
                name.bytes()
                    .all(|b| b.is_ascii_lowercase() || b"._".contains(&b)),
                "{name}"
            );
        }
    }
}

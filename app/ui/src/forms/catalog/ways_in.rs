//! Second factors, passkeys and providers of an account.

use orghub_domain::routes::{self, AccountPage, api};

use crate::forms::Form;

/// One for each provider that is not connected.
pub const OIDC_CONNECT: Form = Form::at(api::OIDC_CONNECT, AccountPage::Security.path());

/// Stands on a page of the provider; see [`crate::forms::FormPost::back_to`].
pub const OIDC_CONNECT_BY_PASSWORD: Form =
    Form::at(api::OIDC_CONNECT_BY_PASSWORD, routes::SIGN_IN).showing(&["password"]);

/// One for each provider that is connected.
pub const OIDC_DISCONNECT: Form = Form::at(api::OIDC_DISCONNECT, AccountPage::Security.path());

pub const BEGIN_TOTP: Form = Form::at(api::BEGIN_TOTP, routes::TOTP);

pub const TURN_ON_TOTP: Form = Form::at(api::TURN_ON_TOTP, routes::TOTP).showing(&["code"]);

pub const TURN_OFF_TOTP: Form = Form::at(api::TURN_OFF_TOTP, routes::TOTP);

pub const REQUIRE_PASSKEY: Form = Form::at(api::REQUIRE_PASSKEY, AccountPage::Security.path());

pub const TURN_OFF_SECOND_FACTOR: Form =
    Form::at(api::TURN_OFF_SECOND_FACTOR, AccountPage::Security.path());

pub const MAKE_RECOVERY_CODES: Form = Form::at(api::MAKE_RECOVERY_CODES, routes::RECOVERY_CODES);

pub const HIDE_RECOVERY_CODES: Form = Form::at(api::HIDE_RECOVERY_CODES, routes::RECOVERY_CODES);

pub const ADD_PASSKEY: Form = Form::at(api::ADD_PASSKEY, AccountPage::Security.path())
    .showing(&["name"])
    .keeping(&["name"]);

/// One for each passkey of the list.
pub const RENAME_PASSKEY: Form =
    Form::at(api::RENAME_PASSKEY, AccountPage::Security.path()).keeping(&["passkey_id", "name"]);

/// One for each passkey of the list.
pub const REMOVE_PASSKEY: Form =
    Form::at(api::REMOVE_PASSKEY, AccountPage::Security.path()).keeping(&["passkey_id"]);

pub(super) const ALL: &[&Form] = &[
    &OIDC_CONNECT,
    &OIDC_CONNECT_BY_PASSWORD,
    &OIDC_DISCONNECT,
    &BEGIN_TOTP,
    &TURN_ON_TOTP,
    &TURN_OFF_TOTP,
    &REQUIRE_PASSKEY,
    &TURN_OFF_SECOND_FACTOR,
    &MAKE_RECOVERY_CODES,
    &HIDE_RECOVERY_CODES,
    &ADD_PASSKEY,
    &RENAME_PASSKEY,
    &REMOVE_PASSKEY,
];

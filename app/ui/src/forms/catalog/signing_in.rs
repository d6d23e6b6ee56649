//! Getting in: accounts, first and second steps.

use orghub_domain::{
    TokenKind,
    routes::{self, api, mailed_link_page},
};

use crate::forms::Form;

pub const SIGN_UP: Form = Form::at(api::SIGN_UP, routes::SIGN_UP)
    .showing(&["name", "email", "password"])
    .keeping(&["name", "email"]);

pub const RESEND_VERIFICATION: Form = Form::everywhere(api::RESEND_VERIFICATION);

pub const VERIFY_EMAIL: Form =
    Form::at(api::VERIFY_EMAIL, mailed_link_page(TokenKind::VerifyEmail)).showing(&["password"]);

pub const SIGN_IN: Form = Form::at(api::SIGN_IN, routes::SIGN_IN)
    .showing(&["email", "password"])
    .keeping(&["email"]);

pub const SIGN_IN_WITH_PASSKEY: Form = Form::at(api::SIGN_IN_WITH_PASSKEY, routes::SIGN_IN);

/// One for each provider of sign-in.
pub const OIDC_START: Form = Form::at(api::OIDC_START, routes::SIGN_IN);

/// One for each provider that is connected.
pub const OIDC_CONFIRM: Form = Form::at(api::OIDC_CONFIRM, routes::CONFIRM);

/// The second step of signing in, by a code.
pub const COMPLETE_WITH_CODE: Form =
    Form::at(api::COMPLETE_WITH_CODE, routes::SECOND_FACTOR).showing(&["code"]);

/// The second step of signing in, by a passkey.
pub const COMPLETE_WITH_PASSKEY: Form = Form::at(api::COMPLETE_WITH_PASSKEY, routes::SECOND_FACTOR);

pub const FORGOT_PASSWORD: Form = Form::at(api::FORGOT_PASSWORD, routes::FORGOT_PASSWORD)
    .showing(&["email"])
    .keeping(&["email"]);

pub const RESET_PASSWORD: Form = Form::at(
    api::RESET_PASSWORD,
    mailed_link_page(TokenKind::ResetPassword),
)
.showing(&["password"]);

pub(super) const ALL: &[&Form] = &[
    &SIGN_UP,
    &RESEND_VERIFICATION,
    &VERIFY_EMAIL,
    &SIGN_IN,
    &SIGN_IN_WITH_PASSKEY,
    &OIDC_START,
    &OIDC_CONFIRM,
    &COMPLETE_WITH_CODE,
    &COMPLETE_WITH_PASSKEY,
    &FORGOT_PASSWORD,
    &RESET_PASSWORD,
];

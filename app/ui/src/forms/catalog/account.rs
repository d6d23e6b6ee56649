//! What people do with their own account.

use orghub_domain::{
    TokenKind,
    routes::{self, AccountPage, api, mailed_link_page},
};

use crate::forms::Form;

pub const CONFIRM: Form = Form::at(api::CONFIRM, routes::CONFIRM).showing(&["password"]);

pub const CONFIRM_WITH_CODE: Form =
    Form::at(api::CONFIRM_WITH_CODE, routes::CONFIRM).showing(&["code"]);

pub const CONFIRM_WITH_PASSKEY: Form = Form::at(api::CONFIRM_WITH_PASSKEY, routes::CONFIRM);

pub const CHANGE_NAME: Form = Form::at(api::CHANGE_NAME, AccountPage::Profile.path())
    .showing(&["name"])
    .keeping(&["name"]);

pub const CHANGE_PICTURE: Form =
    Form::at(api::CHANGE_PICTURE, AccountPage::Profile.path()).showing(&["picture"]);

pub const REMOVE_PICTURE: Form = Form::at(api::REMOVE_PICTURE, AccountPage::Profile.path());

pub const CHANGE_PASSWORD: Form =
    Form::at(api::CHANGE_PASSWORD, AccountPage::Security.path()).showing(&["current", "password"]);

pub const REQUEST_EMAIL_CHANGE: Form =
    Form::at(api::REQUEST_EMAIL_CHANGE, AccountPage::Profile.path())
        .showing(&["email"])
        .keeping(&["email"]);

pub const CHANGE_EMAIL: Form =
    Form::at(api::CHANGE_EMAIL, mailed_link_page(TokenKind::ChangeEmail));

pub const UNDO_EMAIL_CHANGE: Form = Form::at(
    api::UNDO_EMAIL_CHANGE,
    mailed_link_page(TokenKind::UndoEmailChange),
);

/// One for each session of the list.
pub const END_SESSION: Form = Form::at(api::END_SESSION, AccountPage::Security.path());

pub const END_OTHER_SESSIONS: Form =
    Form::at(api::END_OTHER_SESSIONS, AccountPage::Security.path());

pub const REQUEST_DELETION: Form = Form::at(api::REQUEST_DELETION, AccountPage::Profile.path());

pub const DELETE_ACCOUNT: Form = Form::at(
    api::DELETE_ACCOUNT,
    mailed_link_page(TokenKind::DeleteAccount),
);

pub(super) const ALL: &[&Form] = &[
    &CONFIRM,
    &CONFIRM_WITH_CODE,
    &CONFIRM_WITH_PASSKEY,
    &CHANGE_NAME,
    &CHANGE_PICTURE,
    &REMOVE_PICTURE,
    &CHANGE_PASSWORD,
    &REQUEST_EMAIL_CHANGE,
    &CHANGE_EMAIL,
    &UNDO_EMAIL_CHANGE,
    &END_SESSION,
    &END_OTHER_SESSIONS,
    &REQUEST_DELETION,
    &DELETE_ACCOUNT,
];

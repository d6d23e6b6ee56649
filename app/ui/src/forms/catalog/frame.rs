//! What stands on every page.

use orghub_domain::routes::{self, api};

use crate::forms::Form;

pub const SIGN_OUT: Form = Form::everywhere(routes::SIGN_OUT);

pub const SET_THEME: Form = Form::everywhere(api::SET_THEME);

pub(super) const ALL: &[&Form] = &[&SIGN_OUT, &SET_THEME];

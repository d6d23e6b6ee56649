//! What is mailed about an account. A letter that somebody else may have caused says so,
//! and what to do then.

use crate::{
    domain::{Email, TokenKind, text},
    mail::{Button, Letter},
    routes::{self, AccountPage},
};

use super::LinkToken;

/// For whoever did not ask for it.
const NOT_ME: &str = "If this was not you, do nothing: without the link nothing happens.";

/// People write their names themselves.
fn hello(name: &str) -> String {
    format!("Hello {},", text::isolated(name))
}

fn link(kind: TokenKind, token: &LinkToken) -> String {
    routes::mailed_link(kind, token.text())
}

pub fn verify_email(name: &str, token: &LinkToken) -> Letter {
    Letter {
        subject: "Confirm your e-mail address".to_owned(),
        paragraphs: vec![
            hello(name),
            "please confirm that this address is yours. Then you can create an organization \
             or join one."
                .to_owned(),
        ],
        button: Some(Button {
            label: "Confirm this address".to_owned(),
            path: link(TokenKind::VerifyEmail, token),
        }),
        footnote: Some(format!("The link works once, for a day. {NOT_ME}")),
    }
}

/// To somebody who has an account and signs up again, or whose address somebody else types.
pub fn already_here(name: &str, token: &LinkToken) -> Letter {
    Letter {
        subject: "You already have an account".to_owned(),
        paragraphs: vec![
            hello(name),
            "somebody, probably you, tried to create an account with this address. It has one \
             already: sign in with it. If you do not know its password any more, set a new \
             one."
                .to_owned(),
        ],
        button: Some(Button {
            label: "Set a new password".to_owned(),
            path: link(TokenKind::ResetPassword, token),
        }),
        footnote: Some(format!("The link works once, for an hour. {NOT_ME}")),
    }
}

pub fn reset_password(name: &str, token: &LinkToken) -> Letter {
    Letter {
        subject: "Set a new password".to_owned(),
        paragraphs: vec![
            hello(name),
            "somebody, probably you, asked for a new password for your account.".to_owned(),
        ],
        button: Some(Button {
            label: "Set a new password".to_owned(),
            path: link(TokenKind::ResetPassword, token),
        }),
        footnote: Some(format!("The link works once, for an hour. {NOT_ME}")),
    }
}

pub fn password_changed(name: &str) -> Letter {
    Letter {
        subject: "Your password was changed".to_owned(),
        paragraphs: vec![
            hello(name),
            "the password of your account was changed just now, and all other browsers were \
             signed out."
                .to_owned(),
            "If this was not you, set a new password at once.".to_owned(),
        ],
        button: Some(Button {
            label: "Set a new password".to_owned(),
            path: routes::FORGOT_PASSWORD.to_owned(),
        }),
        footnote: None,
    }
}

pub fn provider_connected(name: &str, label: &str) -> Letter {
    Letter {
        subject: format!("{label} now signs you in"),
        paragraphs: vec![
            hello(name),
            format!(
                "{label} was connected with your account just now: whoever signs in there can \
                 sign in here, without your password."
            ),
            "If this was not you, disconnect it at once, and set a new password.".to_owned(),
        ],
        button: Some(Button {
            label: "Look after your account".to_owned(),
            path: AccountPage::Security.path().to_owned(),
        }),
        footnote: None,
    }
}

pub fn provider_disconnected(name: &str, label: &str) -> Letter {
    Letter {
        subject: format!("{label} no longer signs you in"),
        paragraphs: vec![
            hello(name),
            format!("{label} was disconnected from your account just now."),
            "If this was not you, set a new password at once.".to_owned(),
        ],
        button: Some(Button {
            label: "Set a new password".to_owned(),
            path: routes::FORGOT_PASSWORD.to_owned(),
        }),
        footnote: None,
    }
}

/// To the new address.
pub fn change_email(name: &str, token: &LinkToken) -> Letter {
    Letter {
        subject: "Confirm your new e-mail address".to_owned(),
        paragraphs: vec![
            hello(name),
            "you want to use this address for your account. Confirm it, and it replaces the \
             one you have."
                .to_owned(),
        ],
        button: Some(Button {
            label: "Use this address".to_owned(),
            path: link(TokenKind::ChangeEmail, token),
        }),
        footnote: Some(format!("The link works once, for a day. {NOT_ME}")),
    }
}

/// To an address that somebody wants and somebody else has.
pub fn address_in_use() -> Letter {
    Letter {
        subject: "This address has an account".to_owned(),
        paragraphs: vec![
            "Hello,".to_owned(),
            "somebody tried to use this address for another account. It has an account \
             already, so nothing was changed."
                .to_owned(),
            "If that was you, sign in with this address, or use another one for the other \
             account."
                .to_owned(),
        ],
        button: None,
        footnote: None,
    }
}

/// To the address that the account had.
pub fn email_changed(name: &str, new: &Email, token: &LinkToken) -> Letter {
    Letter {
        subject: "Your e-mail address was changed".to_owned(),
        paragraphs: vec![
            hello(name),
            format!("your account now has the address {new}, and no longer this one."),
            "If this was not you, take it back: your account gets this address again, \
             everybody is signed out, and you can set a new password."
                .to_owned(),
        ],
        button: Some(Button {
            label: "Take it back".to_owned(),
            path: link(TokenKind::UndoEmailChange, token),
        }),
        footnote: Some("The link works once, for seven days.".to_owned()),
    }
}

pub fn delete_account(name: &str, token: &LinkToken) -> Letter {
    Letter {
        subject: "Confirm that your account is to be deleted".to_owned(),
        paragraphs: vec![
            hello(name),
            "you asked us to delete your account. This cannot be undone: your memberships \
             end, and so do organizations that have no other member."
                .to_owned(),
        ],
        button: Some(Button {
            label: "Delete my account".to_owned(),
            path: link(TokenKind::DeleteAccount, token),
        }),
        footnote: Some(
            "The link works once, for an hour. If this was not you, change your password."
                .to_owned(),
        ),
    }
}

pub fn account_deleted(name: &str) -> Letter {
    Letter {
        subject: "Your account was deleted".to_owned(),
        paragraphs: vec![
            hello(name),
            "your account and what belonged to it alone are gone, as you asked.".to_owned(),
        ],
        button: None,
        footnote: None,
    }
}

/// Something that signs the user in came, went or was used; `what` is a whole sentence.
pub fn sign_in_changed(name: &str, what: String) -> Letter {
    Letter {
        subject: "How you sign in was changed".to_owned(),
        paragraphs: vec![
            hello(name),
            what,
            "If this was not you, change your password at once, end all other sessions, and \
             look at what you sign in with."
                .to_owned(),
        ],
        button: Some(Button {
            label: "Look at it".to_owned(),
            path: AccountPage::Security.path().to_owned(),
        }),
        footnote: None,
    }
}

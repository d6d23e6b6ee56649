//! What is mailed about invitations. Names in them were written by people whom the
//! recipient may not know.

use crate::{
    auth::LinkToken,
    domain::{InvitationDetails, text},
    mail::{Button, Letter},
    routes,
};

/// Why somebody gets this who never heard of us.
const NOT_ME: &str = "If you do not know what this is about, do nothing or decline it; then \
                      nothing happens.";

pub fn invitation(about: &InvitationDetails, token: &LinkToken) -> Letter {
    let org = text::isolated(&about.org_name);
    Letter {
        subject: format!("You are invited to {org}"),
        paragraphs: vec![
            format!("{} invites you to join {org}.", who(about)),
            for_whom(about),
        ],
        button: Some(button(token)),
        footnote: Some(format!("The invitation is open for seven days. {NOT_ME}")),
    }
}

pub fn reminder(about: &InvitationDetails, token: &LinkToken) -> Letter {
    let org = text::isolated(&about.org_name);
    Letter {
        subject: format!("Your invitation to {org} is still open"),
        paragraphs: vec![
            format!(
                "{} invited you to join {org}, and you have neither accepted nor declined it.",
                who(about)
            ),
            for_whom(about),
        ],
        button: Some(button(token)),
        footnote: Some(format!("We remind you once. {NOT_ME}")),
    }
}

fn who(about: &InvitationDetails) -> String {
    match &about.invited_by {
        Some(name) => text::isolated(name).into_owned(),
        None => "Somebody".to_owned(),
    }
}

fn for_whom(about: &InvitationDetails) -> String {
    format!(
        "Your role there will be: {}. The invitation is for {}: sign in with this address, or \
         create an account with it.",
        about.role.label(),
        about.email
    )
}

fn button(token: &LinkToken) -> Button {
    Button {
        label: "See the invitation".to_owned(),
        path: routes::invitation(token.text()),
    }
}

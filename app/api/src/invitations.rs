//! Inviting people, and what they answer.

use leptos::{
    prelude::*,
    server_fn::codec::{MultipartData, MultipartFormData},
};
use orghub::{
    domain::{Email, Invalid, InvitationId, Role, parse_invitee},
    routes::{self, OrgPage},
};
use orghub_ui::{
    context::{self, LinkToken},
    error::AppError,
    forms::{self, Done, FormPost, FormUrl},
};

use super::upload::Upload;
use crate::services::{InvitedMany, services};

/// Invites an address. Requires the permission to invite, and to manage owners for an owner.
#[server(prefix = "/api", endpoint = "invite", input = FormUrl)]
pub async fn invite(
    #[server(default)] org: String,
    #[server(default)] email: String,
    #[server(default)] role: String,
) -> Result<(), AppError> {
    FormPost::in_org(&forms::INVITE, &org, "")
        .answer(async {
            let access = context::org_access(&org).await?;
            let email: Email = parse_invitee(&email)?;
            let role: Role = role.parse()?;
            let invitations = services().invitations.clone();
            invitations.invite(&access, &email, role).await?;
            Ok(Done::back().saying(&format!("We have mailed an invitation to {email}.")))
        })
        .await
}

/// Invites everybody whose address was pasted, or nobody and shows what is wrong. Requires
/// the same permissions as inviting one.
#[server(prefix = "/api", endpoint = "invite_many", input = FormUrl)]
pub async fn invite_many(
    #[server(default)] org: String,
    #[server(default)] addresses: String,
    #[server(default)] role: String,
) -> Result<(), AppError> {
    FormPost::in_org(&forms::INVITE_MANY, &org, "")
        .answer(async {
            let access = context::org_access(&org).await?;
            let role: Role = role.parse()?;
            let invitations = services().invitations.clone();
            match invitations.invite_many(&access, &addresses, role).await? {
                InvitedMany::Sent(sent) => {
                    Ok(Done::at(OrgPage::Invitations.path(access.slug())).saying(&mailed(sent)))
                }
                InvitedMany::ToCheck(draft) => {
                    Ok(Done::at(routes::invitation_draft(access.slug(), draft)))
                }
            }
        })
        .await
}

/// Reads a CSV file and shows what would become of its rows. Requires the permission to
/// invite.
#[server(prefix = "/api", endpoint = "import_invitations", input = MultipartFormData)]
pub async fn import_invitations(data: MultipartData) -> Result<(), AppError> {
    let Upload { org, file } = Upload::read(data, "file", "Choose a CSV file first.").await;
    FormPost::in_org(&forms::IMPORT_INVITATIONS, &org, "")
        .answer(async {
            let access = context::org_access(&org).await?;
            let invitations = services().invitations.clone();
            let draft = invitations.import(&access, &file?).await?;
            Ok(Done::at(routes::invitation_draft(access.slug(), draft)))
        })
        .await
}

/// Sends the rows of a checked list that nothing is wrong with. Requires the permission to
/// invite, and the list to be the user's.
#[server(prefix = "/api", endpoint = "send_invitations", input = FormUrl)]
pub async fn send_invitations(
    #[server(default)] org: String,
    #[server(default)] draft: String,
    /// How many the button promised.
    #[server(default)]
    count: String,
    /// The list, as it was shown.
    #[server(default)]
    return_to: String,
) -> Result<(), AppError> {
    FormPost::in_org(&forms::SEND_INVITATIONS, &org, &return_to)
        .answer(async {
            let access = context::org_access(&org).await?;
            let gone = || {
                Invalid::form("This list was sent already, or is older than an hour. Send it anew.")
            };
            let (Ok(draft), Ok(count)) = (draft.parse(), count.parse::<u32>()) else {
                return Err(gone().into());
            };
            let invitations = services().invitations.clone();
            let outcome = invitations.send_draft(&access, draft, count as usize).await;
            match outcome.map_err(AppError::from) {
                Ok(sent) => {
                    Ok(Done::at(OrgPage::Invitations.path(access.slug())).saying(&mailed(sent)))
                }
                Err(AppError::NotFound) => Err(AppError::Conflict(gone())),
                Err(error) => Err(error),
            }
        })
        .await
}

fn mailed(sent: usize) -> String {
    match sent {
        1 => "We have mailed 1 invitation.".to_owned(),
        _ => format!("We have mailed {sent} invitations."),
    }
}

/// Mails an invitation again. Requires the same permissions as sending it.
#[server(prefix = "/api", endpoint = "resend_invitation", input = FormUrl)]
pub async fn resend_invitation(
    #[server(default)] org: String,
    #[server(default)] invitation_id: String,
    /// The list as it was shown.
    #[server(default)]
    return_to: String,
) -> Result<(), AppError> {
    FormPost::in_org(&forms::RESEND_INVITATION, &org, &return_to)
        .answer(async {
            let access = context::org_access(&org).await?;
            let invitation = parse_invitation(&invitation_id)?;
            let invitations = services().invitations.clone();
            invitations.resend(&access, invitation).await?;
            Ok(Done::back().saying("We have mailed the invitation again."))
        })
        .await
}

/// Makes another link of an invitation and shows it once. Requires the same permissions as
/// sending it.
#[server(prefix = "/api", endpoint = "copy_invitation_link", input = FormUrl)]
pub async fn copy_invitation_link(
    #[server(default)] org: String,
    #[server(default)] invitation_id: String,
    /// The list as it was shown.
    #[server(default)]
    return_to: String,
) -> Result<(), AppError> {
    FormPost::in_org(&forms::COPY_INVITATION_LINK, &org, &return_to)
        .answer(async {
            let access = context::org_access(&org).await?;
            let invitation = parse_invitation(&invitation_id)?;
            let services = services();
            let path = services.invitations.renew_link(&access, invitation).await?;
            let link = format!("{}{path}", services.config.app_url);
            Ok(Done::back_with_link(
                "Copy the link below. It is shown this once.",
                link,
            ))
        })
        .await
}

/// Takes an invitation back. Requires the same permissions as sending it.
#[server(prefix = "/api", endpoint = "cancel_invitation", input = FormUrl)]
pub async fn cancel_invitation(
    #[server(default)] org: String,
    #[server(default)] invitation_id: String,
    /// The list as it was shown.
    #[server(default)]
    return_to: String,
) -> Result<(), AppError> {
    FormPost::in_org(&forms::CANCEL_INVITATION, &org, &return_to)
        .answer(async {
            let access = context::org_access(&org).await?;
            let invitation = parse_invitation(&invitation_id)?;
            let invitations = services().invitations.clone();
            invitations.cancel(&access, invitation).await?;
            Ok(Done::back().saying("The invitation is cancelled."))
        })
        .await
}

fn parse_invitation(invitation_id: &str) -> Result<InvitationId, Invalid> {
    invitation_id.parse().map_err(|_not_a_uuid| {
        Invalid::form("This invitation cannot be found. Reload the page and try again.")
    })
}

/// Makes the user a member. Requires a user with the invited address, verified, and the link.
#[server(prefix = "/api", endpoint = "accept_invitation", input = FormUrl)]
pub async fn accept_invitation(#[server(default)] token: String) -> Result<(), AppError> {
    of_invitation(&forms::ACCEPT_INVITATION, &token)
        .answer(async {
            let user = context::signed_in()?;
            let invitations = services().invitations.clone();
            let slug = invitations.accept(&user, &LinkToken::of(&token)).await?;
            Ok(Done::at(OrgPage::Overview.path(&slug)).saying("Welcome! You are a member now."))
        })
        .await
}

/// Turns an invitation down. Open to whoever has the link.
#[server(prefix = "/api", endpoint = "decline_invitation", input = FormUrl)]
pub async fn decline_invitation(#[server(default)] token: String) -> Result<(), AppError> {
    of_invitation(&forms::DECLINE_INVITATION, &token)
        .answer(async {
            let user = context::signed_in().ok();
            let invitations = services().invitations.clone();
            invitations
                .decline(user.as_ref(), &LinkToken::of(&token))
                .await?;
            let next = match user {
                Some(_) => routes::ORGS,
                None => routes::SIGN_IN,
            };
            Ok(Done::at(next).saying("You have declined the invitation."))
        })
        .await
}

/// The form of an invitation's page.
fn of_invitation(form: &'static forms::Form, token: &str) -> FormPost {
    let page = routes::invitation(token);
    FormPost::of(form).back_to(routes::safe_next(&page).to_owned())
}

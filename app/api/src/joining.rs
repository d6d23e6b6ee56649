//! Ways to join an organization: deciding about them, and using them.

use leptos::prelude::*;
use orghub::{
    domain::{
        DomainPolicy, Email, Invalid, JoinLinkId, JoinLinkTerms, JoinRequestId, Joined, MailDomain,
        OrgId,
    },
    routes::{self, OrgPage},
};
use orghub_ui::{
    context::{self, LinkToken},
    error::AppError,
    forms::{self, Done, FormPost, FormUrl},
};

use crate::services::services;

/// Makes a link by which whoever has it can join, and shows it once. Requires the permission
/// to invite.
#[server(prefix = "/api", endpoint = "make_join_link", input = FormUrl)]
pub async fn make_join_link(
    #[server(default)] org: String,
    /// How long it works.
    #[server(default)]
    life: String,
    /// Empty: no limit.
    #[server(default)]
    most_uses: String,
    /// Of the addresses it is for; empty: any.
    #[server(default)]
    domains: String,
    /// Sent if the box is ticked.
    #[server(default)]
    asks_first: String,
) -> Result<(), AppError> {
    FormPost::in_org(&forms::MAKE_JOIN_LINK, &org, "")
        .answer(async {
            let access = context::org_access(&org).await?;
            let terms = JoinLinkTerms::parse(&life, &most_uses, &domains, &asks_first)?;
            let services = services();
            let path = services.joining.make_link(&access, &terms).await?;
            let link = format!("{}{path}", services.config.app_url);
            Ok(Done::back_with_link(
                "Copy the link below. It is shown this once.",
                link,
            ))
        })
        .await
}

/// Ends a link. Requires the permission to invite.
#[server(prefix = "/api", endpoint = "revoke_join_link", input = FormUrl)]
pub async fn revoke_join_link(
    #[server(default)] org: String,
    #[server(default)] link_id: String,
) -> Result<(), AppError> {
    FormPost::in_org(&forms::REVOKE_JOIN_LINK, &org, "")
        .answer(async {
            let access = context::org_access(&org).await?;
            let link: JoinLinkId = link_id.parse().map_err(|_not_a_uuid| no_longer_there())?;
            let joining = services().joining.clone();
            joining.revoke_link(&access, link).await.map_err(of_row)?;
            Ok(Done::back().saying("The link is revoked. Whoever joined by it stays a member."))
        })
        .await
}

/// Mails a code to an address at a domain that is to be verified. Requires the permission to
/// invite.
#[server(prefix = "/api", endpoint = "send_domain_code", input = FormUrl)]
pub async fn send_domain_code(
    #[server(default)] org: String,
    #[server(default)] email: String,
) -> Result<(), AppError> {
    FormPost::in_org(&forms::SEND_DOMAIN_CODE, &org, "")
        .answer(async {
            let access = context::org_access(&org).await?;
            let email = Email::parse(&email)?;
            let joining = services().joining.clone();
            joining.send_domain_code(&access, &email).await?;
            let notice = format!("We have mailed a code to {email}. Enter it below.");
            Ok(Done::back().saying(&notice))
        })
        .await
}

/// Takes the code. Requires the permission to invite.
#[server(prefix = "/api", endpoint = "verify_domain", input = FormUrl)]
pub async fn verify_domain(
    #[server(default)] org: String,
    #[server(default)] domain: String,
    #[server(default)] code: String,
) -> Result<(), AppError> {
    FormPost::in_org(&forms::VERIFY_DOMAIN, &org, "")
        .answer(async {
            let access = context::org_access(&org).await?;
            let domain = MailDomain::parse(&domain)?;
            let joining = services().joining.clone();
            joining.verify_domain(&access, &domain, &code).await?;
            let notice = format!("{domain} is verified. Choose what its people can do.");
            Ok(Done::back().saying(&notice))
        })
        .await
}

/// Decides what people of a domain can do. Requires the permission to invite.
#[server(prefix = "/api", endpoint = "change_domain_policy", input = FormUrl)]
pub async fn change_domain_policy(
    #[server(default)] org: String,
    #[server(default)] domain: String,
    #[server(default)] policy: String,
) -> Result<(), AppError> {
    FormPost::in_org(&forms::CHANGE_DOMAIN_POLICY, &org, "")
        .answer(async {
            let access = context::org_access(&org).await?;
            let domain = MailDomain::parse(&domain)?;
            let policy: DomainPolicy = policy
                .parse()
                .map_err(|_unknown| Invalid::new("policy", "Choose what they can do."))?;
            let joining = services().joining.clone();
            joining
                .change_domain_policy(&access, &domain, policy)
                .await
                .map_err(of_row)?;
            Ok(Done::back().saying("Your choice is saved. Members stay members."))
        })
        .await
}

/// Gives a domain up. Requires the permission to invite.
#[server(prefix = "/api", endpoint = "remove_domain", input = FormUrl)]
pub async fn remove_domain(
    #[server(default)] org: String,
    #[server(default)] domain: String,
) -> Result<(), AppError> {
    FormPost::in_org(&forms::REMOVE_DOMAIN, &org, "")
        .answer(async {
            let access = context::org_access(&org).await?;
            let domain = MailDomain::parse(&domain)?;
            let joining = services().joining.clone();
            joining
                .remove_domain(&access, &domain)
                .await
                .map_err(of_row)?;
            Ok(Done::back().saying("The domain is removed. Members stay members."))
        })
        .await
}

/// Makes somebody a member who asked. Requires the permission to invite.
#[server(prefix = "/api", endpoint = "accept_join_request", input = FormUrl)]
pub async fn accept_join_request(
    #[server(default)] org: String,
    #[server(default)] request_id: String,
    /// The list as it was shown.
    #[server(default)]
    return_to: String,
) -> Result<(), AppError> {
    FormPost::in_org(&forms::ACCEPT_JOIN_REQUEST, &org, &return_to)
        .answer(async {
            let access = context::org_access(&org).await?;
            let request = parse_request(&request_id)?;
            let joining = services().joining.clone();
            joining
                .accept_request(&access, request)
                .await
                .map_err(of_row)?;
            Ok(Done::back().saying("They are a member now, and we have told them."))
        })
        .await
}

/// Turns somebody down who asked. Requires the permission to invite.
#[server(prefix = "/api", endpoint = "decline_join_request", input = FormUrl)]
pub async fn decline_join_request(
    #[server(default)] org: String,
    #[server(default)] request_id: String,
    /// The list as it was shown.
    #[server(default)]
    return_to: String,
) -> Result<(), AppError> {
    FormPost::in_org(&forms::DECLINE_JOIN_REQUEST, &org, &return_to)
        .answer(async {
            let access = context::org_access(&org).await?;
            let request = parse_request(&request_id)?;
            let joining = services().joining.clone();
            joining
                .decline_request(&access, request)
                .await
                .map_err(of_row)?;
            Ok(Done::back().saying("The request is declined, and we have told them."))
        })
        .await
}

fn parse_request(request_id: &str) -> Result<JoinRequestId, Invalid> {
    request_id.parse().map_err(|_not_a_uuid| no_longer_there())
}

fn no_longer_there() -> Invalid {
    Invalid::form("That is not there any more. Reload the page and try again.")
}

/// What a row was about can be gone: that is no page that is missing.
fn of_row(error: impl Into<AppError>) -> AppError {
    match error.into() {
        AppError::NotFound => AppError::Conflict(no_longer_there()),
        other => other,
    }
}

/// Follows a link. Requires a user with a verified address, and the link.
#[server(prefix = "/api", endpoint = "follow_join_link", input = FormUrl)]
pub async fn follow_join_link(#[server(default)] token: String) -> Result<(), AppError> {
    let page = routes::join(&token);
    FormPost::of(&forms::FOLLOW_JOIN_LINK)
        .back_to(routes::safe_next(&page).to_owned())
        .answer(async {
            let user = context::signed_in()?;
            let joining = services().joining.clone();
            let token = LinkToken::of(&token);
            Ok(joined(joining.follow_link(&user, &token).await?))
        })
        .await
}

/// Joins an organization that has verified the domain of the user's address. Requires a user
/// with a verified address.
#[server(prefix = "/api", endpoint = "join_by_domain", input = FormUrl)]
pub async fn join_by_domain(
    /// Its id.
    #[server(default)]
    organization: String,
) -> Result<(), AppError> {
    FormPost::of(&forms::JOIN_BY_DOMAIN)
        .answer(async {
            let user = context::signed_in()?;
            // What is none that they can join is not found either, whatever it is.
            let no_way = || {
                AppError::Conflict(Invalid::form(
                    "You cannot join this organization by your address any more.",
                ))
            };
            let org: OrgId = organization.parse().map_err(|_not_a_uuid| no_way())?;
            let joining = services().joining.clone();
            match joining
                .join_by_domain(&user, org)
                .await
                .map_err(AppError::from)
            {
                Ok(outcome) => Ok(joined(outcome)),
                Err(AppError::NotFound) => Err(no_way()),
                Err(error) => Err(error),
            }
        })
        .await
}

fn joined(outcome: Joined) -> Done {
    match outcome {
        Joined::Member(slug) => {
            Done::at(OrgPage::Overview.path(&slug)).saying("Welcome! You are a member now.")
        }
        Joined::Asked => {
            Done::back().saying("You have asked to join. We mail you when somebody answers.")
        }
    }
}

//! The pages that mailed links lead to.
//!
//! Opening one changes nothing: mail programs and scanners open links, too. A button does
//! what the link is for. A link that was used, has expired, or never was gets one and the
//! same page.

use leptos::prelude::*;
use leptos_meta::Title;
use orghub::{
    domain::{TokenKind, text},
    routes,
};
use orghub_ui::{
    components::PublicFrame,
    context::{self, LinkToken, MailedLink},
    error::AppError,
    forms::{self, Field, Flash, Form, FormMessage, FormState},
    response,
};

use super::render;
use crate::services::services;

/// What a mailed link's page says.
struct Page {
    kind: TokenKind,
    title: &'static str,
    form: &'static Form,
    button: &'static str,
    is_dangerous: bool,
}

/// `/verify-email`.
#[component]
pub fn VerifyEmailPage() -> impl IntoView {
    let page = Page {
        kind: TokenKind::VerifyEmail,
        title: "Confirm your e-mail address",
        form: &forms::VERIFY_EMAIL,
        button: "Confirm this address",
        is_dangerous: false,
    };
    render_link(page, |link, form| {
        let lead = view! {
            <p class="lead">"This confirms that " <bdi>{link.email}</bdi> " is your address."</p>
        };
        let password = (!link.is_own_browser).then(|| {
            view! {
                <Field
                    form
                    id="password"
                    name="password"
                    label="Password"
                    kind="password"
                    autocomplete="current-password"
                    max_length=1024
                    hint="The one you chose when you signed up."
                />
                <p class="form__aside">
                    "You do not know it? "
                    <a href=routes::FORGOT_PASSWORD>"Set a new password"</a>
                    ", which confirms the address, too."
                </p>
            }
        });
        (lead.into_any(), password.into_any())
    })
}

/// `/reset-password`.
#[component]
pub fn ResetPasswordPage() -> impl IntoView {
    let page = Page {
        kind: TokenKind::ResetPassword,
        title: "Set a new password",
        form: &forms::RESET_PASSWORD,
        button: "Set password",
        is_dangerous: false,
    };
    render_link(page, |link, form| {
        let lead = view! {
            <p class="lead">
                "For the account of " <bdi>{link.email}</bdi>
                ". Wherever it is signed in now, it will be signed out."
            </p>
        };
        let password = view! {
            <Field
                form
                id="password"
                name="password"
                label="New password"
                kind="password"
                autocomplete="new-password"
                hint="At least 8 characters. A few words in a row are easy to remember and hard \
                      to guess."
            />
        };
        (lead.into_any(), password.into_any())
    })
}

/// `/change-email`.
#[component]
pub fn ChangeEmailPage() -> impl IntoView {
    let page = Page {
        kind: TokenKind::ChangeEmail,
        title: "Confirm your new e-mail address",
        form: &forms::CHANGE_EMAIL,
        button: "Use this address",
        is_dangerous: false,
    };
    render_link(page, |link, _form| {
        let lead = view! {
            <p class="lead">
                "From now on " <bdi>{link.user_name}</bdi> " signs in with "
                <bdi>{link.email}</bdi> "."
            </p>
        };
        (lead.into_any(), ().into_any())
    })
}

/// `/undo-email-change`.
#[component]
pub fn UndoEmailChangePage() -> impl IntoView {
    let page = Page {
        kind: TokenKind::UndoEmailChange,
        title: "Take your e-mail address back",
        form: &forms::UNDO_EMAIL_CHANGE,
        button: "Take it back",
        is_dangerous: false,
    };
    render_link(page, |link, _form| {
        let lead = view! {
            <p class="lead">
                "Your account gets the address " <bdi>{link.email}</bdi>
                " again. Everybody who uses it is signed out, and we mail you a link to set a \
                 new password."
            </p>
        };
        (lead.into_any(), ().into_any())
    })
}

/// `/delete-account`.
#[component]
pub fn DeleteAccountPage() -> impl IntoView {
    let page = Page {
        kind: TokenKind::DeleteAccount,
        title: "Delete your account",
        form: &forms::DELETE_ACCOUNT,
        button: "Delete my account",
        is_dangerous: true,
    };
    render_link(page, |link, _form| {
        let lead = view! {
            <p class="lead">
                "The account of " <bdi>{link.email}</bdi>
                " and the organizations that have no other member are deleted at once. This \
                 cannot be undone."
            </p>
        };
        (lead.into_any(), ().into_any())
    })
}

/// What a page knows of its link.
struct Link {
    email: String,
    user_name: String,
    /// The browser has shown already whose account it is.
    is_own_browser: bool,
}

async fn load(kind: TokenKind, token: String) -> Result<Link, AppError> {
    let auth = services().auth.clone();
    let token = LinkToken::of(&token);
    let MailedLink { email, user_name } = auth.find_link(kind, &token).await?;
    let is_own_browser = match kind {
        TokenKind::VerifyEmail => {
            let (session, user) = (context::session()?, context::signed_in().ok());
            auth.verifies_without_password(&session, user.as_ref(), &token)
                .await?
        }
        _ => false,
    };
    Ok(Link {
        email: email.to_string(),
        user_name: text::isolated(&user_name).into_owned(),
        is_own_browser,
    })
}

/// The page of the link in the address: `content` says what is above the form and what is
/// in it.
fn render_link(
    page: Page,
    content: impl FnOnce(Link, &FormState) -> (AnyView, AnyView) + Send + 'static,
) -> AnyView {
    let token = routes::token_in(&response::request_query());
    let asked = token.clone();
    render(async move { load(page.kind, asked).await }, move |link| {
        let flash = Flash::take();
        let form = flash.state_of(page.form);
        let (lead, fields) = content(link, &form);
        let class = if page.is_dangerous {
            "button button--danger"
        } else {
            "button button--primary"
        };
        view! {
            <Title text=page.title/>
            <PublicFrame flash>
                <div class="narrow">
                    <h1 class="page-title">{page.title}</h1>
                    {lead}
                    <FormMessage form=&form/>
                    <form class="form" method="post" action=form.action()>
                        <input type="hidden" name="token" value=token/>
                        {fields}
                        <div class="form__buttons">
                            <button class=class>{page.button}</button>
                        </div>
                    </form>
                </div>
            </PublicFrame>
        }
        .into_any()
    })
}

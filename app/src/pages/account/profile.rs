//! `/account`: who one is, and leaving for good.

use leptos::prelude::*;
use orghub::routes::{self, AccountPage};
use orghub_ui::{
    components::{Avatar, Card},
    forms::{self, Field, FormMessage},
};

use super::{AccountRequest, render_account};

/// Name, picture and address; what is kept, and deleting it.
#[component]
pub fn ProfilePage() -> impl IntoView {
    render_account(
        AccountPage::Profile,
        |_user| async { Ok(()) },
        |request, ()| {
            view! {
                <div class="page-head"><h1 class="page-title">"Profile"</h1></div>
                {name(request)}
                {picture(request)}
                {email(request)}
                {data()}
                {deletion(request)}
            }
            .into_any()
        },
    )
}

fn name(request: &AccountRequest) -> AnyView {
    let form = request.flash.state_of(&forms::CHANGE_NAME);
    let name = request.user.name.clone();
    view! {
        <Card id="name-title" title="Name">
            <FormMessage form=&form/>
            <form class="form" method="post" action=form.action()>
                <input type="hidden" name="was" value=name.clone()/>
                <Field
                    form=&form
                    id="name"
                    name="name"
                    label="Your name"
                    value=&name
                    autocomplete="name"
                    max_length=100
                    hint="Everybody in your organizations sees it."
                />
                <div class="form__buttons">
                    <button class="button button--primary">"Save name"</button>
                </div>
            </form>
        </Card>
    }
    .into_any()
}

fn picture(request: &AccountRequest) -> AnyView {
    let form = request.flash.state_of(&forms::CHANGE_PICTURE);
    let remove = request.flash.state_of(&forms::REMOVE_PICTURE);
    let user = &request.user;
    let address = user.picture.as_ref().map(routes::picture);
    let has_picture = address.is_some();
    let avatar = view! { <Avatar name=&user.name picture=address large=true/> }.into_any();
    let error = form.message_at("picture").map(str::to_owned);
    view! {
        <Card id="picture-title" title="Picture">
            <FormMessage form=&form/>
            <FormMessage form=&remove/>
            <div class="picture-form">
                {avatar}
                <form class="form" method="post" action=form.action() enctype="multipart/form-data">
                    <div class="field">
                        <label class="field__label" for="picture">"Choose a picture"</label>
                        <input
                            class="input"
                            id="picture"
                            name="picture"
                            type="file"
                            accept="image/png,image/jpeg,image/webp"
                            required
                            aria-describedby="picture-hint"
                            aria-invalid=error.is_some().then_some("true")
                        />
                        <p class="field__hint" id="picture-hint">
                            "PNG, JPEG or WebP, at most 2 MB. We cut it to a square."
                        </p>
                        {error.map(|text| view! { <p class="field__error" role="alert">{text}</p> })}
                    </div>
                    <div class="form__buttons">
                        <button class="button button--primary">"Save picture"</button>
                    </div>
                </form>
            </div>
            {has_picture.then(|| view! {
                <form method="post" action=remove.action()>
                    <button class="button button--quiet">"Remove picture"</button>
                </form>
            })}
        </Card>
    }
    .into_any()
}

fn email(request: &AccountRequest) -> AnyView {
    let form = request.flash.state_of(&forms::REQUEST_EMAIL_CHANGE);
    let email = request.user.email.to_string();
    view! {
        <Card id="email-title" title="E-mail">
            <p>"You sign in with " <bdi><strong>{email}</strong></bdi> "."</p>
            <FormMessage form=&form/>
            <form class="form" method="post" action=form.action()>
                <Field
                    form=&form
                    id="email"
                    name="email"
                    label="New e-mail address"
                    kind="email"
                    autocomplete="email"
                    hint="We mail a link there. Nothing changes until you open it."
                />
                <div class="form__buttons">
                    <button class="button">"Change address"</button>
                </div>
            </form>
        </Card>
    }
    .into_any()
}

fn data() -> AnyView {
    view! {
        <Card id="data-title" title="Your data">
            <div class="card__split">
                <p>"All that we keep about you, as a JSON file."</p>
                <a class="button" href=routes::ACCOUNT_EXPORT download>"Download"</a>
            </div>
        </Card>
    }
    .into_any()
}

fn deletion(request: &AccountRequest) -> AnyView {
    let form = request.flash.state_of(&forms::REQUEST_DELETION);
    view! {
        <Card id="delete-title" title="Delete account" is_dangerous=true>
            <FormMessage form=&form/>
            <div class="card__split">
                <p>
                    "Your memberships end, and organizations that have no other member are \
                     deleted. We mail you a link first."
                </p>
                <form method="post" action=form.action()>
                    <button class="button button--danger-quiet">"Delete account"</button>
                </form>
            </div>
        </Card>
    }
    .into_any()
}

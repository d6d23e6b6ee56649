//! Inviting one person, several, or those in a file.

use leptos::prelude::*;
use orghub_domain::{Membership, Role};

use crate::forms::{self, Field, Flash, FormMessage, FormState, TextArea};

/// The three forms. With `pasted` only the one for several, filled with it: it is to be
/// corrected.
#[component]
pub fn InviteForms<'a>(
    flash: &'a Flash,
    reader: &'a Membership,
    #[prop(optional)] pasted: &'a str,
    /// Chosen with what was pasted.
    #[prop(optional)]
    role: &'a str,
) -> impl IntoView + use<> {
    let many = flash.state_of(&forms::INVITE_MANY);
    if !pasted.is_empty() {
        return view! {
            <section class="card" aria-labelledby="correct-title">
                <div class="card__head">
                    <h2 class="card__title" id="correct-title">"Correct the list"</h2>
                </div>
                <div class="card__body">{many_form(&many, reader, pasted, role)}</div>
            </section>
        }
        .into_any();
    }
    let one = flash.state_of(&forms::INVITE);
    let file = flash.state_of(&forms::IMPORT_INVITATIONS);
    let has_problem = |form: &FormState, field: &str| {
        form.message().is_some() || form.message_at(field).is_some()
    };
    let many_is_open = has_problem(&many, "addresses") || many.message_at("role").is_some();
    let file_is_open = has_problem(&file, "file");
    view! {
        <section class="card" aria-labelledby="invite-title">
            <div class="card__head">
                <h2 class="card__title" id="invite-title">"Invite people"</h2>
            </div>
            <div class="card__body">
                {one_form(&one, reader)}
                <details class="invite-more" open=many_is_open>
                    <summary>"Invite several at once"</summary>
                    {many_form(&many, reader, "", "")}
                </details>
                <details class="invite-more" open=file_is_open>
                    <summary>"Import a CSV file"</summary>
                    {file_form(&file, reader)}
                </details>
            </div>
        </section>
    }
    .into_any()
}

fn one_form(form: &FormState, reader: &Membership) -> AnyView {
    view! {
        <FormMessage form/>
        <form class="form" method="post" action=form.action()>
            <input type="hidden" name="org" value=reader.org_slug.to_string()/>
            <Field
                form
                id="invite-email"
                name="email"
                label="E-mail"
                kind="email"
                hint="We mail a link that works for seven days."
            />
            {role_field(form, reader, "invite-role", "")}
            <div class="form__buttons">
                <button class="button button--primary">"Invite"</button>
            </div>
        </form>
    }
    .into_any()
}

fn many_form(form: &FormState, reader: &Membership, pasted: &str, role: &str) -> AnyView {
    view! {
        <FormMessage form/>
        <form class="form" method="post" action=form.action()>
            <input type="hidden" name="org" value=reader.org_slug.to_string()/>
            <TextArea
                form
                id="addresses"
                name="addresses"
                label="Addresses"
                value=pasted
                rows=6
                max_length=20_000
                spellcheck="false"
                hint="Up to 100, as you paste them: one a line, or with commas or semicolons in \
                      between. Names beside them do no harm."
            />
            {role_field(form, reader, "invite-many-role", role)}
            <div class="form__buttons">
                <button class="button button--primary">"Invite all"</button>
            </div>
        </form>
    }
    .into_any()
}

fn file_form(form: &FormState, reader: &Membership) -> AnyView {
    let error = form.message_at("file").map(str::to_owned);
    let described_by = match error {
        Some(_) => "invite-file-hint invite-file-error",
        None => "invite-file-hint",
    };
    view! {
        <FormMessage form/>
        <form class="form" method="post" action=form.action() enctype="multipart/form-data">
            <input type="hidden" name="org" value=reader.org_slug.to_string()/>
            <div class="field">
                <label class="field__label" for="invite-file">"CSV file"</label>
                <input
                    class="input"
                    id="invite-file"
                    name="file"
                    type="file"
                    accept=".csv,.tsv,.txt,text/csv"
                    required
                    aria-invalid=error.is_some().then_some("true")
                    aria-describedby=described_by
                />
                <p class="field__hint" id="invite-file-hint">
                    "Columns “email” and “role”, up to 500 rows. You see what becomes of each row \
                     before anything is sent."
                </p>
                {error
                    .map(|text| {
                        view! {
                            <p class="field__error" id="invite-file-error" role="alert">{text}</p>
                        }
                    })}
            </div>
            <div class="form__buttons">
                <button class="button">"Check the file"</button>
            </div>
        </form>
    }
    .into_any()
}

/// The choice of a role that the reader may offer.
fn role_field(form: &FormState, reader: &Membership, id: &'static str, chosen: &str) -> AnyView {
    let chosen = form
        .typed("role")
        .or(Some(chosen))
        .and_then(|role| role.parse().ok())
        .unwrap_or(Role::Member);
    let options = Role::ALL
        .into_iter()
        .rev()
        .filter(|role| reader.role.may_change(Role::Member, Some(*role)))
        .map(|role| {
            view! {
                <option value=role.as_str() selected=role == chosen>{role.label()}</option>
            }
        })
        .collect_view();
    let error = form.message_at("role").map(str::to_owned);
    view! {
        <div class="field">
            <label class="field__label" for=id>"Role"</label>
            <select class="select" id=id name="role" autocomplete="off">{options}</select>
            {error.map(|text| view! { <p class="field__error" role="alert">{text}</p> })}
        </div>
    }
    .into_any()
}

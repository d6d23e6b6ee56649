//! Asks the device for a passkey when a form needs one.

use leptos::{
    prelude::*,
    wasm_bindgen::{JsCast as _, JsValue},
};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    HtmlFormElement, HtmlInputElement,
    js_sys::{Function, JSON, Object, Promise, Reflect},
};

use crate::{
    ask,
    dom::{IN_BROWSER, all, find, listen, spawn},
};

/// Marks the forms that are sent with a device's answer. Its value is where to ask what the
/// device is to be asked for.
const MARK: &str = "data-passkey";

/// Shows the forms that need a passkey, if the browser knows any, and says how it went.
///
/// When such a form is sent, the device is asked first, and its answer goes along. If the
/// server has no question, the form is sent without an answer: what it says then is why.
#[island]
pub fn PasskeyPrompt() -> impl IntoView {
    if IN_BROWSER && passkeys().is_ok() {
        for form in all("form[data-passkey]") {
            let _shown = form.remove_attribute("hidden");
        }
        listen(&window(), "submit", |event| {
            let form = event.target().and_then(|target| target.dyn_into().ok());
            let Some(form) = form.filter(|form: &HtmlFormElement| form.has_attribute(MARK)) else {
                return;
            };
            event.prevent_default();
            say("Waiting for your device…");
            spawn(send_with_answer(form));
        });
    }
    view! { <p class="field__status" id="passkey-status" role="status"></p> }
}

async fn send_with_answer(form: HtmlFormElement) {
    let answer = match ask_server(&form).await {
        Ok(question) => ask_device(&form, &question).await,
        Err(_refused) => Ok(String::new()),
    };
    match answer {
        Ok(answer) => {
            if let Some(field) = field(&form) {
                field.set_value(&answer);
            }
            // Does not ask the listener again.
            let _left_the_document = form.submit();
        }
        // Given up, or no passkey that fits: browsers do not tell which.
        Err(_none) => say("No passkey was used. Try again, or go another way."),
    }
}

fn say(text: &str) {
    if let Some(status) = find("#passkey-status") {
        status.set_text_content(Some(text));
    }
}

fn field(form: &HtmlFormElement) -> Option<HtmlInputElement> {
    let field = form.query_selector("[name=credential]").ok()??;
    field.dyn_into().ok()
}

/// What the browser knows of passkeys; an error if that is too little.
fn passkeys() -> Result<JsValue, JsValue> {
    let passkeys = Reflect::get(&window(), &"PublicKeyCredential".into())?;
    method(&passkeys, "parseCreationOptionsFromJSON")?;
    Ok(passkeys)
}

/// What the server wants the device to be asked for, in JSON.
async fn ask_server(form: &HtmlFormElement) -> Result<String, JsValue> {
    let address = form.get_attribute(MARK).unwrap_or_default();
    let question = ask::json("POST", &address).await?;
    question.as_string().ok_or(question)
}

/// The device's answer, in JSON.
async fn ask_device(form: &HtmlFormElement, question: &str) -> Result<String, JsValue> {
    let makes = form.get_attribute("data-passkey-verb").as_deref() == Some("create");
    let (parse, verb) = if makes {
        ("parseCreationOptionsFromJSON", "create")
    } else {
        ("parseRequestOptionsFromJSON", "get")
    };
    let passkeys = passkeys()?;
    let question = method(&passkeys, parse)?.call1(&passkeys, &JSON::parse(question)?)?;
    let request = Object::new();
    Reflect::set(&request, &"publicKey".into(), &question)?;
    let devices = Reflect::get(&window().navigator(), &"credentials".into())?;
    let asked: Promise = method(&devices, verb)?
        .call1(&devices, &request)?
        .dyn_into()?;
    let answer = JsFuture::from(asked).await?;
    // Which asks the answer for its form in JSON.
    Ok(JSON::stringify(&answer)?.into())
}

fn method(of: &JsValue, name: &str) -> Result<Function, JsValue> {
    Reflect::get(of, &name.into())?.dyn_into()
}

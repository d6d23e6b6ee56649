//! Questions to the server, while a user types or opens a menu.
//!
//! By the browser's own means and not by the client of the server functions: what islands need
//! of an answer is a few texts, and reading them here saves a quarter of the script.

use leptos::{
    prelude::window,
    wasm_bindgen::{JsCast as _, JsValue},
};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    RequestInit, Response,
    js_sys::{self, Array, JsString, Object, Reflect},
};

use crate::choices::Choice;

/// The links in an answer; none if the server does not answer, or refuses.
pub(crate) async fn links(path: &str, parameters: &[(&str, &str)]) -> Vec<Choice> {
    let answer = json("GET", &address(path, parameters)).await;
    let Some(links) = answer
        .ok()
        .and_then(|answer| answer.dyn_into::<Array>().ok())
    else {
        return Vec::new();
    };
    let link = |link: JsValue| Choice {
        label: text(&link, "name"),
        detail: text(&link, "email"),
        href: Some(text(&link, "href")),
    };
    links.iter().map(link).collect()
}

/// The answer, if the server has one: what it refuses is an error.
pub(crate) async fn json(method: &str, address: &str) -> Result<JsValue, JsValue> {
    let how = RequestInit::new();
    how.set_method(method);
    let headers = Object::new();
    Reflect::set(&headers, &"accept".into(), &"application/json".into())?;
    how.set_headers(&headers);
    let answer = JsFuture::from(window().fetch_with_str_and_init(address, &how)).await?;
    let answer: Response = answer.dyn_into()?;
    if !answer.ok() {
        return Err(JsValue::NULL);
    }
    JsFuture::from(answer.json()?).await
}

pub(crate) fn address(path: &str, parameters: &[(&str, &str)]) -> String {
    let mut address = path.to_owned();
    for (index, (name, value)) in parameters.iter().enumerate() {
        address.push(if index == 0 { '?' } else { '&' });
        address.push_str(name);
        address.push('=');
        address.push_str(&String::from(js_sys::encode_uri_component(value)));
    }
    address
}

/// In lower case, by the browser, which has the tables.
pub(crate) fn lower(text: &str) -> String {
    JsString::from(text).to_lower_case().into()
}

fn text(of: &JsValue, name: &str) -> String {
    let found = Reflect::get(of, &name.into());
    found
        .ok()
        .and_then(|found| found.as_string())
        .unwrap_or_default()
}

//! Sends pages again as they were sent before ([`crate::rendered`]).
//!
//! The innermost layer: session, user and membership are known, and nothing further in is
//! asked for a page that is kept.

use axum::{
    body::{self, Body},
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use http::{HeaderValue, Method, StatusCode, Uri, header};
use orghub::{
    access::OrgAccess,
    auth::RequestUser,
    config::Config,
    routes::{self, OrgPage, OrgPath},
};
use orghub_ui::{context, forms};

use crate::{
    error_page,
    rendered::{Page, PageKey, Viewer},
    state::AppState,
};

/// Pages of organizations that are kept: what most people look at most of the time, and what
/// no form of which has a number of its own.
const ORG_PAGES: &[OrgPage] = &[OrgPage::Overview, OrgPage::Members, OrgPage::Subscription];

/// Others that are.
const PAGES: &[&str] = &[routes::HOME, routes::ORGS, routes::SIGN_IN];

/// Marks a response that was made for an earlier request.
#[derive(Clone, Copy, Debug)]
pub struct SentAgain;

/// Answers with the page that is kept, or keeps what is answered if that may be kept.
pub async fn send_again(
    State(state): State<AppState>,
    mut request: Request,
    next: Next,
) -> Response {
    let Some(pages) = &state.rendered else {
        return next.run(request).await;
    };
    let services = &state.services;
    let Some((key, viewer)) = asked(&request, &services.config) else {
        return next.run(request).await;
    };
    if let Some(page) = pages.find(&key, &viewer, &services.cache, services.clock.now()) {
        let mut response = Response::new(Body::from(page.body.clone()));
        *response.headers_mut() = page.headers.clone();
        response.extensions_mut().insert(SentAgain);
        return response;
    }

    // However a browser says it, what is made is one of two.
    let encoding = if key.is_compressed {
        "gzip"
    } else {
        "identity"
    };
    request
        .headers_mut()
        .insert(header::ACCEPT_ENCODING, HeaderValue::from_static(encoding));
    if !pages.is_wanted(&key) {
        return next.run(request).await;
    }
    let (response, made_of) = services.cache.record(next.run(request)).await;
    let Some(made_of) = made_of.filter(|_| is_plain_page(&response)) else {
        return response;
    };
    let (head, body) = response.into_parts();
    let body = match body::to_bytes(body, usize::MAX).await {
        Ok(body) => body,
        Err(error) => return error_page::from_error(orghub::error::Error::internal(error)),
    };
    let page = Page {
        headers: head.headers.clone(),
        body: body.clone(),
        viewer,
        made_of,
    };
    pages.keep(key, page);
    Response::from_parts(head, Body::from(body))
}

/// What the request asks for and for whom, if it is for a page of those that are kept, and if
/// no form has left anything for a page.
fn asked(request: &Request, config: &Config) -> Option<(PageKey, Viewer)> {
    if *request.method() != Method::GET {
        return None;
    }
    let membership = match is_of_org(request.uri())? {
        true => Some(
            request
                .extensions()
                .get::<OrgAccess>()?
                .membership()
                .clone(),
        ),
        false => None,
    };
    let cookies = match request.headers().get(header::COOKIE) {
        Some(cookies) => cookies.to_str().ok()?,
        None => "",
    };
    if forms::brings_flash(cookies, config) {
        return None;
    }
    let RequestUser(signed_in) = request.extensions().get::<RequestUser>()?;
    let user = signed_in.as_ref().map(|signed_in| signed_in.user().clone());
    let key = PageKey {
        viewer: user.as_ref().map(|user| user.id),
        address: request.uri().path_and_query()?.as_str().into(),
        theme: context::theme_of(request.headers(), config),
        is_compressed: takes_gzip(request),
    };
    Some((key, Viewer { user, membership }))
}

/// Whether the page is one of an organization; `None`: it is none that is kept.
fn is_of_org(uri: &Uri) -> Option<bool> {
    if PAGES.contains(&uri.path()) {
        return Some(false);
    }
    let page = OrgPath::parse(uri.path())?.page?;
    ORG_PAGES.contains(&page).then_some(true)
}

/// Whether the client takes what the layer further in compresses.
fn takes_gzip(request: &Request) -> bool {
    let accepted = request.headers().get_all(header::ACCEPT_ENCODING).iter();
    let codings = accepted
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|coding| {
            let (name, weight) = coding.split_once(';').unwrap_or((coding, "q=1"));
            let weight = weight.trim().strip_prefix("q=")?.parse::<f32>().ok()?;
            Some((name.trim(), weight > 0.0))
        });
    let (mut gzip, mut others) = (None, None);
    for (name, is_taken) in codings {
        match name {
            "gzip" => gzip = Some(is_taken),
            "*" => others = Some(is_taken),
            _ => {}
        }
    }
    // What is named by itself is not among all others.
    gzip.or(others).unwrap_or(false)
}

/// Whether it is a page and nothing but a page: no error, no redirect, no cookie.
fn is_plain_page(response: &Response) -> bool {
    let kind = response.headers().get(header::CONTENT_TYPE);
    response.status() == StatusCode::OK
        && kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"))
        && !response.headers().contains_key(header::SET_COOKIE)
        && !response.headers().contains_key(header::REFRESH)
}

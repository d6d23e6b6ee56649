//! The site under test and its visitors.

use std::collections::BTreeMap;

use axum::{
    Router,
    body::{Body, HttpBody as _, to_bytes},
};
use http::{HeaderMap, Method, Request, StatusCode, header};
use orghub::{
    auth::SignedIn,
    config::{AppEnv, AppUrl, Config},
    domain::OrgId,
    routes::{self, api},
    services::Services,
};
use orghub_api as _;
use orghub_app::app::APPLICATION;
use orghub_edge::{config::ServerConfig, router::router, startup, state::AppState};
use orghub_test_support::{PASSWORD, TestApp};
use tower::ServiceExt as _;

/// A server over a database of its own.
pub struct Site {
    /// The core below it, for what a test arranges behind the visitors' backs.
    pub app: TestApp,
    router: Router,
}

impl Site {
    pub async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    pub async fn start_with(configure: impl FnOnce(&mut Config)) -> Self {
        startup::choose_crypto_provider();
        let app = TestApp::start_with(configure).await;
        let router = router_of(&app.services, &[]);
        Self { app, router }
    }

    /// A browser that was never here before.
    pub fn visitor(&self) -> Visitor {
        Visitor {
            router: self.router.clone(),
            cookies: BTreeMap::new(),
        }
    }

    /// A browser of its own for `user`, signed in through the form.
    pub async fn sign_in(&self, user: &SignedIn) -> Visitor {
        let mut visitor = self.visitor();
        let fields = [("email", user.email.as_str()), ("password", PASSWORD)];
        let answer = visitor.submit(api::SIGN_IN, &fields).await;
        assert_eq!(answer.location(), routes::ORGS, "{} signs in", user.name);
        visitor
    }

    /// An organization at `slug` owned by `owner`.
    pub async fn org(&self, slug: &str, owner: &SignedIn) -> OrgId {
        let slug = self.app.org(slug, owner).await;
        self.app.access(owner, &slug).await.org_id()
    }

    /// A second server over the same database, with an empty cache.
    pub async fn another_node(&self) -> Node {
        self.another_node_with(|_| {}).await
    }

    /// The same, configured as this one but for what `configure` changes.
    pub async fn another_node_with(&self, configure: impl FnOnce(&mut Config)) -> Node {
        let services = self.app.another_node_with(configure).await;
        let router = router_of(&services, &[]);
        Node { services, router }
    }
}

/// A site's address.
pub fn app_url(text: &str) -> AppUrl {
    AppUrl::parse(text, AppEnv::Development).expect("an address")
}

/// One more server of a site.
pub struct Node {
    pub services: Services,
    router: Router,
}

impl Node {
    /// The same server, told `variables` as well.
    pub fn with(self, variables: &[(&str, &str)]) -> Self {
        Self {
            router: router_of(&self.services, variables),
            ..self
        }
    }

    /// The visitor, cookies and all, sent to this server by a load balancer.
    pub fn receive(&self, visitor: &Visitor) -> Visitor {
        Visitor {
            router: self.router.clone(),
            cookies: visitor.cookies.clone(),
        }
    }
}

/// The whole server over `services`, configured by `variables` beyond the core's.
pub fn router_of(services: &Services, variables: &[(&str, &str)]) -> Router {
    let config = ServerConfig::read((*services.config).clone(), |name| {
        variables
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| (*value).to_owned())
    })
    .expect("the edge's configuration is complete");
    router(AppState::new(&config, services.clone(), APPLICATION))
}

/// A browser without JavaScript: it keeps cookies and follows nothing by itself.
#[derive(Clone)]
pub struct Visitor {
    router: Router,
    cookies: BTreeMap<String, String>,
}

impl Visitor {
    /// A visitor of another router than a [`Site`]'s.
    pub fn of(router: Router) -> Self {
        Self {
            router,
            cookies: BTreeMap::new(),
        }
    }

    pub async fn open(&mut self, path: &str) -> Answer {
        self.send(Method::GET, path, &[("accept", "text/html")], Body::empty())
            .await
    }

    /// Submits a form of our own pages.
    pub async fn submit(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let headers = [
            ("accept", "text/html"),
            ("content-type", "application/x-www-form-urlencoded"),
            ("sec-fetch-site", "same-origin"),
        ];
        self.send(Method::POST, path, &headers, form(fields)).await
    }

    /// Calls an endpoint as a program does: the outcome comes as a status.
    pub async fn call(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let headers = [
            ("accept", "application/json"),
            ("content-type", "application/x-www-form-urlencoded"),
        ];
        self.send(Method::POST, path, &headers, form(fields)).await
    }

    /// Sends a request as it is, without cookies.
    pub async fn send_raw(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await;
        let (parts, body) = response
            .expect("the router answers everything")
            .into_parts();
        let body = to_bytes(body, 8 * 1024 * 1024).await.expect("a whole body");
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8_lossy(&body).into_owned(),
        }
    }

    /// Sends any request.
    pub async fn send(
        &mut self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Body,
    ) -> Answer {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "orghub.test");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(length) = body.size_hint().exact().filter(|length| *length > 0) {
            request = request.header(header::CONTENT_LENGTH, length);
        }
        if !self.cookies.is_empty() {
            let cookies: Vec<String> = self
                .cookies
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            request = request.header(header::COOKIE, cookies.join("; "));
        }
        let response = self
            .router
            .clone()
            .oneshot(request.body(body).expect("a well-formed request"))
            .await
            .expect("the router answers everything");
        let (parts, body) = response.into_parts();
        self.keep_cookies(&parts.headers);
        let body = to_bytes(body, 8 * 1024 * 1024).await.expect("a whole body");
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8_lossy(&body).into_owned(),
        }
    }

    /// The session's cookie, if there is one.
    pub fn session_cookie(&self) -> Option<&str> {
        self.cookie("orghub")
    }

    /// A cookie, if there is one.
    pub fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies.get(name).map(String::as_str)
    }

    /// Takes a cookie from wherever.
    pub fn set_cookie(&mut self, name: &str, value: &str) {
        self.cookies.insert(name.to_owned(), value.to_owned());
    }

    pub fn remove_cookie(&mut self, name: &str) {
        self.cookies.remove(name);
    }

    /// Takes over another browser's session cookie.
    pub fn steal_session(&mut self, from: &Visitor) {
        let cookie = from
            .session_cookie()
            .expect("there is a session to steal")
            .to_owned();
        self.cookies.insert("orghub".to_owned(), cookie);
    }

    /// Changes the session's cookie as somebody who guesses would.
    pub fn tamper_with_session(&mut self) {
        let cookie = self.cookies.get_mut("orghub").expect("there is a session");
        let last = cookie.pop().expect("it is not empty");
        cookie.push(if last == 'A' { 'Q' } else { 'A' });
    }

    fn keep_cookies(&mut self, headers: &HeaderMap) {
        for cookie in headers.get_all(header::SET_COOKIE) {
            let cookie = cookie.to_str().expect("a cookie is text");
            let (name, value) = cookie
                .split(';')
                .next()
                .and_then(|pair| pair.split_once('='))
                .expect("name=value");
            if cookie.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}

fn form(fields: &[(&str, &str)]) -> Body {
    let fields: Vec<(&str, String)> = fields
        .iter()
        .map(|(name, value)| (*name, (*value).to_owned()))
        .collect();
    Body::from(
        routes::with_query(String::new(), &fields)
            .trim_start_matches('?')
            .to_owned(),
    )
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Answer {
    /// A header's text, empty if there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().expect("a header is text"))
    }

    /// Where it sends the browser; it must be a redirect.
    pub fn location(&self) -> &str {
        assert!(
            self.status.is_redirection(),
            "{} is not a redirect: {}",
            self.status,
            self.body
        );
        self.header("location")
    }

    /// Whether it is a page that was made for an earlier request.
    pub fn was_kept(&self) -> bool {
        self.header("server-timing").contains("page;desc=\"kept\"")
    }

    /// The body without the comments that mark where texts begin and end, which builds
    /// differ in.
    pub fn markup(&self) -> String {
        self.body.replace("<!>", "")
    }

    /// The value of the first `name="…"` in the body.
    pub fn attribute(&self, name: &str) -> &str {
        let (_, rest) = self
            .body
            .split_once(&format!("{name}=\""))
            .unwrap_or_else(|| panic!("no {name} in {}", self.body));
        rest.split_once('"').map_or(rest, |(value, _)| value)
    }

    /// How many times the body has `text`.
    pub fn count(&self, text: &str) -> usize {
        self.body.matches(text).count()
    }

    pub fn cost(&self) -> Cost {
        let timing = self.header("server-timing");
        let count = |name: &str| {
            let (_, rest) = timing
                .split_once(&format!("{name};desc=\""))
                .unwrap_or_else(|| panic!("no {name} in {timing:?}"));
            rest.split_once('"')
                .and_then(|(count, _)| count.parse().ok())
                .expect("a count")
        };
        Cost {
            sql: count("sql"),
            redis: count("redis"),
        }
    }
}

/// SQL statements and Redis round trips of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    pub sql: u32,
    pub redis: u32,
}

//! Who asks, and what they were answered.

use std::{
    collections::BTreeMap,
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::body::Body;
use http::{Method, Request, header};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use tokio::time::timeout;

use crate::Site;

/// When to give up waiting for an answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// What was answered, how often, and the times.
#[derive(Default)]
pub struct Answers {
    statuses: BTreeMap<String, usize>,
    times: Vec<Duration>,
}

impl Answers {
    pub fn add(&mut self, status: String, time: Duration) {
        *self.statuses.entry(status).or_default() += 1;
        self.times.push(time);
    }

    pub fn merge(&mut self, other: Self) {
        for (status, count) in other.statuses {
            *self.statuses.entry(status).or_default() += count;
        }
        self.times.extend(other.times);
    }
}

impl fmt::Display for Answers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (status, count) in &self.statuses {
            write!(f, "{status} × {count}, ")?;
        }
        let mut times = self.times.clone();
        times.sort_unstable();
        let at = |part: usize| {
            let time = times.get(times.len() * part / 100).copied();
            time.unwrap_or_default().as_secs_f64() * 1e3
        };
        write!(f, "{:.1} ms, {:.1} ms", at(50), at(99))
    }
}

/// A client with connections of its own, at an address that the proxy would tell.
#[derive(Clone)]
pub struct Asker {
    http: Client<HttpConnector, Body>,
    pub site: Arc<Site>,
    from: String,
}

impl Asker {
    pub fn new(site: &Arc<Site>, from: &str) -> Self {
        Self {
            http: Client::builder(TokioExecutor::new()).build(HttpConnector::new()),
            site: Arc::clone(site),
            from: from.to_owned(),
        }
    }

    /// Asks as a browser does: the status, or why there is none, and the time until it came.
    pub async fn ask(
        &self,
        method: Method,
        path: &str,
        cookie: &str,
        form: String,
    ) -> (String, Duration) {
        self.send(method, path, "text/html", cookie, form).await
    }

    /// Posts a form as a program does.
    pub async fn call(&self, path: &str, form: String) -> (String, Duration) {
        self.send(Method::POST, path, "application/json", "", form)
            .await
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        accept: &str,
        cookie: &str,
        form: String,
    ) -> (String, Duration) {
        let request = Request::builder()
            .method(method)
            .uri(format!("http://{}{path}", self.site.address))
            .header(header::ACCEPT, accept)
            .header(header::COOKIE, cookie)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header("x-forwarded-for", &self.from)
            .body(Body::from(form))
            .expect("a well-formed request");
        let began = Instant::now();
        let status = match timeout(PATIENCE, self.http.request(request)).await {
            Ok(Ok(answer)) => answer.status().as_u16().to_string(),
            Ok(Err(_)) => "broken".to_owned(),
            Err(_) => "no answer".to_owned(),
        };
        (status, began.elapsed())
    }
}

//! A server in a process of its own, and a browser's half of a conversation with it.

use std::{
    fs,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use axum::body::{Body, Bytes, to_bytes};
use http::{HeaderValue, Method, Request, Response, header};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use orghub::{auth::SignedIn, routes};
use orghub_test_support::{PASSWORD, free_port};

/// The program, without this process's environment.
pub fn program() -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_orghub-server"));
    program.env_clear();
    program
}

/// A server in a process of its own.
pub struct Server {
    /// The process, which ends with this.
    pub process: Child,
    /// Where it listens.
    pub address: String,
    http: Client<HttpConnector, Body>,
}

impl Server {
    /// Starts a server over these services, and returns when it is ready.
    pub async fn start(database_url: &str, redis_url: &str) -> Self {
        Self::start_with(database_url, redis_url, &[]).await
    }

    /// Starts a server with these settings besides.
    pub async fn start_with(
        database_url: &str,
        redis_url: &str,
        settings: &[(&str, &str)],
    ) -> Self {
        Self::start_into(database_url, redis_url, settings, Stdio::inherit()).await
    }

    /// The same, with its log in `output`.
    pub async fn start_into(
        database_url: &str,
        redis_url: &str,
        settings: &[(&str, &str)],
        output: Stdio,
    ) -> Self {
        let address = format!("127.0.0.1:{}", free_port());
        let process = program()
            .arg("serve")
            .envs([
                ("SITE_ADDR", address.as_str()),
                ("DATABASE_URL", database_url),
                ("DATABASE_MAX_CONNECTIONS", "6"),
                ("REDIS_URL", redis_url),
                ("LOG_LEVEL", "warn"),
            ])
            .envs(settings.iter().copied())
            .stdin(Stdio::null())
            .stdout(output)
            .spawn()
            .expect("the server was built with its tests");
        let http = Client::builder(TokioExecutor::new()).build(HttpConnector::new());
        let server = Self {
            process,
            address,
            http,
        };
        let deadline = Instant::now() + Duration::from_secs(20);
        while server
            .try_send(Method::GET, "/readyz", "", String::new())
            .await
            .is_none()
        {
            assert!(
                Instant::now() < deadline,
                "the server does not become ready"
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        server
    }

    /// The whole answer. `None`: nobody listens.
    async fn try_send(
        &self,
        method: Method,
        path: &str,
        cookie: &str,
        form: String,
    ) -> Option<Response<Bytes>> {
        let (head, body) = self
            .http
            .request(self.request(method, path, cookie, form))
            .await
            .ok()?
            .into_parts();
        let body = to_bytes(Body::new(body), usize::MAX).await.ok()?;
        Some(Response::from_parts(head, body))
    }

    /// Opens a page.
    pub async fn open(&self, path: &str, cookie: &str) -> Response<Bytes> {
        self.try_send(Method::GET, path, cookie, String::new())
            .await
            .expect("the server is there")
    }

    /// The same with headers besides.
    pub async fn open_with(
        &self,
        path: &str,
        cookie: &str,
        headers: &[(&'static str, &str)],
    ) -> Response<Bytes> {
        let mut request = self.request(Method::GET, path, cookie, String::new());
        for (name, value) in headers {
            let value = HeaderValue::from_str(value).expect("a header's value");
            request.headers_mut().insert(*name, value);
        }
        let answer = self
            .http
            .request(request)
            .await
            .expect("the server is there");
        let (head, body) = answer.into_parts();
        let body = to_bytes(Body::new(body), usize::MAX)
            .await
            .expect("a whole body");
        Response::from_parts(head, body)
    }

    /// Submits a form of our own pages.
    pub async fn submit(
        &self,
        path: &str,
        cookie: &str,
        fields: &[(&str, &str)],
    ) -> Response<Bytes> {
        let fields: Vec<(&str, String)> = fields
            .iter()
            .map(|(name, value)| (*name, (*value).to_owned()))
            .collect();
        let form = routes::with_query(String::new(), &fields)
            .trim_start_matches('?')
            .to_owned();
        self.try_send(Method::POST, path, cookie, form)
            .await
            .expect("the server is there")
    }

    /// What the process has in memory.
    pub fn memory_mib(&self) -> usize {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id()));
        let status = status.expect("the process lives");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let number = line.and_then(|line| line.trim().strip_suffix(" kB"));
        let kib: usize = number.expect("a size").parse().expect("a number");
        kib / 1024
    }

    fn request(&self, method: Method, path: &str, cookie: &str, form: String) -> Request<Body> {
        Request::builder()
            .method(method)
            .uri(format!("http://{}{path}", self.address))
            .header(header::ACCEPT, "text/html")
            .header(header::COOKIE, cookie)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header("sec-fetch-site", "same-origin")
            .body(Body::from(form))
            .expect("a well-formed request")
    }

    /// Signs `user` in, and returns the cookie.
    pub async fn sign_in(&self, user: &SignedIn) -> String {
        let answer = self
            .submit(
                "/api/sign_in",
                "",
                &[("email", user.email.as_str()), ("password", PASSWORD)],
            )
            .await;
        let cookies = answer
            .headers()
            .get_all(header::SET_COOKIE)
            .iter()
            .filter_map(|cookie| cookie.to_str().ok());
        let session = cookies
            .filter_map(|cookie| cookie.split(';').next())
            .find(|pair| pair.starts_with("orghub=") || pair.starts_with("__Host-orghub="));
        session
            .unwrap_or_else(|| panic!("{} is not signed in: {answer:?}", user.name))
            .to_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Already gone is as good.
        let _gone = self.process.kill();
        let _gone = self.process.wait();
    }
}

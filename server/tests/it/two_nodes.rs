//! Two servers on two ports, as deployed: what one has taken away, the other does
//! not grant to any request that begins afterwards.

use std::{
    net::{Ipv4Addr, TcpListener},
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::{Duration, Instant},
};

use axum::body::{Body, to_bytes};
use http::{Method, Request, Response, StatusCode, header};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use orghub::{
    domain::{CurrentUser, MemberId, Role},
    routes,
    testing::{PASSWORD, PrivateRedis, TestApp},
};

/// A server in a process of its own.
struct Server {
    url: String,
    process: Child,
    http: Client<HttpConnector, Body>,
}

impl Server {
    async fn start(database_url: &str, redis_url: &str) -> Self {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr());
        let address = port.expect("a free port").to_string();
        let process = Command::new(env!("CARGO_BIN_EXE_orghub-server"))
            .arg("serve")
            .env_clear()
            .envs([
                ("SITE_ADDR", address.as_str()),
                ("DATABASE_URL", database_url),
                ("DATABASE_MAX_CONNECTIONS", "6"),
                ("REDIS_URL", redis_url),
                ("LOG_LEVEL", "warn"),
            ])
            .stdin(Stdio::null())
            .spawn()
            .expect("the server was built with its tests");
        let http = Client::builder(TokioExecutor::new()).build(HttpConnector::new());
        let server = Self { url: format!("http://{address}"), process, http };
        let deadline = Instant::now() + Duration::from_secs(20);
        while server.try_send(Method::GET, "/readyz", "", String::new()).await.is_none() {
            assert!(Instant::now() < deadline, "the server does not become ready");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        server
    }

    /// An answer without its body; `None`: nobody is there.
    async fn try_send(&self, method: Method, path: &str, cookie: &str, form: String) -> Option<Response<()>> {
        let (head, body) = self.http.request(self.request(method, path, cookie, form)).await.ok()?.into_parts();
        // Read to its end, so that the connection can be used again.
        to_bytes(Body::new(body), usize::MAX).await.ok()?;
        Some(Response::from_parts(head, ()))
    }

    async fn open(&self, path: &str, cookie: &str) -> StatusCode {
        self.try_send(Method::GET, path, cookie, String::new()).await.expect("the server is there").status()
    }

    /// Submits a form and says where it led.
    async fn submit(&self, path: &str, cookie: &str, fields: &[(&str, &str)]) -> Response<()> {
        let fields: Vec<(&str, String)> = fields.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        let form = routes::with_query(String::new(), &fields).trim_start_matches('?').to_owned();
        self.try_send(Method::POST, path, cookie, form).await.expect("the server is there")
    }

    fn request(&self, method: Method, path: &str, cookie: &str, form: String) -> Request<Body> {
        Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.url))
            .header(header::ACCEPT, "text/html")
            .header(header::COOKIE, cookie)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header("sec-fetch-site", "same-origin")
            .body(Body::from(form))
            .expect("a well-formed request")
    }

    /// The cookie of a person who signed in here.
    async fn sign_in(&self, person: &CurrentUser) -> String {
        let answer = self.submit("/api/sign_in", "", &[("email", person.email.as_str()), ("password", PASSWORD)]).await;
        let cookies = answer.headers().get_all(header::SET_COOKIE).iter().filter_map(|cookie| cookie.to_str().ok());
        let session = cookies.filter_map(|cookie| cookie.split(';').next()).find(|pair| pair.starts_with("orghub="));
        session.unwrap_or_else(|| panic!("{} is not signed in: {answer:?}", person.name)).to_owned()
    }

    async fn change_role(&self, cookie: &str, member: MemberId, role: Role) {
        let fields = [("org", "acme"), ("member_id", &member.to_string()), ("role", role.as_str())];
        assert_eq!(self.submit("/api/change_role", cookie, &fields).await.status(), StatusCode::SEE_OTHER);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Already gone is as good.
        let _gone = self.process.kill();
        let _gone = self.process.wait();
    }
}

/// Turns of the mutator; admin before each even one, member before each odd one.
const TURNS: usize = 60;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_right_taken_away_on_one_port_is_granted_to_no_request_on_the_other() {
    let redis = PrivateRedis::start();
    let app = TestApp::start_with(|config| config.redis = Some(redis.config())).await;
    let (olive, gus) = (app.person("Olive").await, app.person("Gus").await);
    let acme = app.org("acme", &olive).await;
    let member = app.add_member(app.access(&olive, &acme).await.org_id(), &gus, Role::Admin).await;
    let nodes = Arc::new([
        Server::start(app.database_url(), &redis.url()).await,
        Server::start(app.database_url(), &redis.url()).await,
    ]);
    let owner = nodes[0].sign_in(&olive).await;
    let guest = nodes[1].sign_in(&gus).await;

    let (begun, acknowledged) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let readers: Vec<_> = (0..6)
        .map(|number| {
            let (nodes, guest) = (nodes.clone(), guest.clone());
            let (begun, acknowledged) = (begun.clone(), acknowledged.clone());
            tokio::spawn(async move {
                let mut judged = 0;
                loop {
                    let before = acknowledged.load(SeqCst);
                    // Settings are for admins.
                    let status = nodes[number % 2].open("/orgs/acme/settings", &guest).await;
                    // Only when no other mutation was begun meanwhile is there one right answer.
                    if begun.load(SeqCst) == before {
                        let expected = if before > TURNS {
                            StatusCode::NOT_FOUND
                        } else if before % 2 == 0 {
                            StatusCode::OK
                        } else {
                            StatusCode::FORBIDDEN
                        };
                        assert_eq!(status, expected, "after {before} acknowledged mutations");
                        judged += 1;
                        if before > TURNS {
                            return judged;
                        }
                    }
                }
            })
        })
        .collect();

    for turn in 0..TURNS {
        begun.store(turn + 1, SeqCst);
        let role = if turn % 2 == 0 { Role::Member } else { Role::Admin };
        nodes[turn / 2 % 2].change_role(&owner, member, role).await;
        acknowledged.store(turn + 1, SeqCst);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    begun.store(TURNS + 1, SeqCst);
    let fields = [("org", "acme"), ("member_id", &*member.to_string())];
    assert_eq!(nodes[0].submit("/api/remove_member", &owner, &fields).await.status(), StatusCode::SEE_OTHER);
    acknowledged.store(TURNS + 1, SeqCst);

    let mut judged = 0;
    for reader in readers {
        judged += reader.await.expect("no request begun after an answer was authorised on the old right");
    }
    eprintln!("{judged} requests on two ports judged over {TURNS} changes of a role and a removal");
    assert!(judged > 100, "only {judged} requests could be judged");

    // And signing out, which ends the session everywhere.
    assert_eq!(nodes[1].open("/orgs", &guest).await, StatusCode::OK);
    nodes[0].submit(routes::SIGN_OUT, &guest, &[]).await;
    assert_eq!(nodes[1].open("/orgs", &guest).await, StatusCode::SEE_OTHER);
}

//! A provider of sign-in for development and tests, small enough to read in one sitting.
//!
//! It speaks OpenID Connect over real HTTP, so the program under test is its client,
//! unchanged but for the address. It is strict: an authorization request without PKCE, state
//! or nonce, another client, another way back, a code that was used: all are refused, so that
//! what a lenient provider would let pass fails here. And it goes wrong on demand: in what it
//! says ([`Fault`]) and in how it answers ([`Failure`]).
//!
//! Nobody proves anything to it: its page asks who one wants to be. So production takes it
//! for no provider, because it has no https.
//!
//! There are two ways to run it: in the test's own process, with [`FakeIssuer::start`]; or as
//! the program `fake-issuer`, which offers the same switches under `/control` (see
//! [`control`]).

mod api;
mod authorization;
pub mod control;
mod faults;
mod keys;
mod page;
mod tokens;

use std::{
    collections::HashMap,
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use tokio::{net::TcpListener, task::JoinHandle};

pub use self::{
    authorization::Choice,
    faults::{Endpoint, Failure, Fault},
};
use self::{authorization::Grant, keys::SigningKey};

#[derive(Clone, Debug)]
pub struct Config {
    /// Where to listen. Port 0: any free one.
    pub addr: SocketAddr,
    pub client_id: String,
    pub client_secret: String,
    /// The one address that people are sent back to.
    pub redirect_uri: String,
    pub people: Vec<Person>,
}

/// Somebody one can be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    pub subject: String,
    pub email: String,
    pub is_verified: bool,
    pub name: String,
}

impl Person {
    /// Somebody whose address is verified, and who is called what it says.
    pub fn new(subject: &str, email: &str, name: &str) -> Self {
        Self {
            subject: subject.to_owned(),
            email: email.to_owned(),
            is_verified: true,
            name: name.to_owned(),
        }
    }
}

/// A running issuer; dropping it stops it.
#[derive(Debug)]
pub struct FakeIssuer {
    shared: Shared,
    server: JoinHandle<()>,
}

impl FakeIssuer {
    /// Starts listening; requests are answered as soon as this returns.
    ///
    /// # Errors
    /// If it cannot listen on the address.
    pub async fn start(mut config: Config) -> io::Result<Self> {
        let listener = TcpListener::bind(config.addr).await?;
        config.addr = listener.local_addr()?;
        let shared = Shared {
            state: Arc::new(Mutex::new(State {
                people: std::mem::take(&mut config.people),
                grants: HashMap::new(),
                keys: vec![SigningKey::generate()],
                fault: None,
                failures: HashMap::new(),
                requests: Vec::new(),
                ahead: Duration::ZERO,
            })),
            config: Arc::new(config),
        };
        let app = api::router(shared.clone());
        let server = tokio::spawn(async move {
            // Retries accept errors itself, so it ends only with the task.
            let _ = axum::serve(listener, app).await;
        });
        Ok(Self { shared, server })
    }

    /// The issuer, such as `http://127.0.0.1:12112`.
    pub fn url(&self) -> String {
        self.shared.issuer()
    }

    /// Returns when the listener's task is aborted, and never before.
    pub async fn wait(mut self) {
        // The error is the abort.
        let _ = (&mut self.server).await;
    }

    /// Adds a person, or replaces the one with the same subject.
    pub fn put_person(&self, person: Person) {
        self.shared.state().put_person(person);
    }

    /// Answers the authorization request at `address` as the page would if that was clicked:
    /// with the address to go back to.
    ///
    /// # Errors
    /// Why the request is not one; a browser would see a page that says so.
    pub fn choose(&self, address: &str, choice: Choice<'_>) -> Result<String, String> {
        let query = address
            .strip_prefix(&format!("{}/authorize?", self.url()))
            .ok_or_else(|| format!("{address} is not ours"))?;
        authorization::answer(&self.shared, query, choice)
    }

    /// Makes what it says wrong from now on; `None`: right again.
    pub fn set_fault(&self, fault: Option<Fault>) {
        self.shared.state().fault = fault;
    }

    /// Makes an endpoint fail from now on, until [`Self::recover`].
    pub fn fail(&self, endpoint: Endpoint, failure: Failure) {
        self.shared.state().failures.insert(endpoint, failure);
    }

    /// Lets all endpoints answer again.
    pub fn recover(&self) {
        self.shared.state().failures.clear();
    }

    /// Signs with a new key from now on, and forgets the old one.
    pub fn rotate_keys(&self) {
        self.shared.state().keys = vec![SigningKey::generate()];
    }

    /// Moves its clock forward.
    pub fn advance(&self, by: Duration) {
        self.shared.state().ahead += by;
    }

    /// How often an endpoint was asked.
    pub fn count(&self, endpoint: Endpoint) -> usize {
        let state = self.shared.state();
        let asked = state.requests.iter().filter(|asked| **asked == endpoint);
        asked.count()
    }
}

impl Drop for FakeIssuer {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// Shared by the request handlers, `/control` and [`FakeIssuer`].
#[derive(Clone, Debug)]
struct Shared {
    config: Arc<Config>,
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    people: Vec<Person>,
    /// By code, until it is used.
    grants: HashMap<String, Grant>,
    /// The last one signs.
    keys: Vec<SigningKey>,
    fault: Option<Fault>,
    failures: HashMap<Endpoint, Failure>,
    requests: Vec<Endpoint>,
    /// How far its clock was moved.
    ahead: Duration,
}

impl State {
    /// In seconds since 1970.
    fn now(&self) -> u64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        (since.expect("it is later than 1970") + self.ahead).as_secs()
    }

    fn put_person(&mut self, person: Person) {
        self.people.retain(|known| known.subject != person.subject);
        self.people.push(person);
    }
}

impl Shared {
    fn issuer(&self) -> String {
        format!("http://{}", self.config.addr)
    }

    /// Never held across an await.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state
            .lock()
            .expect("nothing panics while it holds the state")
    }
}

impl Config {
    /// On loopback at a free port, with nobody to be.
    pub fn new(client_id: &str, client_secret: &str, redirect_uri: &str) -> Self {
        Self {
            addr: (Ipv4Addr::LOCALHOST, 0).into(),
            client_id: client_id.to_owned(),
            client_secret: client_secret.to_owned(),
            redirect_uri: redirect_uri.to_owned(),
            people: Vec::new(),
        }
    }
}

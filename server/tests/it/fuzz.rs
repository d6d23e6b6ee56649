//! Inputs that nobody thought of: what is known to be interesting (`tests/corpus`, one file
//! an input), changed at random. Whatever is sent, the server answers, and never with a
//! mistake of its own.
//!
//! Each test goes on for `FUZZ_SECONDS`; without it for a second, to see that it works.
//! `cargo xtask fuzz` gives it minutes. An input that fails is printed; put it into the
//! corpus with the fix.

use std::{
    env, fs,
    path::Path,
    time::{Duration, Instant},
};

use axum::body::Body;
use fake_stripe::{FakeStripe, sign};
use http::{HeaderValue, Method, Request, Uri, header};
use orghub::{
    config::{AppEnv, WebhookSecret},
    domain::Role,
    routes::{self, api},
};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng, seq::IndexedRandom as _};

use crate::site::{Answer, Site, Visitor};

/// Most that the process may grow by while it is fuzzed: answers are bounded, and so is
/// what is kept of them.
const MAX_GROWTH: u64 = 256 * 1024 * 1024;

/// What mutations put in: bytes that parsers give a meaning.
const PIECES: [&[u8]; 24] = [
    b"%",
    b"%00",
    b"%2F",
    b"%2e%2e",
    b"%FF",
    b"%C3%A9",
    b"%E2%80%AE",
    b"/",
    b"//",
    b"\\",
    b"..",
    b"&",
    b"=",
    b";",
    b"\"",
    b"'",
    b"[]",
    b"{",
    b"\x00",
    b"\xff",
    b"\xc3\x28",
    b"\\u0000",
    b"99999999999999999999",
    b"<script>",
];

/// Inputs of one kind, without end.
struct Inputs {
    corpus: Vec<Vec<u8>>,
    random: StdRng,
    ends: Instant,
}

impl Inputs {
    fn of(kind: &str) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/corpus")
            .join(kind);
        let files = fs::read_dir(&folder).expect("the corpus is committed");
        let corpus: Vec<Vec<u8>> = files
            .map(|file| fs::read(file.expect("a file").path()).expect("it is readable"))
            .collect();
        assert!(!corpus.is_empty());
        let seconds = env::var("FUZZ_SECONDS").map(|text| text.parse().expect("a number"));
        Self {
            corpus,
            random: StdRng::from_os_rng(),
            ends: Instant::now() + Duration::from_secs(seconds.unwrap_or(1)),
        }
    }

    /// Another input: first the corpus as it is, then changed. `None`: the time is over.
    fn next(&mut self, number: usize) -> Option<Vec<u8>> {
        if let Some(known) = self.corpus.get(number) {
            return Some(known.clone());
        }
        if Instant::now() >= self.ends {
            return None;
        }
        let mut input = self.corpus.choose(&mut self.random)?.clone();
        for _ in 0..self.random.random_range(1..6) {
            self.mutate(&mut input);
        }
        Some(input)
    }

    fn mutate(&mut self, input: &mut Vec<u8>) {
        let random = &mut self.random;
        let at = random.random_range(0..=input.len());
        match random.random_range(0..6) {
            0 if at < input.len() => input[at] ^= 1 << random.random_range(0..8),
            1 if at < input.len() => drop(input.remove(at)),
            2 => input.truncate(at),
            3 => {
                let other = self.corpus.choose(random).expect("not empty");
                let from = random.random_range(0..=other.len());
                input.splice(at.., other[from..].iter().copied());
            }
            4 if input.len() < 4_096 => {
                let copy = input[..at].to_vec();
                input.extend(copy);
            }
            _ => {
                let piece = PIECES.choose(random).expect("not empty");
                input.splice(at..at, piece.iter().copied());
            }
        }
    }
}

fn show(input: &[u8]) -> String {
    input.escape_ascii().to_string()
}

/// An input that was sent.
struct Sent {
    to: Uri,
    answer: Answer,
}

fn assert_no_mistake(Sent { to, answer }: &Sent, input: &[u8]) {
    assert!(
        !answer.status.is_server_error(),
        "{} from {to} for {}\n{}",
        answer.status,
        show(input),
        answer.body
    );
}

/// Memory of this process, in bytes.
fn resident() -> u64 {
    let pages = fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = pages
        .split(' ')
        .nth(1)
        .and_then(|pages| pages.parse::<u64>().ok());
    pages.unwrap_or_default() * 4_096
}

/// Sends every input, and holds the process to its memory.
async fn fuzz(kind: &str, mut send: impl AsyncFnMut(&[u8]) -> Option<Sent>) {
    let mut inputs = Inputs::of(kind);
    let before = resident();
    let mut sent = 0;
    for number in 0.. {
        let Some(input) = inputs.next(number) else {
            break;
        };
        if let Some(answered) = send(&input).await {
            sent += 1;
            assert_no_mistake(&answered, &input);
        }
    }
    assert!(sent > 5, "{kind}: hardly anything can be sent");
    let growth = resident().saturating_sub(before);
    assert!(growth < MAX_GROWTH, "{kind}: {growth} bytes more");
}

/// What inputs are sent to.
struct Acme {
    site: Site,
    /// A browser of the organization's owner.
    owner: Visitor,
    /// There as long as the site is: whoever finds a form for Stripe reaches it.
    _stripe: FakeStripe,
}

impl Acme {
    async fn send(&self, request: Request<Body>) -> Sent {
        let to = request.uri().clone();
        let answer = self.owner.send_raw(request).await;
        Sent { to, answer }
    }
}

/// `acme` with two members.
async fn acme() -> Acme {
    let stripe = FakeStripe::start(fake_stripe::Config::default()).await;
    let stripe = stripe.expect("the fake listens");
    let site = Site::start_with(|config| {
        config.sign_in.per_client = u32::MAX;
        config.sign_in.per_account_and_client = u32::MAX;
        config.sign_in.per_account = u32::MAX;
        config.stripe.api_base = Some(stripe.url());
        config.stripe.webhook_secrets =
            WebhookSecret::parse_list(SECRET, AppEnv::Development).expect("a secret");
    })
    .await;
    let ada = site.app.user("Ada").await;
    let bob = site.app.user("Bob").await;
    let id = site.org("acme", &ada).await;
    site.app.add_member(id, &bob, Role::Member).await;
    let owner = site.sign_in(&ada).await;
    Acme {
        site,
        owner,
        _stripe: stripe,
    }
}

const SECRET: &str = "whsec_of_the_fuzzing";

/// A request with our cookies, if `uri` is one that can be sent.
fn request(method: Method, uri: &[u8], visitor: &Visitor) -> Option<Request<Body>> {
    let uri = Uri::try_from(uri).ok()?;
    let session = visitor.session_cookie()?;
    Request::builder()
        .method(method)
        .uri(uri)
        .header(header::HOST, "orghub.test")
        .header(header::COOKIE, format!("orghub={session}"))
        .body(Body::empty())
        .ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn any_path_is_answered() {
    let acme = acme().await;
    fuzz("paths", async |path| {
        let request = request(Method::GET, path, &acme.owner)?;
        Some(acme.send(request).await)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn any_query_is_answered_by_every_page() {
    let acme = acme().await;
    let pages = [
        "/orgs/acme/members",
        routes::ORGS,
        routes::SIGN_IN,
        api::IS_SLUG_FREE,
    ];
    let mut turn = pages.into_iter().cycle();
    fuzz("queries", async |query| {
        let page = turn.next().expect("without end");
        let address = [page.as_bytes(), b"?", query].concat();
        let request = request(Method::GET, &address, &acme.owner)?;
        Some(acme.send(request).await)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn any_cookie_is_read_or_left_alone() {
    let acme = acme().await;
    fuzz("cookies", async |cookie| {
        let mut request = request(Method::GET, routes::ORGS.as_bytes(), &acme.owner)?;
        let session = acme.owner.session_cookie()?;
        let both = [cookie, b"; orghub=", session.as_bytes()].concat();
        request
            .headers_mut()
            .insert(header::COOKIE, HeaderValue::from_bytes(&both).ok()?);
        Some(acme.send(request).await)
    })
    .await;
}

/// `form` posted to `path`, by a browser that runs a script or by one without.
fn post(path: &str, form: &[u8], accept: &'static str, visitor: &Visitor) -> Option<Request<Body>> {
    let mut request = request(Method::POST, path.as_bytes(), visitor)?;
    let headers = request.headers_mut();
    headers.insert(header::ACCEPT, HeaderValue::from_static(accept));
    headers.insert("sec-fetch-site", HeaderValue::from_static("same-origin"));
    *request.body_mut() = Body::from(form.to_vec());
    Some(request)
}

#[tokio::test(flavor = "multi_thread")]
async fn any_form_is_answered_by_every_endpoint() {
    let acme = acme().await;
    let endpoints: Vec<&str> = (api::ALL.iter().copied())
        // The session stays, and so does the organization.
        .filter(|path| {
            !api::LOOKUPS.contains(path) && ![routes::SIGN_OUT, api::LEAVE_ORG].contains(path)
        })
        .collect();
    // Chance would leave most of what is known out. A program is told the status; a browser
    // is mostly sent back to the form.
    for form in Inputs::of("forms").corpus {
        for path in &endpoints {
            let request = post(path, &form, "application/json", &acme.owner);
            let request = request.expect("endpoints are addresses");
            assert_no_mistake(&acme.send(request).await, &form);
        }
    }
    let mut turn = endpoints.iter().cycle();
    let mut accepts = ["application/json", "text/html"].into_iter().cycle();
    fuzz("forms", async |form| {
        let path = turn.next().expect("without end");
        let accept = accepts.next().expect("without end");
        Some(acme.send(post(path, form, accept, &acme.owner)?).await)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn any_event_is_refused_or_taken_whoever_signed_it() {
    let acme = acme().await;
    let mut is_signed = false;
    fuzz("webhooks", async |event| {
        is_signed = !is_signed;
        let now = acme.site.app.services.clock.now();
        let text = String::from_utf8_lossy(event);
        let secret = if is_signed { SECRET } else { "" };
        let signature = HeaderValue::from_str(&sign(secret, &text, now.unix_timestamp())).ok()?;
        let mut request = request(Method::POST, routes::STRIPE_WEBHOOK.as_bytes(), &acme.owner)?;
        request.headers_mut().insert("stripe-signature", signature);
        *request.body_mut() = Body::from(text.clone().into_owned());
        let sent = acme.send(request).await;
        if !is_signed {
            assert_eq!(sent.answer.status, 400, "{text}");
        }
        Some(sent)
    })
    .await;
}

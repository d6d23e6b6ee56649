//! Posting events as Stripe posts them: in the background, until they are accepted.

use std::{
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use axum::{
    body::Bytes,
    http::{Request, StatusCode, header},
};
use http_body_util::Full;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};

use crate::{
    Shared,
    webhooks::{Delivery, SignedEvent, WebhookSwitches, WebhookTarget},
};

/// How long the receiver may take to answer a post.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(20);

/// How long an event waits for one to change places with.
const REORDER_WAIT: Duration = Duration::from_secs(1);

/// Waits between the posts of an event that is not answered with 2xx. Stripe goes on for
/// three days; nobody waits that long at a desk.
const RETRY_WAITS: [Duration; 4] = [
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(5),
    Duration::from_secs(10),
];

/// Posts, and remembers the answers. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Sender {
    client: Client<HttpConnector, Full<Bytes>>,
    /// As configured; endpoints made by the API come to it.
    target: Option<WebhookTarget>,
    state: Arc<Mutex<SenderState>>,
}

#[derive(Debug, Default)]
struct SenderState {
    switches: WebhookSwitches,
    deliveries: Vec<Delivery>,
    /// Waits for another to change places with.
    held: Option<Post>,
}

/// An event on its way to one receiver.
#[derive(Clone, Debug)]
struct Post {
    url: String,
    event: SignedEvent,
}

impl Sender {
    pub(crate) fn new(target: Option<WebhookTarget>) -> Self {
        Self {
            client: Client::builder(TokioExecutor::new()).build_http(),
            target,
            state: Arc::default(),
        }
    }

    pub(crate) fn switches(&self) -> WebhookSwitches {
        self.state().switches
    }

    pub(crate) fn set_switches(&self, switches: WebhookSwitches) {
        self.state().switches = switches;
    }

    pub(crate) fn deliveries(&self) -> Vec<Delivery> {
        self.state().deliveries.clone()
    }

    fn state(&self) -> MutexGuard<'_, SenderState> {
        self.state
            .lock()
            .expect("nothing panics while it holds the state")
    }
}

impl Shared {
    /// Sends the events that were noted since the last time.
    pub(crate) fn flush(&self) {
        let switches = self.sender.switches();
        let mut posts = Vec::new();
        {
            let mut store = self.store();
            while store.sent < store.events.len() {
                let index = store.sent;
                store.sent += 1;
                for target in self.targets(&store, &store.events[index].event_type) {
                    let event = &mut store.events[index];
                    event.receivers.insert(target.url.clone());
                    posts.push(Post {
                        event: event.signed(&target.secret, switches),
                        url: target.url,
                    });
                }
            }
        }
        for post in posts.into_iter().filter(|_| !switches.drop) {
            self.send(&post, switches);
        }
    }

    /// Posts an event again, once, whatever the switches say; whether everybody accepted it.
    /// `None`: there is no such event.
    pub(crate) async fn redeliver(&self, id: &str) -> Option<bool> {
        let switches = WebhookSwitches {
            drop: false,
            ..self.sender.switches()
        };
        let posts: Vec<_> = {
            let store = self.store();
            let event = store.events.iter().find(|event| event.id == id)?;
            self.targets(&store, &event.event_type)
                .into_iter()
                .map(|target| Post {
                    event: event.signed(&target.secret, switches),
                    url: target.url,
                })
                .collect()
        };
        let mut all = !posts.is_empty();
        for post in &posts {
            all &= self.post(post).await;
        }
        Some(all)
    }

    fn targets(&self, store: &crate::store::Store, event_type: &str) -> Vec<WebhookTarget> {
        let made = store
            .webhook_endpoints
            .values()
            .filter(|endpoint| endpoint.url.starts_with("http://") && endpoint.wants(event_type))
            .map(|endpoint| WebhookTarget {
                url: endpoint.url.clone(),
                secret: endpoint.secret.clone(),
            });
        // The configured one may have been set up by the API, too: it gets an event once.
        let configured = self.sender.target.clone();
        let made: Vec<_> = made
            .filter(|made| configured.as_ref().is_none_or(|own| own.url != made.url))
            .collect();
        configured.into_iter().chain(made).collect()
    }

    fn send(&self, post: &Post, switches: WebhookSwitches) {
        if switches.reorder {
            self.send_swapped(post.clone());
            return;
        }
        for _ in 0..if switches.duplicate { 2 } else { 1 } {
            let (shared, post) = (self.clone(), post.clone());
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_millis(switches.delay_ms)).await;
                shared.post_until_accepted(&post).await;
            });
        }
    }

    /// Holds a post back until the next one is out.
    fn send_swapped(&self, post: Post) {
        let held = self.sender.state().held.take();
        let shared = self.clone();
        let Some(earlier) = held else {
            let id = post.event.id.clone();
            self.sender.state().held = Some(post);
            tokio::spawn(async move {
                tokio::time::sleep(REORDER_WAIT).await;
                let alone = {
                    let mut state = shared.sender.state();
                    state.held.take_if(|held| held.event.id == id)
                };
                if let Some(post) = alone {
                    shared.post_until_accepted(&post).await;
                }
            });
            return;
        };
        tokio::spawn(async move {
            let accepted = shared.post(&post).await;
            let again = shared.clone();
            if !accepted {
                tokio::spawn(async move { again.post_until_accepted(&post).await });
            }
            shared.post_until_accepted(&earlier).await;
        });
    }

    async fn post_until_accepted(&self, post: &Post) {
        let mut waits = RETRY_WAITS.into_iter();
        while !self.post(post).await {
            let Some(wait) = waits.next() else { return };
            tokio::time::sleep(wait).await;
        }
    }

    /// Posts once; whether it was accepted.
    async fn post(&self, post: &Post) -> bool {
        let request = Request::post(&post.url)
            .header(header::CONTENT_TYPE, "application/json; charset=utf-8")
            .header("Stripe-Signature", &post.event.signature)
            .body(Full::from(post.event.payload.clone()));
        let status = match request {
            Ok(request) => {
                let answer = self.sender.client.request(request);
                let answer = tokio::time::timeout(ANSWER_TIMEOUT, answer).await;
                answer
                    .ok()
                    .and_then(Result::ok)
                    .map(|response| response.status())
            }
            // An endpoint made by the API may have any address.
            Err(_) => None,
        };
        self.sender.state().deliveries.push(Delivery {
            event_id: post.event.id.clone(),
            status: status.map(|status| status.as_u16()),
        });
        let accepted = status.is_some_and(|status: StatusCode| status.is_success());
        if accepted {
            let mut store = self.store();
            if let Some(event) = store
                .events
                .iter_mut()
                .find(|event| event.id == post.event.id)
            {
                event.accepted_by.insert(post.url.clone());
            }
        }
        accepted
    }
}

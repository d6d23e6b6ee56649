//! A connection that goes wrong in the ways connections do.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinHandle,
};

/// What is wrong at the moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Fault {
    #[default]
    None,
    /// Everything arrives, later.
    Delay(Duration),
    /// Nothing arrives until it is mended, and then everything does.
    Frozen,
    /// Connections end, new ones at once.
    Cut,
}

#[derive(Clone, Copy, Debug, Default)]
struct State {
    fault: Fault,
    /// Connections numbered below this one swallow whatever is sent.
    first_whole: u64,
}

/// Single replies that go wrong.
#[derive(Debug, Default)]
struct Replies {
    /// How many are to arrive in half.
    to_tear: AtomicU64,
    torn: AtomicU64,
    /// How many are not to arrive.
    to_lose: AtomicU64,
    lost: AtomicU64,
}

/// Whether one of those `due` is at hand, which is counted in `done`.
fn take(due: &AtomicU64, done: &AtomicU64) -> bool {
    let one_less = |due: u64| due.checked_sub(1);
    let is_due = due.try_update(SeqCst, SeqCst, one_less).is_ok();
    done.fetch_add(u64::from(is_due), SeqCst);
    is_due
}

/// Stands between a client and a server on this machine, whatever they speak.
pub struct FaultProxy {
    url: url::Url,
    state: watch::Sender<State>,
    opened: watch::Receiver<u64>,
    replies: Arc<Replies>,
    listener: JoinHandle<()>,
}

impl FaultProxy {
    /// A proxy in front of the server at `url`, with nothing wrong yet.
    pub async fn before(url: &str) -> Self {
        let mut url = url::Url::parse(url).expect("an address");
        let server: SocketAddr = format!(
            "{}:{}",
            url.host_str().expect("a host"),
            url.port().expect("a port")
        )
        .parse()
        .expect("a server on this machine, by number");
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .expect("a free port");
        let port = listener.local_addr().expect("a bound address").port();
        url.set_ip_host(Ipv4Addr::LOCALHOST.into())
            .expect("an address with a host");
        url.set_port(Some(port)).expect("an address with a port");

        let state = watch::Sender::new(State::default());
        let (opened_here, opened) = watch::channel(0);
        let states = state.clone();
        let replies = Arc::<Replies>::default();
        let replies_here = replies.clone();
        let listener = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let number = *opened_here.borrow();
                opened_here.send_replace(number + 1);
                if states.borrow().fault != Fault::Cut {
                    let (state, replies) = (states.subscribe(), replies_here.clone());
                    tokio::spawn(carry(number, client, server, state, replies));
                }
            }
        });
        Self {
            url,
            state,
            opened,
            replies,
            listener,
        }
    }

    /// The server's address, by way of this proxy.
    pub fn url(&self) -> String {
        self.url.to_string()
    }

    /// How many connections were opened so far.
    pub fn opened(&self) -> u64 {
        *self.opened.borrow()
    }

    /// Everything arrives later by `time`.
    pub fn delay(&self, time: Duration) {
        self.set(Fault::Delay(time));
    }

    /// Nothing arrives any more, in either direction, on any connection; what was
    /// sent arrives after [`Self::mend`].
    pub fn freeze(&self) {
        self.set(Fault::Frozen);
    }

    /// Ends all connections, and new ones as soon as they are made.
    pub fn cut(&self) {
        self.set(Fault::Cut);
    }

    /// Half of the next reply arrives, on whichever connection, and then that one ends.
    pub fn tear(&self) {
        self.replies.to_tear.fetch_add(1, SeqCst);
    }

    /// The next reply does not arrive, and the connection goes on: each later one comes to
    /// whoever asked before.
    pub fn lose(&self) {
        self.replies.to_lose.fetch_add(1, SeqCst);
    }

    /// How many replies were torn so far.
    pub fn torn(&self) -> u64 {
        self.replies.torn.load(SeqCst)
    }

    /// How many replies were lost so far.
    pub fn lost(&self) -> u64 {
        self.replies.lost.load(SeqCst)
    }

    /// Connections work. Those that swallow stay as they are.
    pub fn mend(&self) {
        self.set(Fault::None);
    }

    /// The connections that are there swallow whatever is sent from now on, without
    /// ever ending: the other side vanished and cannot say so. New ones work.
    pub fn swallow(&self) {
        let first_whole = self.opened();
        self.state
            .send_modify(|state| state.first_whole = first_whole);
    }

    fn set(&self, fault: Fault) {
        self.state.send_modify(|state| state.fault = fault);
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        self.listener.abort();
        self.cut();
    }
}

async fn carry(
    number: u64,
    client: TcpStream,
    server: SocketAddr,
    state: watch::Receiver<State>,
    replies: Arc<Replies>,
) {
    let Ok(server) = TcpStream::connect(server).await else {
        return;
    };
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    tokio::select! {
        () = pump(number, from_client, to_server, state.clone(), None) => {}
        () = pump(number, from_server, to_client, state.clone(), Some(replies)) => {}
        () = cut(state) => {}
    }
}

async fn cut(mut state: watch::Receiver<State>) {
    // Without a proxy the connection is as good as cut.
    let _cut = state.wait_for(|state| state.fault == Fault::Cut).await;
}

async fn pump(
    number: u64,
    mut from: tokio::net::tcp::OwnedReadHalf,
    mut to: tokio::net::tcp::OwnedWriteHalf,
    mut state: watch::Receiver<State>,
    replies: Option<Arc<Replies>>,
) {
    let mut bytes = vec![0; 64 * 1024];
    while let Ok(count @ 1..) = from.read(&mut bytes).await {
        let Ok(now) = state
            .wait_for(|state| state.fault != Fault::Frozen)
            .await
            .map(|now| *now)
        else {
            return;
        };
        if number < now.first_whole {
            continue;
        }
        if let Fault::Delay(time) = now.fault {
            tokio::time::sleep(time).await;
        }
        if let Some(replies) = &replies {
            if take(&replies.to_lose, &replies.lost) {
                continue;
            }
            if take(&replies.to_tear, &replies.torn) {
                let _may_have_ended = to.write_all(&bytes[..count / 2]).await;
                return;
            }
        }
        if to.write_all(&bytes[..count]).await.is_err() {
            return;
        }
    }
    // One side is done; on a swallowing connection the other never hears of it.
    if number < state.borrow().first_whole {
        std::future::pending::<()>().await;
    }
}

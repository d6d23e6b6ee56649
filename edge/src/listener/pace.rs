//! What a connection is waiting for, and since when.

use std::{
    io,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard},
    task::{Context, Poll},
    time::Duration,
};

use http::Version;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::Instant,
};

/// How long the head of a request may take to arrive, from the start of the connection or
/// from its own first byte: on the worst of networks a few seconds.
pub(super) const HEAD: Duration = Duration::from_secs(10);

/// How long a connection may be kept without a request. Longer than proxies keep theirs (60
/// s as a rule): if the server closes first, a request that is just on its way fails.
pub(super) const IDLE: Duration = Duration::from_secs(75);

/// What to do about a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is in order.
    Fine,
    /// Nobody has asked for anything in a while.
    Idle,
    /// A request has begun and does not arrive.
    Stalled,
}

/// The pace of one connection, shared by its two ends: bytes come in at one, requests go
/// out at the other.
///
/// hyper has a time limit for heads as well, but counts the time between two requests in,
/// where a proxy may wait for a minute with good reason.
#[derive(Clone)]
pub(super) struct Pace(Arc<Mutex<State>>);

struct State {
    /// Requests being answered.
    under_way: u32,
    /// Whether a head is due. Of HTTP/2 only the first: later bytes may be of other frames.
    head_is_due: bool,
    is_http2: bool,
    /// Since when it is due or, if it is not, nothing has been under way.
    since: Instant,
}

/// A request under way.
pub(super) struct UnderWay(Pace);

impl Pace {
    /// Of a connection that begins now.
    pub(super) fn new() -> Self {
        Self(Arc::new(Mutex::new(State {
            under_way: 0,
            head_is_due: true,
            is_http2: false,
            since: Instant::now(),
        })))
    }

    pub(super) fn verdict(&self) -> Verdict {
        let state = self.state();
        let waited = state.since.elapsed();
        match () {
            () if state.under_way > 0 => Verdict::Fine,
            () if state.head_is_due && waited >= HEAD => Verdict::Stalled,
            () if waited >= IDLE => Verdict::Idle,
            () => Verdict::Fine,
        }
    }

    /// A request has arrived. It is under way until what this returns is dropped.
    pub(super) fn begin(&self, version: Version) -> UnderWay {
        let mut state = self.state();
        state.under_way += 1;
        state.head_is_due = false;
        state.is_http2 = version == Version::HTTP_2;
        UnderWay(self.clone())
    }

    fn bytes_have_come(&self) {
        let mut state = self.state();
        if state.under_way == 0 && !state.is_http2 && !state.head_is_due {
            state.head_is_due = true;
            state.since = Instant::now();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("nobody panics with it in hand")
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.under_way -= 1;
        state.since = Instant::now();
    }
}

/// A stream that tells [`Pace`] when bytes come in.
pub(super) struct Paced<S> {
    pub(super) stream: S,
    pub(super) pace: Pace,
}

impl<S: AsyncRead + Unpin> AsyncRead for Paced<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buffer);
        if buffer.filled().len() > before {
            self.pace.bytes_have_come();
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Paced<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buffer)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, buffers)
    }
}

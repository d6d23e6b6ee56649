//! A node in a process of its own, which a test may kill or freeze.
//!
//! The process is the test's own program once more, told by its environment to
//! run one test that serves as its `main`. It connects back to the test and
//! answers line by line.

use std::{
    env,
    io::{BufRead, BufReader, Write},
    net::{Ipv4Addr, TcpListener, TcpStream},
    process::Command,
    sync::Mutex,
    time::Duration,
};

use local_services::OwnedProcess;

/// Names the address at which the test waits for its child.
const PARENT: &str = "ORGHUB_TEST_PARENT";

/// A child process and the line to it.
pub struct ChildProcess {
    process: OwnedProcess,
    line: Mutex<(TcpStream, BufReader<TcpStream>)>,
}

impl ChildProcess {
    /// Starts this program again with `main`, the path of an ignored test which
    /// calls [`run_child`], as all it does; it finds `variables` by [`given_by_parent`].
    pub fn start(main: &str, variables: &[(&str, &str)]) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = listener.local_addr().expect("a bound address").to_string();
        let mut command = Command::new(env::current_exe().expect("a program knows where it is"));
        command
            .args(["--exact", main, "--ignored", "--nocapture"])
            .env(PARENT, address)
            .envs(variables.iter().copied());
        let process = OwnedProcess::start(&mut command).expect("the program starts again");
        let (stream, _) = listener.accept().expect("the child connects");
        stream.set_nodelay(true).expect("a socket");
        stream
            .set_read_timeout(Some(Duration::from_secs(30)))
            .expect("a socket");
        let reader = BufReader::new(stream.try_clone().expect("a socket"));
        Self {
            process,
            line: Mutex::new((stream, reader)),
        }
    }

    /// Sends `question` and waits for the answer; `None`: the child is dead.
    pub fn ask(&self, question: &str) -> Option<String> {
        let mut line = self.line.lock().expect("nobody panicked while asking");
        let (to_child, from_child) = &mut *line;
        writeln!(to_child, "{question}").ok()?;
        let mut answer = String::new();
        match from_child.read_line(&mut answer) {
            Ok(1..) => Some(answer.trim_end().to_owned()),
            Ok(0) => None,
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => None,
            Err(error) => panic!("no answer to {question:?}: {error}"),
        }
    }

    /// Stops it from doing anything.
    pub fn freeze(&self) {
        self.process.freeze().expect("it runs");
    }

    /// Lets it go on.
    pub fn thaw(&self) {
        self.process.thaw().expect("it runs");
    }
}

/// The child's half: does what `main` says, which ends with [`serve_parent`]. Does nothing
/// in a process that no test started.
pub fn run_child(main: impl Future<Output = ()>) {
    if env::var_os(PARENT).is_none() {
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    runtime.expect("a runtime").block_on(main);
}

/// What the test gave its child as the variable `name`.
pub fn given_by_parent(name: &str) -> String {
    env::var(name).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Answers every line with what `answer` makes of it, until the parent hangs up.
pub async fn serve_parent<Answering: Future<Output = String>>(
    mut answer: impl FnMut(String) -> Answering,
) {
    use tokio::io::{AsyncBufReadExt, AsyncWriteExt};
    let stream = tokio::net::TcpStream::connect(given_by_parent(PARENT))
        .await
        .expect("the parent listens");
    stream.set_nodelay(true).expect("a socket");
    let (from_parent, mut to_parent) = stream.into_split();
    let mut questions = tokio::io::BufReader::new(from_parent).lines();
    while let Ok(Some(question)) = questions.next_line().await {
        let answer = answer(question).await;
        if to_parent
            .write_all(format!("{answer}\n").as_bytes())
            .await
            .is_err()
        {
            return;
        }
    }
}

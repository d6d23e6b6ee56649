//! A PostgreSQL that a test may crash, bring back and promote.

use std::{
    env, fs,
    path::PathBuf,
    sync::atomic::{AtomicU32, Ordering},
};

use local_services::Postgres;

/// A database cluster of the test's own, removed with it.
pub struct PrivatePostgres {
    server: Postgres,
    data: PathBuf,
}

impl PrivatePostgres {
    /// A running, empty cluster on a free port.
    pub fn start() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("orghub-test-postgres-{}-{number}", std::process::id());
        let data = env::temp_dir().join(name);
        let server = Postgres::start_on_free_port(|port| {
            Postgres::new(port, &data)
                .set("max_connections", "60")
                .set("max_prepared_transactions", "4")
                .set("shared_buffers", "32MB")
        });
        Self {
            server: server.expect("PostgreSQL starts"),
            data,
        }
    }

    /// Where databases may be created.
    pub fn url(&self) -> String {
        self.server.url("postgres")
    }

    /// Ends it as a crash of the machine would: nobody is told.
    pub fn crash(&self) {
        self.server.crash().expect("PostgreSQL ends");
    }

    /// Starts it again with what it held.
    pub fn resume(&self) {
        self.server.start().expect("PostgreSQL starts again");
    }

    /// Ends it and brings it back as a standby takes over: the same data on a new timeline.
    pub fn fail_over(&self) {
        self.server.fail_over().expect("PostgreSQL fails over");
    }
}

impl Drop for PrivatePostgres {
    fn drop(&mut self) {
        if self.server.pid().is_some() {
            self.crash();
        }
        // What stays behind lies in the temporary folder.
        let _ = fs::remove_dir_all(&self.data);
    }
}

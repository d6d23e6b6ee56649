//! How many connections fit into what the system lets the process open.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tracing::warn;

/// Files kept back for the rest of the process: connections to PostgreSQL and Redis, files
/// being sent, the log.
const RESERVED: u64 = 256;

/// Most connections by default, however many files may be open: at some ten kilobytes each
/// they would take memory instead.
const ENOUGH: u64 = 10_000;

/// How many connections to serve at a time: `asked_for`, or what the limit on open files
/// allows. Raises that limit as far as the process itself may.
pub fn most_connections(asked_for: Option<usize>) -> usize {
    let files = raise_limit();
    let allowed = allowed(files);
    match asked_for {
        Some(asked_for) => {
            if asked_for > allowed && files.is_some_and(|files| asked_for as u64 >= files) {
                warn!(
                    asked_for,
                    open_files = files,
                    "MAX_CONNECTIONS is above the limit on open files (ulimit -n)"
                );
            }
            asked_for
        }
        None => allowed,
    }
}

fn allowed(files: Option<u64>) -> usize {
    let allowed = files.map_or(ENOUGH, |files| {
        // With a limit this low, half: something has to be left for either side.
        files.saturating_sub(RESERVED).max(files / 2).min(ENOUGH)
    });
    usize::try_from(allowed).unwrap_or(usize::MAX).max(1)
}

/// The limit on open files after it was raised; `None`: there is none.
fn raise_limit() -> Option<u64> {
    let limit = getrlimit(Resource::Nofile);
    if limit.current == limit.maximum {
        return limit.current;
    }
    let raised = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    match setrlimit(Resource::Nofile, raised) {
        Ok(()) => limit.maximum,
        Err(error) => {
            warn!(%error, "the limit on open files stays as it is");
            limit.current
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn something_is_left_for_the_rest_of_the_process() {
        assert_eq!(allowed(Some(1_024)), 768);
        assert_eq!(allowed(Some(200)), 100);
        assert_eq!(allowed(Some(1_048_576)), 10_000);
        assert_eq!(allowed(None), 10_000);
        assert_eq!(allowed(Some(1)), 1);
    }
}

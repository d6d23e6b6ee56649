use std::time::{Duration, Instant};

/// Waits until `is_so`, and says how long that took.
///
/// # Panics
/// If it is not so within `patience`: generous where nothing is claimed about speed.
pub async fn eventually(
    what: &str,
    patience: Duration,
    mut is_so: impl AsyncFnMut() -> bool,
) -> Duration {
    let began = Instant::now();
    while !is_so().await {
        assert!(
            began.elapsed() < patience,
            "{what}: not within {patience:?}"
        );
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    began.elapsed()
}

use std::time::{Duration, Instant};

/// Asks again and again until `is_so`.
///
/// # Panics
/// If it is not so when asked later than `patience` after the start. That a busy machine
/// asks late is no failure: it asks once more then.
pub async fn eventually(what: &str, patience: Duration, mut is_so: impl AsyncFnMut() -> bool) {
    let began = Instant::now();
    loop {
        let is_last = began.elapsed() >= patience;
        if is_so().await {
            return;
        }
        assert!(!is_last, "{what}: not within {patience:?}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

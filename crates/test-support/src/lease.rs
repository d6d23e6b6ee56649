use orghub::cache::Cache;

/// How often a stretch is measured again before it must be something else.
const STRETCHES: usize = 20;

/// Measures something while the node's lease holds.
///
/// What a node keeps is used only while its lease runs, and a busy machine may cost it the
/// lease. What was measured then says nothing about the node, so it is measured again.
///
/// # Panics
/// If no stretch passes without a lapse.
pub async fn under_lease<T>(cache: &Cache, mut measure: impl AsyncFnMut() -> T) -> T {
    for _ in 0..STRETCHES {
        let lapses = cache.lease_lapses();
        let outcome = measure().await;
        if cache.lease_lapses() == lapses {
            return outcome;
        }
        cache
            .wait_until_ready(std::time::Duration::from_secs(30))
            .await;
    }
    panic!("the node's lease lapsed in each of {STRETCHES} stretches");
}

//! An answer that is kept for a moment.

use std::{future::Future, sync::Arc, time::Duration};

use tokio::{sync::Mutex, time::Instant};

/// The last answer to a question that costs something. However many ask, and however
/// often, the question is asked once in the time that its answer is kept.
pub struct Kept<T> {
    time: Duration,
    last: Arc<Mutex<Last<T>>>,
}

/// When it was answered, and what.
type Last<T> = Option<(Instant, Arc<T>)>;

impl<T: Send + Sync + 'static> Kept<T> {
    /// Keeps each answer for `time`.
    pub fn new(time: Duration) -> Self {
        Self {
            time,
            last: Arc::default(),
        }
    }

    /// The last answer if it is still kept, or a new one.
    pub async fn get<Q>(&self, ask: impl FnOnce() -> Q) -> Arc<T>
    where
        Q: Future<Output = T> + Send + 'static,
    {
        // Those who come meanwhile wait here.
        let mut last = Arc::clone(&self.last).lock_owned().await;
        if let Some((at, answer)) = &*last
            && at.elapsed() < self.time
        {
            return Arc::clone(answer);
        }
        let question = ask();
        // In a task of its own: whoever hangs up does not make the next one ask again.
        let answer = tokio::spawn(async move {
            let answer = Arc::new(question.await);
            *last = Some((Instant::now(), Arc::clone(&answer)));
            answer
        });
        answer.await.expect("the question does not panic")
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use tokio::{task::JoinSet, time};

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// A question that takes a while, and tells how often it was asked.
    async fn ask(asked: Arc<AtomicU32>) -> u32 {
        let number = asked.fetch_add(1, Ordering::Relaxed) + 1;
        time::sleep(SECOND / 10).await;
        number
    }

    #[tokio::test(start_paused = true)]
    async fn a_thousand_cost_one_question_until_the_answer_is_old() {
        let (kept, asked) = (Arc::new(Kept::new(SECOND)), Arc::new(AtomicU32::new(0)));
        let mut callers = JoinSet::new();
        for _ in 0..1_000 {
            let (kept, asked) = (Arc::clone(&kept), Arc::clone(&asked));
            callers.spawn(async move { *kept.get(|| ask(asked)).await });
        }
        assert_eq!(callers.join_all().await, [1; 1_000]);
        time::advance(SECOND / 2).await;
        assert_eq!(*kept.get(|| ask(Arc::clone(&asked))).await, 1);
        time::advance(SECOND).await;
        assert_eq!(*kept.get(|| ask(Arc::clone(&asked))).await, 2);
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_hangs_up_leaves_the_answer_to_the_next() {
        let (kept, asked) = (Kept::new(SECOND), Arc::new(AtomicU32::new(0)));
        for _ in 0..5 {
            let hung_up = time::timeout(SECOND / 100, kept.get(|| ask(Arc::clone(&asked)))).await;
            assert!(hung_up.is_err());
        }
        assert_eq!(*kept.get(|| ask(Arc::clone(&asked))).await, 1);
    }
}

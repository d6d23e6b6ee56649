//! Questions to the server of which only the latest counts.

use std::{cell::Cell, rc::Rc, time::Duration};

use crate::dom::{later, spawn};

/// Counts them, so that a late answer about what was typed earlier is ignored.
#[derive(Clone, Default)]
pub(crate) struct Questions(Rc<Cell<u32>>);

impl Questions {
    /// Asks after `pause` and hands on the answer, unless there is a later question by then.
    pub(crate) fn ask<T: 'static>(
        &self,
        pause: Duration,
        question: impl Future<Output = T> + 'static,
        answered: impl FnOnce(T) + 'static,
    ) {
        self.forget();
        let (latest, mine) = (self.0.clone(), self.0.get());
        later(pause, move || {
            if latest.get() == mine {
                spawn(async move {
                    let answer = question.await;
                    if latest.get() == mine {
                        answered(answer);
                    }
                });
            }
        });
    }

    /// No answer is waited for any more.
    pub(crate) fn forget(&self) {
        self.0.set(self.0.get() + 1);
    }
}

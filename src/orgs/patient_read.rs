use std::time::Duration;

use tokio::time::sleep;

use super::Orgs;
use crate::{
    db::Reader,
    domain::UserId,
    error::{Error, Result},
};

/// A piece of a file waits for its turn so many times, a moment each, where a page would be
/// refused: whoever downloads a file has half of it already.
const PATIENCE: u32 = 20;
const MOMENT: Duration = Duration::from_millis(250);

impl Orgs {
    /// A heavy read on behalf of `user`, for a file.
    ///
    /// # Errors
    /// [`Error::TooManyAtOnce`] and [`Error::Busy`] if there was no place for several seconds;
    /// those of `read`.
    pub(super) async fn patient_read<T, R>(
        &self,
        user: UserId,
        read: impl Fn(Reader) -> R,
    ) -> Result<T>
    where
        T: Send + 'static,
        R: Future<Output = Result<T>> + Send + 'static,
    {
        let mut waits = 0;
        loop {
            match self.db.heavy_read(user, &read).await {
                Err(Error::TooManyAtOnce | Error::Busy) if waits < PATIENCE => {
                    waits += 1;
                    sleep(MOMENT).await;
                }
                outcome => return outcome,
            }
        }
    }
}

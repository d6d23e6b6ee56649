use crate::{joining::Joining, queue::Kind};

use super::clean_up::HOUR;

const NAME: &str = "joining.send_notices";

/// Tells those who answer of people who asked to join after their last mail, every hour, by
/// one node.
pub(super) fn kind(joining: &Joining) -> Kind {
    let joining = joining.clone();
    Kind::every(HOUR, NAME, move || {
        let joining = joining.clone();
        async move {
            let organizations = joining.send_notices().await?;
            tracing::info!(
                job.kind = NAME,
                organizations,
                "those who answer are told who asks to join"
            );
            Ok(())
        }
    })
}

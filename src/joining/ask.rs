use super::Joining;
use crate::{
    db::{self, Tx, activity::NewActivity, orgs::OrgForChange},
    domain::{ActivityKind, DECLINED_FOR, JoinWay, OrgId, UserId},
    error::{Error, Result},
};

/// Requests of an organization that can wait for an answer: far more than somebody who
/// answers lets come together, and few for somebody who makes accounts to be a nuisance.
const MOST_OPEN: i64 = 1_000;

/// Somebody who asks to join.
pub(super) struct Asker<'a> {
    pub id: UserId,
    pub name: &'a str,
}

impl Joining {
    /// Notes that somebody asks, and tells those who answer if it is time to. `false`: they
    /// have asked already. The caller holds the organization's row lock, and has found that
    /// they may ask, and are no member.
    ///
    /// # Errors
    /// [`Error::Conflict`] if they were declined; [`Error::LimitReached`].
    pub(super) async fn ask(
        &self,
        tx: &mut Tx,
        (id, org): (OrgId, &OrgForChange),
        asker: Asker<'_>,
        way: &JoinWay,
    ) -> Result<bool> {
        let now = self.clock.now();
        let declined_after = now - DECLINED_FOR;
        let asked = db::join_requests::find_asked(tx, id, asker.id, way, declined_after).await?;
        if asked.was_declined {
            return Err(Error::refused(
                "Your request was declined. You can ask again seven days after that.",
            ));
        }
        if db::join_requests::count_open(tx, id, MOST_OPEN).await? >= MOST_OPEN {
            return Err(Error::LimitReached(
                "Too many people have asked to join and wait for an answer. Try again in a few \
                 days."
                    .to_owned(),
            ));
        }
        if !db::join_requests::insert(tx, id, asker.id, way, now).await? {
            return Ok(false);
        }
        let activity = NewActivity {
            org: id,
            actor: Some(asker.id),
            actor_name: asker.name,
            kind: ActivityKind::JoinRequestMade,
            subject: "",
            detail: "",
        };
        db::activity::insert(tx, activity).await?;
        self.notify(tx, id, org).await?;
        Ok(true)
    }
}

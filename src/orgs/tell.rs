//! What members are told by mail when something befalls the whole organization. It may be
//! news for thousands, so a job writes the letters, some at a time.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::{Orgs, letters};
use crate::{
    db::{
        self, Tx,
        members::{Place, Recipient},
        orgs::OrgForChange,
    },
    domain::OrgId,
    error::Result,
    mail::Letter,
    queue::{Job, Kind, Outcome},
};

/// The kind of the job.
const TELL: &str = "orgs.tell";

/// Letters that one run puts into the outbox.
const BATCH: i64 = 200;

/// What there is to tell.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum News {
    /// To owners.
    Deleted { by: String, until: OffsetDateTime },
    /// To owners.
    Restored { by: String },
    /// To members without one.
    SecondFactorRequired { by: String, from: OffsetDateTime },
}

#[derive(Debug, Serialize, Deserialize)]
struct Telling {
    org: OrgId,
    news: News,
    /// Behind whom to go on.
    after: Option<Place>,
}

impl Orgs {
    /// Has the news told, in the transaction of what they are about.
    pub(super) async fn tell(&self, tx: &mut Tx, org: OrgId, news: News) -> Result<()> {
        let telling = Telling {
            org,
            news,
            after: None,
        };
        self.queue_telling(tx, &telling).await
    }

    async fn queue_telling(&self, tx: &mut Tx, telling: &Telling) -> Result<()> {
        let now = self.clock.now();
        self.queue.push(tx, TELL, telling, now, None).await?;
        Ok(())
    }

    pub(crate) fn kinds_of_jobs(&self) -> [Kind; 2] {
        let orgs = self.clone();
        let tell = move |job: Job| {
            let orgs = orgs.clone();
            async move { orgs.tell_some(&job).await }
        };
        [Kind::new(TELL, tell), self.bulk_kind()]
    }

    /// The letters, the job for the next ones and the end of this one go together: nobody is
    /// told twice.
    async fn tell_some(&self, job: &Job) -> Outcome {
        let Telling { org, news, after } = job.payload()?;
        let mut tx = self.db.begin().await?;
        if let Some(found) = db::orgs::find(&mut tx, org).await?
            && news.is_true_of(&found)
        {
            let recipients = news.list_recipients(&mut tx, org, after).await?;
            for recipient in &recipients {
                let letter = news.letter(&recipient.name, &found);
                self.mail.post(&mut tx, &recipient.email, &letter).await?;
            }
            if recipients.len() as i64 == BATCH
                && let Some(last) = recipients.last()
            {
                let after = Some((last.joined_at, last.member));
                self.queue_telling(&mut tx, &Telling { org, news, after })
                    .await?;
            }
        }
        if job.finish(&mut tx).await? {
            tx.commit_unannounced().await?;
        }
        Ok(())
    }
}

impl News {
    /// Whether it still is: much may have happened meanwhile.
    fn is_true_of(&self, org: &OrgForChange) -> bool {
        match self {
            Self::Deleted { .. } => org.deleted_at.is_some(),
            Self::Restored { .. } => org.deleted_at.is_none(),
            Self::SecondFactorRequired { from, .. } => {
                org.deleted_at.is_none() && org.second_factor_from == Some(*from)
            }
        }
    }

    async fn list_recipients(
        &self,
        tx: &mut Tx,
        org: OrgId,
        after: Option<Place>,
    ) -> Result<Vec<Recipient>> {
        match self {
            Self::Deleted { .. } | Self::Restored { .. } => {
                db::members::list_owners(tx, org, after, BATCH).await
            }
            Self::SecondFactorRequired { .. } => {
                db::members::list_to_be_barred(tx, org, after, BATCH).await
            }
        }
    }

    fn letter(&self, name: &str, org: &OrgForChange) -> Letter {
        match self {
            Self::Deleted { by, until } => letters::deleted(name, org, by, *until),
            Self::Restored { by } => letters::restored(name, org, by),
            Self::SecondFactorRequired { by, from } => {
                letters::second_factor_required(name, org, by, *from)
            }
        }
    }
}

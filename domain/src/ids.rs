//! One type per id, so that a user's id cannot stand where an organization's
//! should. All are UUIDs; those the program makes are version 7, which sort by
//! time of creation.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            #[cfg(feature = "server")]
            #[expect(clippy::new_without_default, reason = "every call makes a different id")]
            pub fn new() -> Self {
                Self(Uuid::now_v7())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }
    };
}

id!(UserId);
id!(OrgId);
id! {
    /// A membership: one user in one organization.
    MemberId
}
id! {
    /// An entry of an organization's audit log.
    ActivityId
}
id! {
    /// A message in the outbox.
    MailId
}
id! {
    /// Who a user is at a provider of sign-in.
    IdentityId
}
id! {
    /// A session, as pages and forms name it. The cookie has another id, which opens it.
    SessionId
}
id!(PasskeyId);
id!(InvitationId);
id!(JoinLinkId);
id!(JoinRequestId);
id! {
    /// A list of people to invite that was not sent yet.
    DraftId
}
id! {
    /// A change of many members at once.
    BulkChangeId
}
id! {
    /// An entry of the platform's log.
    PlatformActId
}

//! The types as the database knows them, so that queries bind and return
//! them as they are: `select role as "role: Role"`, `role as Role`.
//!
//! A text the domain does not accept is an error of the query. It can only come
//! from a newer version of the program or a change by hand.

use sqlx::{
    Decode, Encode, Postgres, Type,
    encode::IsNull,
    error::BoxDynError,
    postgres::{PgArgumentBuffer, PgHasArrayType, PgTypeInfo, PgValueRef},
};
use uuid::Uuid;

use crate::{
    ActivityId, ActivityKind, BillingInterval, BulkAction, BulkChangeId, BulkEnd, DomainPolicy,
    DraftId, Email, IdentityId, InvitationId, InvitationState, JoinLinkId, JoinRequestId,
    MailDomain, MailId, MemberId, OrgId, OrgName, OrgSlug, PasskeyId, PictureHash, Plan,
    PlatformActId, PlatformActKind, Role, RowOutcome, SessionId, SubscriptionStatus, UndoOutcome,
    UserId,
};

/// Stored as `uuid`.
macro_rules! uuid_types {
    ($($name:ty),+) => { $(
        impl Type<Postgres> for $name {
            fn type_info() -> PgTypeInfo {
                <Uuid as Type<Postgres>>::type_info()
            }
        }

        impl PgHasArrayType for $name {
            fn array_type_info() -> PgTypeInfo {
                <Uuid as PgHasArrayType>::array_type_info()
            }
        }

        impl Encode<'_, Postgres> for $name {
            fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
                <Uuid as Encode<'_, Postgres>>::encode_by_ref(&self.0, buffer)
            }
        }

        impl<'r> Decode<'r, Postgres> for $name {
            fn decode(value: PgValueRef<'r>) -> Result<Self, BoxDynError> {
                Ok(Self(<Uuid as Decode<'r, Postgres>>::decode(value)?))
            }
        }
    )+ };
}

/// Stored as `text`, read by the given function.
macro_rules! text_types {
    ($($name:ty => $parse:expr),+ $(,)?) => { $(
        impl Type<Postgres> for $name {
            fn type_info() -> PgTypeInfo {
                <str as Type<Postgres>>::type_info()
            }

            fn compatible(found: &PgTypeInfo) -> bool {
                <str as Type<Postgres>>::compatible(found)
            }
        }

        impl PgHasArrayType for $name {
            fn array_type_info() -> PgTypeInfo {
                <&str as PgHasArrayType>::array_type_info()
            }
        }

        impl Encode<'_, Postgres> for $name {
            fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
                <&str as Encode<'_, Postgres>>::encode(self.as_str(), buffer)
            }
        }

        impl<'r> Decode<'r, Postgres> for $name {
            fn decode(value: PgValueRef<'r>) -> Result<Self, BoxDynError> {
                let parse: fn(&str) -> Result<Self, BoxDynError> = $parse;
                parse(<&str as Decode<'r, Postgres>>::decode(value)?)
            }
        }
    )+ };
}

/// Stored as `bytea`.
impl Type<Postgres> for PictureHash {
    fn type_info() -> PgTypeInfo {
        <[u8] as Type<Postgres>>::type_info()
    }
}

impl<'r> Decode<'r, Postgres> for PictureHash {
    fn decode(value: PgValueRef<'r>) -> Result<Self, BoxDynError> {
        Ok(Self(
            <&[u8] as Decode<'r, Postgres>>::decode(value)?.try_into()?,
        ))
    }
}

uuid_types!(
    UserId,
    OrgId,
    MemberId,
    ActivityId,
    BulkChangeId,
    DraftId,
    IdentityId,
    InvitationId,
    JoinLinkId,
    JoinRequestId,
    MailId,
    PasskeyId,
    PlatformActId,
    SessionId
);

text_types! {
    OrgSlug => |text| Ok(Self::parse(text)?),
    OrgName => |text| Ok(Self::parse(text)?),
    Email => |text| Ok(Self::parse(text)?),
    Role => |text| Ok(text.parse()?),
    Plan => |text| Ok(text.parse()?),
    BillingInterval => |text| Ok(text.parse()?),
    InvitationState => |text| Ok(text.parse()?),
    DomainPolicy => |text| Ok(text.parse()?),
    MailDomain => |text| Ok(Self::parse(text)?),
    ActivityKind => |text| Ok(Self::parse(text)),
    PlatformActKind => |text| Ok(Self::parse(text)),
    SubscriptionStatus => |text| Ok(Self::parse(text)),
    BulkAction => |text| Ok(text.parse()?),
    BulkEnd => |text| Ok(text.parse()?),
    RowOutcome => |text| Ok(text.parse()?),
    UndoOutcome => |text| Ok(text.parse()?),
}

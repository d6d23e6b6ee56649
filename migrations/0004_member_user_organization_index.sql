-- no-transaction
-- The one critical index: "is this user a member here, and in which role?" on every
-- request. Unique, because a user is a member of an organization once.
create unique index concurrently if not exists member_user_id_organization_id_key on member (user_id, organization_id);

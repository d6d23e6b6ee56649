-- no-transaction
-- The one critical index: "is this person a member here, and as what?" on every
-- request. Unique, because one person is a member of an organization once.
create unique index concurrently if not exists member_user_id_organization_id_key on member (user_id, organization_id);

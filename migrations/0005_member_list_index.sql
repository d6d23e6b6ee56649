-- no-transaction
-- The member list, newest first with the id as tie-break; cascades and owner
-- look-ups use it too.
create index concurrently if not exists member_organization_id_created_at_id_idx on member (organization_id, created_at desc, id desc);

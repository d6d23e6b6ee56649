-- no-transaction
-- "Who owns this organization?" without walking its 10,000 members.
create index concurrently if not exists member_owner_idx on member (organization_id, created_at) where role = 'owner';

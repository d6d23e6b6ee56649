-- no-transaction
-- The member list by when members were last active.
create index concurrently if not exists member_use_active_idx on member_use
    (organization_id, class, last_active_at desc, joined_at desc, member_id desc);

-- Changes of many members at once (src/orgs/bulk/mod.rs): what was asked for, and what became
-- of each member who was meant. They are kept for a week.
create table bulk_change (
    id              uuid        primary key,
    organization_id uuid        not null references organization (id) on delete cascade,
    -- Who asked for it.
    user_id         uuid        not null references users (id) on delete cascade,
    -- The role that members get, or `suspend`, or `remove`.
    action          text        not null,
    created_at      timestamptz not null,
    -- How and when it ended; null: it goes on.
    ended_as        text,
    ended_at        timestamptz,
    -- Who takes it back, and how and when that ended.
    undo_user_id    uuid        references users (id) on delete cascade,
    undo_ended_as   text,
    undo_ended_at   timestamptz,
    constraint bulk_change_end_is_whole check ((ended_as is null) = (ended_at is null)),
    constraint bulk_change_undo_end_is_whole check ((undo_ended_as is null) = (undo_ended_at is null)),
    constraint bulk_change_undo_follows check (undo_user_id is null or ended_at is not null)
);

-- One at a time in an organization.
create unique index bulk_change_under_way_idx on bulk_change (organization_id) where ended_at is null;
create index bulk_change_organization_id_idx on bulk_change (organization_id, created_at desc, id desc);
create index bulk_change_user_id_idx on bulk_change (user_id);
create index bulk_change_undo_user_id_idx on bulk_change (undo_user_id) where undo_user_id is not null;
create index bulk_change_created_at_idx on bulk_change (created_at);

-- Who is meant, and what they were, so that it can be taken back. Neither the membership nor
-- the account is referenced: the one may go by this very change, and to reference the other
-- would lock thousands of accounts while the organization's row is locked, the wrong way round.
create table bulk_change_row (
    bulk_change_id uuid        not null references bulk_change (id) on delete cascade,
    position       integer     not null,
    member_id      uuid        not null,
    user_id        uuid        not null,
    role           text        not null,
    joined_at      timestamptz not null,
    suspended_at   timestamptz,
    last_active_at timestamptz,
    -- What became of it; null: nothing yet.
    outcome        text,
    changed_at     timestamptz,
    -- And of taking it back.
    undo_outcome   text,
    primary key (bulk_change_id, position)
) with (fillfactor = 70);

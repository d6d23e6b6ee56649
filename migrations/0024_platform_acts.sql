-- What platform admins did, newest first. An entry names its actor without referring to the
-- user, so that it stays as it was written when that account is gone.
create table platform_act (
    id         uuid        primary key,
    actor_id   uuid        not null,
    actor_name text        not null,
    kind       text        not null,
    subject    text        not null default '',
    detail     text        not null default '',
    -- The network address the request came from.
    address    text,
    created_at timestamptz not null
);

create index platform_act_list_idx on platform_act (created_at desc, id desc);

-- Whoever may act must not be able to have not acted: the program has no statement that
-- changes an entry, and neither may a mistake.
create function platform_act_stays() returns trigger language plpgsql as $$
begin
    raise exception 'entries of platform_act are neither changed nor removed';
end $$;

create trigger platform_act_stays before update or delete or truncate on platform_act
    for each statement execute function platform_act_stays();

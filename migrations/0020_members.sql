-- Ownership that is offered and waits for its receiver, and when members were last active.

-- At most one offer an organization. It goes with the membership of either, and ends when
-- either gets another role or is suspended, whoever wrote that: what was offered among owner
-- and member is not what would be taken later.
create table ownership_transfer (
    organization_id uuid        primary key references organization (id) on delete cascade,
    from_member     uuid        not null references member (id) on delete cascade,
    to_member       uuid        not null references member (id) on delete cascade,
    created_at      timestamptz not null,
    -- After this it is worth nothing, and the next offer takes its place.
    expires_at      timestamptz not null,
    constraint ownership_transfer_between_two check (from_member <> to_member)
);

create index ownership_transfer_from_member_idx on ownership_transfer (from_member);
create index ownership_transfer_to_member_idx on ownership_transfer (to_member);

create function ownership_transfer_ends() returns trigger language plpgsql as $$
begin
    delete from ownership_transfer where from_member = new.id or to_member = new.id;
    return null;
end $$;

create trigger member_ends_its_ownership_transfer
    after update of role, suspended_at on member
    for each row
    when ((old.role, old.suspended_at) is distinct from (new.role, new.suspended_at))
    execute function ownership_transfer_ends();

-- The overview shows the offer to its receiver; it depends on the organization's members
-- anyway.
select cache_watch('ownership_transfer', 'insert,update,delete', $$'ml:' || r.organization_id$$);

-- When a member was last active, to the hour. In a table of its own: a row of `member` that
-- changes ends what every node remembers of the membership. What shows it may be as old as a
-- cached page gets.
create table member_use (
    member_id      uuid        primary key references member (id) on delete cascade,
    last_active_at timestamptz not null
);

-- As in 0011, and the member lists show a picture and say who has a second factor.
create or replace function cache_log_users() returns trigger language plpgsql as $$
declare
    fine text[];
begin
    if tg_op = 'DELETE' then
        select array_agg('p:' || id) || array_agg('su:' || id) into fine from old_rows;
    else
        select array_agg(scope) into fine from (
            select 'p:' || n.id as scope
            from new_rows n
            union all
            select 'su:' || n.id
            from new_rows n
            join old_rows o using (id)
            where n.session_epoch <> o.session_epoch
            union all
            select distinct 'ml:' || m.organization_id
            from new_rows n
            join old_rows o using (id)
            join member m on m.user_id = n.id
            where (n.name, n.email, n.picture, n.second_factor_at is null)
                is distinct from (o.name, o.email, o.picture, o.second_factor_at is null)
        ) changed;
    end if;
    perform cache_log_write(fine, null);
    return null;
end $$;

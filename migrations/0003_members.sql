create table member (
    id              uuid        primary key,
    organization_id uuid        not null references organization (id) on delete cascade,
    user_id         uuid        not null references users (id) on delete cascade,
    role            text        not null constraint member_role check (role in ('owner', 'admin', 'member')),
    created_at      timestamptz not null default now()
);

-- Exact totals in O(1): one row per organization, kept by the statements that
-- change memberships, whoever wrote them.
create table organization_member_count (
    organization_id uuid   primary key references organization (id) on delete cascade,
    members         bigint not null constraint organization_member_count_not_negative check (members >= 0)
);

-- Rows are taken in the order of their ids, so that two statements touching
-- several organizations cannot deadlock on the counters.
create function member_count_on_insert() returns trigger language plpgsql as $$
begin
    insert into organization_member_count (organization_id, members)
    select organization_id, count(*) from new_rows group by organization_id order by organization_id
    on conflict (organization_id) do update
        set members = organization_member_count.members + excluded.members;
    return null;
end $$;

create function member_count_on_delete() returns trigger language plpgsql as $$
begin
    with gone as (
        select organization_id, count(*) as members from old_rows group by organization_id
    ), locked as (
        select c.organization_id from organization_member_count c
        join gone using (organization_id)
        order by c.organization_id
        for update of c
    )
    update organization_member_count c set members = c.members - gone.members
    from gone join locked using (organization_id)
    where c.organization_id = gone.organization_id;
    return null;
end $$;

create function member_stays_in_its_organization() returns trigger language plpgsql as $$
begin
    raise exception 'a membership does not move: delete it and insert another';
end $$;

create trigger member_counted_in after insert on member
    referencing new table as new_rows
    for each statement execute function member_count_on_insert();

create trigger member_counted_out after delete on member
    referencing old table as old_rows
    for each statement execute function member_count_on_delete();

create trigger member_does_not_move before update of organization_id, user_id on member
    for each row when (old.organization_id <> new.organization_id or old.user_id <> new.user_id)
    execute function member_stays_in_its_organization();

-- What member lists are sorted, filtered and searched by, so that every list begins with a
-- range of an index, however many members there are. Names and second factors are of `users`,
-- and when members were active is of `member_use`: triggers keep the copies in step, whoever
-- writes. The table is no source of anything, and the cache does not watch it: what changes it
-- is logged where it is written.
--
-- Filling it holds up writes of members and users, a million members for half a minute. Nothing
-- was released yet; later it would be filled in batches.

-- The characters of a text in threes, as numbers, for one organization. A search of three
-- characters or more looks for all of its own. (Not pg_trgm: in a cluster of locale C that
-- knows no letters but ASCII, and it knows no signs anywhere.) Not safe in parallel on purpose:
-- starting helpers takes longer than any search.
create function search_grams(organization uuid, key text) returns bigint[]
language sql immutable strict parallel unsafe
return (
    select array_agg(distinct hashtextextended(substr(key, at, 3), uuid_hash_extended(organization, 0)))
    from generate_series(1, char_length(key) - 2) as at
);

-- Those of them that a search looks for: every second, and the last. The rest overlap them and
-- would rule out few more, but the index is asked for each in turn: a name that begins as all
-- 400,000 do took 3.2 ms by all of them and takes 2.0 by these. By every third it takes 1.3; but
-- "terster" has only two then, and the index leads to everybody with a "ster".
create function searched_grams(organization uuid, key text) returns bigint[]
language sql immutable strict parallel unsafe
return (
    select array_agg(distinct hashtextextended(substr(key, at, 3), uuid_hash_extended(organization, 0)))
    from generate_series(1, char_length(key) - 2) as at
    where (at - 1) % 2 = 0 or at = char_length(key) - 2
);

-- Whether a search finds a text, by the keys of both: in any place, or, for one or two
-- characters, where it begins. Every search of members asks this.
-- (Not strict, which would keep statements from taking it in.)
create function search_meets(search_key text, key text) returns boolean
language sql immutable parallel safe
return case
    when char_length(key) < 3 then starts_with(search_key, key)
    else strpos(search_key, key) > 0
end;

create table member_list (
    member_id        uuid        primary key references member (id) on delete cascade,
    organization_id  uuid        not null references organization (id) on delete cascade,
    joined_at        timestamptz not null,
    -- From 0, a member, to 3, an owner.
    power            smallint    not null,
    is_suspended     boolean     not null,
    has_no_factor    boolean     not null,
    was_never_active boolean     not null default true,
    -- The four together, from 0 to 31. A list shows some of these classes.
    class            smallint    not null generated always as (
        power * 8::smallint
            + is_suspended::int::smallint * 4::smallint
            + has_no_factor::int::smallint * 2::smallint
            + was_never_active::int::smallint
    ) stored,
    -- What is found: `search_key` of the user, name and address in two lines. An entry of an index
    -- takes 2,700 bytes, so of it the first 500 characters, and of the name 100. That is all of
    -- both, unless somebody's name is written in characters that stand for several.
    search_key       text        collate "C" not null,
    -- What is sorted by name: its first line.
    name_key         text        collate "C" not null
        generated always as (left(split_part(search_key, E'\n', 1), 100)) stored
);

-- Both have the text, so that a search that meets many reads nothing else.
create index member_list_joined_idx on member_list
    (organization_id, class, joined_at desc, member_id desc) include (search_key);
create index member_list_name_idx on member_list
    (organization_id, class, name_key, member_id) include (search_key);

create function member_power(role text) returns smallint language sql immutable strict parallel safe
return array_position(array['member', 'billing', 'admin', 'owner'], role) - 1;

-- Whoever joins while their name changes is listed by the new one: this waits for a change under
-- way (member_list_on_user), which waits for whoever joined before.
create function member_list_on_insert() returns trigger language plpgsql as $$
begin
    perform 1 from users where id in (select user_id from new_rows) order by id for key share;
    insert into member_list (
        member_id, organization_id, joined_at, power, is_suspended, has_no_factor,
        was_never_active, search_key
    )
    select
        n.id,
        n.organization_id,
        n.created_at,
        member_power(n.role),
        n.suspended_at is not null,
        users.second_factor_at is null,
        not exists (select from member_use where member_id = n.id),
        left(users.search_key, 500)
    from new_rows n
    join users on users.id = n.user_id;
    -- One statement may write both, and which of the two is told first is not said.
    update member_use
    set organization_id = member_list.organization_id,
        class = member_list.class,
        joined_at = member_list.joined_at
    from member_list
    where member_use.member_id in (select id from new_rows)
        and member_list.member_id = member_use.member_id;
    return null;
end $$;

create trigger member_listed after insert on member
    referencing new table as new_rows
    for each statement execute function member_list_on_insert();

create function member_list_on_update() returns trigger language plpgsql as $$
begin
    update member_list
    set joined_at = new.created_at,
        power = member_power(new.role),
        is_suspended = new.suspended_at is not null
    where member_id = new.id;
    return null;
end $$;

create trigger member_listed_anew after update on member
    for each row
    when (
        (old.created_at, old.role, old.suspended_at is null)
            is distinct from (new.created_at, new.role, new.suspended_at is null)
    )
    execute function member_list_on_update();

-- Rows are taken in the order of their ids, so that two who take several cannot deadlock.
create function member_list_on_user() returns trigger language plpgsql as $$
begin
    perform 1 from users where id = new.id for update;
    perform 1
    from member_list
    where member_id in (select id from member where user_id = new.id)
    order by member_id
    for update;
    update member_list
    set has_no_factor = new.second_factor_at is null,
        search_key = left(new.search_key, 500)
    where member_id in (select id from member where user_id = new.id);
    return null;
end $$;

create trigger users_listed_anew after update on users
    for each row
    when (
        (old.search_key, old.second_factor_at is null)
            is distinct from (new.search_key, new.second_factor_at is null)
    )
    execute function member_list_on_user();

-- By when they were active members are sorted in `member_use`, which changes every hour; here
-- are its copies of the rest. A row gets them with its first use, and has all of them then.
alter table member_use
    add column organization_id uuid references organization (id) on delete cascade;
alter table member_use add column class smallint;
alter table member_use add column joined_at timestamptz;

create function member_use_on_insert() returns trigger language plpgsql as $$
begin
    -- Its row here gets the copies by the trigger below.
    update member_list set was_never_active = false where member_id = new.member_id;
    return null;
end $$;

create trigger member_use_listed after insert on member_use
    for each row execute function member_use_on_insert();

create function member_use_on_delete() returns trigger language plpgsql as $$
begin
    update member_list set was_never_active = true where member_id = old.member_id;
    return null;
end $$;

create trigger member_use_unlisted after delete on member_use
    for each row execute function member_use_on_delete();

create function member_use_follows() returns trigger language plpgsql as $$
begin
    update member_use
    set organization_id = new.organization_id,
        class = new.class,
        joined_at = new.joined_at
    where member_id = new.member_id;
    return null;
end $$;

create trigger member_list_use_follows after update on member_list
    for each row
    when (
        not new.was_never_active and (old.class, old.joined_at) is distinct from (new.class, new.joined_at)
    )
    execute function member_use_follows();

insert into member_list (
    member_id, organization_id, joined_at, power, is_suspended, has_no_factor, was_never_active, search_key
)
select
    member.id,
    member.organization_id,
    member.created_at,
    member_power(member.role),
    member.suspended_at is not null,
    users.second_factor_at is null,
    member_use.member_id is null,
    left(users.search_key, 500)
from member
join users on users.id = member.user_id
left join member_use on member_use.member_id = member.id;

update member_use
set organization_id = member_list.organization_id,
    class = member_list.class,
    joined_at = member_list.joined_at
from member_list
where member_list.member_id = member_use.member_id;

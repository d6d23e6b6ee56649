-- The audit log as people read it, and what keeps the server's role (docs/security.md) from
-- rewriting it.

-- From where it was done: the client's address, as limits and the list of sessions know it.
-- Null for what nobody in a browser did, such as Stripe.
alter table activity add column address text;

-- What a search for a name looks at: who did it, and to whom. As in `users`. (It writes the
-- table anew, and none of them is released yet.)
alter table activity add column search_key text collate "C" not null
    generated always as (text_key(actor_name || E'\n' || subject)) stored;

-- Rare kinds, without walking past all others. (Nothing is released yet, so the three stand
-- in this file.)
create index activity_kind_idx on activity (organization_id, kind, created_at desc, id desc);
-- What is too old to be kept. By days: an index of moments would tempt the planner to look for
-- one organization's newest entries among everybody's.
create index activity_day_idx on activity (((created_at at time zone 'UTC')::date));
-- A deleted user is taken out of the entries that name them.
create index activity_actor_id_idx on activity (actor_id);

-- The server's role may add to `activity` and nothing else. What it may have removed is what
-- is old, and never the last 90 days, whatever it asks for: an intruder finds no way to take
-- away their own traces. The body was parsed here and now, so that the names in it mean these
-- tables whoever calls it.
create function delete_old_activity(before timestamptz, at_most integer) returns bigint
language sql security definer
begin atomic
    with old as (
        select id
        from activity
        where (created_at at time zone 'UTC')::date
            < (least(before, now() - interval '90 days') at time zone 'UTC')::date
        order by (created_at at time zone 'UTC')::date
        limit at_most
        for update skip locked
    ), deleted as (
        delete from activity using old where activity.id = old.id
        returning activity.id
    )
    select count(*) from deleted;
end;

-- Nor may it truncate anything but this.
create function end_all_sessions() returns void language plpgsql security definer as $$
begin
    truncate session, session_use;
end $$;

-- Temporary tables come last: a caller's own must not take the place of ours.
do $$ begin
    execute format('alter function end_all_sessions() set search_path = %I, pg_temp', current_schema());
end $$;

revoke execute on function delete_old_activity(timestamptz, integer) from public;
revoke execute on function end_all_sessions() from public;

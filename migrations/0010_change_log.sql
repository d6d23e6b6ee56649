-- The change log, written by the transactions that change something, and the nodes
-- that read it. docs/caching.md explains the whole.
create table cache_log (
    xid    xid8        not null default pg_current_xact_id(),
    scopes text[]      not null,
    at     timestamptz not null default clock_timestamp()
);

create index cache_log_xid_idx on cache_log (xid);

-- Every node that may be using cached values, until when, and what it has applied.
-- A logged table on purpose: a registry that a crash empties is useless.
create table cache_node (
    id          uuid        primary key,
    lease_until timestamptz not null,
    applied     pg_snapshot not null
);

-- One row a minute: "everything below this xid is older than that time". It tells the
-- janitor how far the log may be cut.
create table cache_watermark (
    at            timestamptz primary key default clock_timestamp(),
    snapshot_xmin xid8        not null default pg_snapshot_xmin(pg_current_snapshot())
);

-- The one row that says from where on the log is complete.
create table cache_floor (
    one           boolean primary key default true constraint cache_floor_is_one_row check (one),
    snapshot_xmin xid8    not null
);

insert into cache_floor (snapshot_xmin) values (pg_snapshot_xmin(pg_current_snapshot()));

-- What must be watched. Rows are written by `cache_watch` only; the server compares them
-- with the triggers there are when it starts and ever after.
create table cache_watched (
    table_name   text not null,
    event        text not null constraint cache_watched_event
        check (event in ('insert', 'update', 'delete', 'truncate')),
    trigger_name text not null,
    primary key (table_name, event)
);

-- `fine` names exactly what changed. A statement that changes more than 256 things is
-- logged in the coarser terms of `coarse`; if those are too many as well, or missing, as
-- "everything".
create function cache_log_write(fine text[], coarse text[]) returns void language plpgsql as $$
declare
    scopes text[] := fine;
begin
    if cardinality(scopes) > 256 then
        scopes := coalesce(coarse, '{*}');
        if cardinality(scopes) > 256 then
            scopes := '{*}';
        end if;
    end if;
    if cardinality(scopes) > 0 then
        insert into cache_log (scopes) values (scopes);
    end if;
end $$;

-- The trigger function of most tables. Its arguments are SQL over a changed row `r`, old
-- or new: the scopes, and, if there are any, the coarser ones.
create function cache_log_rows() returns trigger language plpgsql as $$
declare
    rows constant text := case tg_op
        when 'INSERT' then 'select * from new_rows'
        when 'DELETE' then 'select * from old_rows'
        else 'select * from old_rows union all select * from new_rows'
    end;
    scopes_of constant text :=
        'select array_agg(distinct s.scope) from (%s) as r '
        'cross join lateral unnest(array[%s]) as s(scope)';
    fine   text[];
    coarse text[];
begin
    execute format(scopes_of, rows, tg_argv[0]) into fine;
    fine := array_remove(fine, null);
    if cardinality(fine) > 256 and tg_nargs > 1 then
        execute format(scopes_of, rows, tg_argv[1]) into coarse;
        -- A row without a coarser scope is covered by "everything" only.
        if array_position(coarse, null) is not null then
            coarse := null;
        end if;
    end if;
    perform cache_log_write(fine, coarse);
    return null;
end $$;

-- A truncated table says nothing about its rows.
create function cache_log_truncate() returns trigger language plpgsql as $$
begin
    perform cache_log_write('{*}', null);
    return null;
end $$;

-- Watches a table: creates one statement trigger per event (and one for TRUNCATE) and
-- records them in `cache_watched`.
--
--   watched  the table
--   events   'insert', 'update', 'delete', separated by commas
--   fine     scopes of a changed row `r`, as SQL, separated by commas
--   coarse   scopes to log instead when there are too many; without it: everything
--   logger   another trigger function, for what needs old and new rows side by side;
--            it gets transition tables `old_rows` and `new_rows` as the event has them
create function cache_watch(
    watched regclass,
    events  text,
    fine    text default null,
    coarse  text default null,
    logger  text default 'cache_log_rows'
) returns void language plpgsql as $$
declare
    name      constant text := (select relname from pg_class where oid = watched);
    arguments constant text := concat_ws(', ', quote_literal(fine), quote_literal(coarse));
    watched_event text;
    trigger_name  text;
begin
    foreach watched_event in array string_to_array(events, ',') loop
        watched_event := btrim(watched_event);
        trigger_name := format('%s_cache_%s', name, watched_event);
        execute format(
            'create or replace trigger %I after %s on %s referencing %s for each statement '
            'execute function %I(%s)',
            trigger_name,
            watched_event,
            watched,
            case watched_event
                when 'insert' then 'new table as new_rows'
                when 'delete' then 'old table as old_rows'
                else 'old table as old_rows new table as new_rows'
            end,
            logger,
            arguments
        );
        insert into cache_watched values (name, watched_event, trigger_name);
    end loop;
    trigger_name := format('%s_cache_truncate', name);
    execute format(
        'create or replace trigger %I after truncate on %s for each statement '
        'execute function cache_log_truncate()',
        trigger_name,
        watched
    );
    insert into cache_watched values (name, 'truncate', trigger_name)
    on conflict (table_name, event) do nothing;
end $$;

-- The record of what changed, written by the transaction that changed it, and
-- the nodes that read it. docs/caching.md tells the whole story.
create table cache_log (
    xid    xid8        not null default pg_current_xact_id(),
    scopes text[]      not null,
    at     timestamptz not null default clock_timestamp()
);

create index cache_log_xid_idx on cache_log (xid);

-- Every node that may be using cached copies, until when, and what it has seen.
-- Logged on purpose: a registry that a crash empties is no registry.
create table cache_node (
    id          uuid        primary key,
    lease_until timestamptz not null,
    applied     pg_snapshot not null
);

-- One row a minute of "everything below this xid is older than that time"; the
-- janitor finds in it how far the log may be cut.
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

-- `fine` names exactly what changed. A statement that touches more than 256
-- things is told in the coarser words of `coarse`, and where those are too many
-- as well (or do not cover it: null), as "everything".
create function cache_log_write(fine text[], coarse text[]) returns void language plpgsql as $$
declare
    told text[] := fine;
begin
    if cardinality(told) > 256 then
        told := coalesce(coarse, '{*}');
        if cardinality(told) > 256 then
            told := '{*}';
        end if;
    end if;
    if cardinality(told) > 0 then
        insert into cache_log (scopes) values (told);
    end if;
end $$;

-- A truncated table says nothing of its rows.
create function cache_log_truncate() returns trigger language plpgsql as $$
begin
    perform cache_log_write('{*}', null);
    return null;
end $$;

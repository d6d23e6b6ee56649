-- Which change ends the cached values of which scope. The scopes are those of
-- `orghub::cache::Scope`; docs/caching.md explains each.

select cache_watch('session', 'insert,update', $$'ses:' || encode(r.id_hash, 'hex')$$);
select cache_watch('session', 'delete', $$'ses:' || encode(r.id_hash, 'hex')$$, $$'su:' || r.user_id$$);

select cache_watch('organization_slug', 'insert,update,delete', $$'s:' || r.slug$$);

-- A bulk insert has no coarser terms for "these users' lists grew" than everything.
select cache_watch(
    'member', 'insert',
    $$'m:' || r.organization_id || ':' || r.user_id, 'u:' || r.user_id, 'ml:' || r.organization_id$$
);
select cache_watch(
    'member', 'update,delete',
    $$'m:' || r.organization_id || ':' || r.user_id, 'u:' || r.user_id, 'ml:' || r.organization_id$$,
    $$'o:' || r.organization_id, 'ml:' || r.organization_id$$
);

-- Pending invitations take seats, which the subscription page shows.
select cache_watch('subscription', 'insert,update,delete', $$'sub:' || r.organization_id$$);
select cache_watch('limit_override', 'insert,update,delete', $$'sub:' || r.organization_id$$);
select cache_watch('invitation', 'insert,update,delete', $$'sub:' || r.organization_id$$);

select cache_watch('activity', 'insert,update,delete', $$'a:' || r.organization_id$$);

-- users: the profile; all sessions, if the epoch rose; the member lists that show the name
-- or the address, if one of them changed. A deleted user's memberships and sessions are
-- logged by their own tables, by cascade.
create function cache_log_users() returns trigger language plpgsql as $$
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
            where (n.name, n.email) is distinct from (o.name, o.email)
        ) changed;
    end if;
    perform cache_log_write(fine, null);
    return null;
end $$;

select cache_watch('users', 'update,delete', logger => 'cache_log_users');

-- organization: the row. Its slugs are logged by organization_slug, except that a rename
-- changes what both the old and the new one lead to.
create function cache_log_organization() returns trigger language plpgsql as $$
declare
    fine   text[];
    coarse text[];
begin
    if tg_op = 'DELETE' then
        select array_agg('o:' || id) || array_agg('s:' || slug) into fine from old_rows;
    else
        select
            array_agg('o:' || n.id)
                || coalesce(array_agg('s:' || n.slug) filter (where n.slug <> o.slug), '{}')
                || coalesce(array_agg('s:' || o.slug) filter (where n.slug <> o.slug), '{}'),
            case when bool_and(n.slug = o.slug) then array_agg('o:' || n.id) end
        into fine, coarse
        from new_rows n
        join old_rows o using (id);
    end if;
    perform cache_log_write(fine, coarse);
    return null;
end $$;

select cache_watch('organization', 'update,delete', logger => 'cache_log_organization');

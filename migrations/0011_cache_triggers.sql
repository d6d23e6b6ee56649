-- Which change invalidates which scope. The vocabulary is that of
-- `orghub::cache::keys::Scope`; the server compares the triggers below with its
-- own list when it starts and does not serve without them.

-- users: `p:` profile; `su:` all sessions, only when the epoch rose; `ml:` member
-- lists that show the name or the address.
create function cache_log_users() returns trigger language plpgsql as $$
declare
    fine text[];
begin
    if tg_op = 'DELETE' then
        select array_agg('p:' || id) || array_agg('su:' || id) into fine from old_rows;
        -- Sessions, memberships and what depends on them speak for themselves, by cascade.
        perform cache_log_write(fine, null);
        return null;
    end if;
    select array_agg(scope) into fine from (
        select 'p:' || n.id as scope from new_rows n
        union all
        select 'su:' || n.id from new_rows n join old_rows o using (id)
        where n.session_epoch <> o.session_epoch
        union all
        select distinct 'ml:' || m.organization_id
        from new_rows n join old_rows o using (id) join member m on m.user_id = n.id
        where (n.name, n.email) is distinct from (o.name, o.email)
    ) changed;
    perform cache_log_write(fine, null);
    return null;
end $$;

create trigger users_cache_update after update on users
    referencing old table as old_rows new table as new_rows
    for each statement execute function cache_log_users();
create trigger users_cache_delete after delete on users
    referencing old table as old_rows
    for each statement execute function cache_log_users();
create trigger users_cache_truncate after truncate on users
    for each statement execute function cache_log_truncate();

-- session: `ses:` by the hash of its id. Inserts as well: "no such session" is
-- cached too.
create function cache_log_session() returns trigger language plpgsql as $$
declare
    fine text[];
    coarse text[];
begin
    if tg_op = 'DELETE' then
        select array_agg('ses:' || encode(id_hash, 'hex')), array_agg(distinct 'su:' || user_id)
        into fine, coarse from old_rows;
    elsif tg_op = 'UPDATE' then
        select array_agg('ses:' || encode(id_hash, 'hex')), null
        into fine, coarse
        from (select id_hash from old_rows union select id_hash from new_rows) changed;
    else
        select array_agg('ses:' || encode(id_hash, 'hex')), null
        into fine, coarse from new_rows;
    end if;
    perform cache_log_write(fine, case when array_position(coarse, null) is null then coarse end);
    return null;
end $$;

create trigger session_cache_insert after insert on session
    referencing new table as new_rows
    for each statement execute function cache_log_session();
create trigger session_cache_update after update on session
    referencing old table as old_rows new table as new_rows
    for each statement execute function cache_log_session();
create trigger session_cache_delete after delete on session
    referencing old table as old_rows
    for each statement execute function cache_log_session();
create trigger session_cache_truncate after truncate on session
    for each statement execute function cache_log_truncate();

-- organization: `o:` the row; the slugs speak through organization_slug, except
-- that a rename changes what both of its slugs lead to.
create function cache_log_organization() returns trigger language plpgsql as $$
declare
    fine text[];
    coarse text[];
begin
    if tg_op = 'DELETE' then
        select array_agg('o:' || id) || array_agg('s:' || slug), null into fine, coarse from old_rows;
    else
        select array_agg('o:' || n.id)
            || coalesce(array_agg('s:' || n.slug) filter (where n.slug <> o.slug), '{}')
            || coalesce(array_agg('s:' || o.slug) filter (where n.slug <> o.slug), '{}'),
            case when bool_and(n.slug = o.slug) then array_agg('o:' || n.id) end
        into fine, coarse from new_rows n join old_rows o using (id);
    end if;
    perform cache_log_write(fine, coarse);
    return null;
end $$;

create trigger organization_cache_update after update on organization
    referencing old table as old_rows new table as new_rows
    for each statement execute function cache_log_organization();
create trigger organization_cache_delete after delete on organization
    referencing old table as old_rows
    for each statement execute function cache_log_organization();
create trigger organization_cache_truncate after truncate on organization
    for each statement execute function cache_log_truncate();

-- organization_slug: `s:` a slug starts or stops meaning something.
create function cache_log_organization_slug() returns trigger language plpgsql as $$
declare
    fine text[];
begin
    if tg_op = 'DELETE' then
        select array_agg('s:' || slug) into fine from old_rows;
    elsif tg_op = 'UPDATE' then
        select array_agg('s:' || slug) into fine
        from (select slug from old_rows union select slug from new_rows) changed;
    else
        select array_agg('s:' || slug) into fine from new_rows;
    end if;
    perform cache_log_write(fine, null);
    return null;
end $$;

create trigger organization_slug_cache_insert after insert on organization_slug
    referencing new table as new_rows
    for each statement execute function cache_log_organization_slug();
create trigger organization_slug_cache_update after update on organization_slug
    referencing old table as old_rows new table as new_rows
    for each statement execute function cache_log_organization_slug();
create trigger organization_slug_cache_delete after delete on organization_slug
    referencing old table as old_rows
    for each statement execute function cache_log_organization_slug();
create trigger organization_slug_cache_truncate after truncate on organization_slug
    for each statement execute function cache_log_truncate();

-- member: `m:` that membership, `ml:` the organization's lists and totals, `u:`
-- the person's list of organizations. A bulk insert has no coarser words for
-- "these people's lists grew" than everything.
create function cache_log_member() returns trigger language plpgsql as $$
declare
    fine text[];
    coarse text[];
begin
    if tg_op = 'INSERT' then
        select array_agg('m:' || organization_id || ':' || user_id)
            || array_agg(distinct 'u:' || user_id) || array_agg(distinct 'ml:' || organization_id),
            null
        into fine, coarse from new_rows;
    elsif tg_op = 'UPDATE' then
        select array_agg('m:' || organization_id || ':' || user_id)
            || array_agg(distinct 'u:' || user_id) || array_agg(distinct 'ml:' || organization_id),
            array_agg(distinct 'o:' || organization_id) || array_agg(distinct 'ml:' || organization_id)
        into fine, coarse from new_rows;
    else
        select array_agg('m:' || organization_id || ':' || user_id)
            || array_agg(distinct 'u:' || user_id) || array_agg(distinct 'ml:' || organization_id),
            array_agg(distinct 'o:' || organization_id) || array_agg(distinct 'ml:' || organization_id)
        into fine, coarse from old_rows;
    end if;
    perform cache_log_write(fine, coarse);
    return null;
end $$;

create trigger member_cache_insert after insert on member
    referencing new table as new_rows
    for each statement execute function cache_log_member();
create trigger member_cache_update after update on member
    referencing new table as new_rows
    for each statement execute function cache_log_member();
create trigger member_cache_delete after delete on member
    referencing old table as old_rows
    for each statement execute function cache_log_member();
create trigger member_cache_truncate after truncate on member
    for each statement execute function cache_log_truncate();

-- subscription, limit_override, invitation: `sub:` everything the subscription
-- view shows, seats taken by pending invitations included.
create function cache_log_subscription() returns trigger language plpgsql as $$
declare
    fine text[];
begin
    if tg_op = 'DELETE' then
        select array_agg(distinct 'sub:' || organization_id) into fine from old_rows;
    elsif tg_op = 'UPDATE' then
        select array_agg(distinct 'sub:' || organization_id) into fine
        from (select organization_id from old_rows union select organization_id from new_rows) changed;
    else
        select array_agg(distinct 'sub:' || organization_id) into fine from new_rows;
    end if;
    perform cache_log_write(fine, null);
    return null;
end $$;

create trigger subscription_cache_insert after insert on subscription
    referencing new table as new_rows
    for each statement execute function cache_log_subscription();
create trigger subscription_cache_update after update on subscription
    referencing old table as old_rows new table as new_rows
    for each statement execute function cache_log_subscription();
create trigger subscription_cache_delete after delete on subscription
    referencing old table as old_rows
    for each statement execute function cache_log_subscription();
create trigger subscription_cache_truncate after truncate on subscription
    for each statement execute function cache_log_truncate();

create trigger limit_override_cache_insert after insert on limit_override
    referencing new table as new_rows
    for each statement execute function cache_log_subscription();
create trigger limit_override_cache_update after update on limit_override
    referencing old table as old_rows new table as new_rows
    for each statement execute function cache_log_subscription();
create trigger limit_override_cache_delete after delete on limit_override
    referencing old table as old_rows
    for each statement execute function cache_log_subscription();
create trigger limit_override_cache_truncate after truncate on limit_override
    for each statement execute function cache_log_truncate();

create trigger invitation_cache_insert after insert on invitation
    referencing new table as new_rows
    for each statement execute function cache_log_subscription();
create trigger invitation_cache_update after update on invitation
    referencing old table as old_rows new table as new_rows
    for each statement execute function cache_log_subscription();
create trigger invitation_cache_delete after delete on invitation
    referencing old table as old_rows
    for each statement execute function cache_log_subscription();
create trigger invitation_cache_truncate after truncate on invitation
    for each statement execute function cache_log_truncate();

-- activity: `a:` the organization's audit log.
create function cache_log_activity() returns trigger language plpgsql as $$
declare
    fine text[];
begin
    if tg_op = 'DELETE' then
        select array_agg(distinct 'a:' || organization_id) into fine from old_rows;
    elsif tg_op = 'UPDATE' then
        select array_agg(distinct 'a:' || organization_id) into fine
        from (select organization_id from old_rows union select organization_id from new_rows) changed;
    else
        select array_agg(distinct 'a:' || organization_id) into fine from new_rows;
    end if;
    perform cache_log_write(fine, null);
    return null;
end $$;

create trigger activity_cache_insert after insert on activity
    referencing new table as new_rows
    for each statement execute function cache_log_activity();
create trigger activity_cache_update after update on activity
    referencing old table as old_rows new table as new_rows
    for each statement execute function cache_log_activity();
create trigger activity_cache_delete after delete on activity
    referencing old table as old_rows
    for each statement execute function cache_log_activity();
create trigger activity_cache_truncate after truncate on activity
    for each statement execute function cache_log_truncate();

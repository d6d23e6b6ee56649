-- Logos, in the way of pictures of users (0013), and what deleting and restoring an
-- organization takes.

create table organization_logo (
    organization_id uuid  primary key references organization (id) on delete cascade,
    -- SHA-256 of the content, and its address.
    hash            bytea not null constraint organization_logo_hash_length check (octet_length(hash) = 32),
    content         bytea not null constraint organization_logo_size check (octet_length(content) <= 262144)
);

create index organization_logo_hash_idx on organization_logo (hash);

-- The hash of the logo, beside the name that it is shown with. (Nothing was released that
-- uses the address it replaces.)
alter table organization drop column logo_url;
alter table organization add column logo bytea
    constraint organization_logo_length check (octet_length(logo) = 32);

-- Those whose 30 days may be over.
create index organization_deleted_at_idx on organization (deleted_at) where deleted_at is not null;

-- As in 0011. And an organization that is restored comes back into the lists of its members,
-- which did not depend on it while they left it out; one that is deleted comes into the lists
-- of deleted organizations that its owners have.
create or replace function cache_log_organization() returns trigger language plpgsql as $$
declare
    fine   text[];
    coarse text[];
    moved  text[];
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

        select array_agg('u:' || m.user_id) into moved
        from new_rows n
        join old_rows o using (id)
        join member m on m.organization_id = n.id
        where (n.deleted_at is null) <> (o.deleted_at is null)
            and (n.deleted_at is null or m.role = 'owner');
        if moved is not null then
            fine := fine || moved;
            coarse := null;
        end if;
    end if;
    perform cache_log_write(fine, coarse);
    return null;
end $$;

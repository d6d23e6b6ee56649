-- Organizations and every name they ever answered to.
create table organization (
    id         uuid        primary key,
    slug       text        not null constraint organization_slug_shape
        check (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$' and char_length(slug) between 2 and 48),
    name       text        not null
        constraint organization_name_length check (char_length(name) between 1 and 100)
        constraint organization_name_has_no_control_characters check (name !~ '[\u0001-\u001f\u007f-\u009f]'),
    logo_url   text,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint organization_slug_key unique (slug)
);

create function store_composed_name() returns trigger language plpgsql as $$
begin
    new.name := normalize(new.name, nfc);
    return new;
end $$;

create trigger organization_one_spelling before insert or update of name on organization
    for each row execute function store_composed_name();

-- Current and former slugs in one place: its primary key is the rule "a slug,
-- once used, belongs to one organization for good", so old links never lead to
-- a stranger.
create table organization_slug (
    slug            text        primary key,
    organization_id uuid        not null references organization (id) on delete cascade,
    created_at      timestamptz not null default now()
);

create index organization_slug_organization_id_idx on organization_slug (organization_id);

create function organization_slug_is_recorded() returns trigger language plpgsql as $$
begin
    insert into organization_slug (slug, organization_id) values (new.slug, new.id)
    on conflict (slug) do update set slug = excluded.slug
        where organization_slug.organization_id = excluded.organization_id;
    if not found then
        raise unique_violation using
            message = 'the slug belongs to another organization',
            constraint = 'organization_slug_pkey';
    end if;
    return null;
end $$;

create trigger organization_slug_recorded
    after insert or update of slug on organization
    for each row execute function organization_slug_is_recorded();

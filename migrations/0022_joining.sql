-- Ways to join an organization that cost its admins no work: links, domains of mail addresses
-- that it has shown to be its own, and requests.

-- A link that whoever has it may follow. It has 256 random bits, of which this is the
-- SHA-256: a leaked dump opens nothing.
create table join_link (
    id              uuid        primary key,
    organization_id uuid        not null references organization (id) on delete cascade,
    token_hash      bytea       not null
        constraint join_link_token_hash_key unique
        constraint join_link_token_hash_length check (octet_length(token_hash) = 32),
    made_by         uuid        references users (id) on delete set null,
    created_at      timestamptz not null,
    -- Null: it does not end by itself.
    expires_at      timestamptz,
    -- Null: as many as there are seats.
    most_uses       integer     constraint join_link_most_uses check (most_uses > 0),
    -- People whom it made members, or had ask.
    uses            integer     not null default 0,
    -- Domains of the addresses that may follow it; empty: any.
    allowed_domains text[]      not null default '{}',
    -- Following it makes a request instead of a member.
    asks_first      boolean     not null,
    revoked_at      timestamptz
);

create index join_link_list_idx on join_link (organization_id, created_at desc)
    where revoked_at is null;

-- Domains that somebody has shown to read mail at, for an organization. Several organizations
-- may do so: a company can have two. But people join one at most by themselves.
create table org_domain (
    organization_id uuid        not null references organization (id) on delete cascade,
    -- In its ASCII form.
    domain          text        not null
        constraint org_domain_shape check (domain = lower(domain) and length(domain) <= 253),
    policy          text        not null
        constraint org_domain_policy check (policy in ('off', 'may_ask', 'may_join', 'joins')),
    verified_by     uuid        references users (id) on delete set null,
    verified_at     timestamptz not null,
    primary key (organization_id, domain)
);

create index org_domain_domain_idx on org_domain (domain) where policy <> 'off';
create unique index org_domain_joins_key on org_domain (domain) where policy = 'joins';

-- Which organizations somebody with an address at a domain can join.
select cache_watch('org_domain', 'insert,update,delete', $$'md:' || r.domain$$);

-- Codes that were mailed to show that. Of a domain of an organization the latest counts; they
-- are kept for a day, so that what may be mailed can be limited.
create table domain_code (
    id              uuid        primary key,
    organization_id uuid        not null references organization (id) on delete cascade,
    domain          text        not null,
    sent_to         text        not null,
    sent_by         uuid        not null references users (id) on delete cascade,
    -- A keyed hash: the code has six digits.
    code_hash       bytea       not null
        constraint domain_code_hash_length check (octet_length(code_hash) = 32),
    tries           integer     not null default 0,
    created_at      timestamptz not null,
    used_at         timestamptz
);

create index domain_code_organization_id_idx on domain_code (organization_id, created_at);
create index domain_code_sent_by_idx on domain_code (sent_by, created_at);
create index domain_code_sent_to_idx on domain_code (sent_to, created_at);

-- People who ask to become members. Whoever was declined stays for a week, and cannot ask
-- again by the same way meanwhile.
create table join_request (
    id              uuid        primary key,
    organization_id uuid        not null references organization (id) on delete cascade,
    user_id         uuid        not null references users (id) on delete cascade,
    -- One of the two says by which way.
    join_link_id    uuid        references join_link (id) on delete cascade,
    domain          text,
    created_at      timestamptz not null,
    declined_at     timestamptz,
    constraint join_request_way check (num_nonnulls(join_link_id, domain) = 1)
);

create unique index join_request_open_key on join_request (organization_id, user_id)
    where declined_at is null;
create index join_request_list_idx on join_request (organization_id, created_at, id)
    where declined_at is null;
create index join_request_user_id_idx on join_request (user_id, organization_id);
create index join_request_join_link_id_idx on join_request (join_link_id);

-- Whoever is shown what they can join is shown what they have asked, too.
select cache_watch(
    'join_request', 'insert,update,delete',
    $$'u:' || r.user_id$$,
    $$'o:' || r.organization_id$$
);

-- When the admins of an organization were last mailed that somebody asks.
create table join_request_notice (
    organization_id uuid        primary key references organization (id) on delete cascade,
    sent_at         timestamptz not null
);

-- A member has nothing to ask for, whoever made them one. They do not come back into the list
-- when they leave.
create function end_join_requests_of_members() returns trigger language plpgsql as $$
begin
    delete from join_request
    using new_rows
    where join_request.user_id = new_rows.user_id
        and join_request.organization_id = new_rows.organization_id;
    return null;
end $$;

create trigger member_ends_join_requests after insert on member
    referencing new table as new_rows
    for each statement execute function end_join_requests_of_members();

-- Nor does somebody who was banned.
create function end_join_requests_of_banned() returns trigger language plpgsql as $$
begin
    delete from join_request
    where user_id = new.id
        and declined_at is null;
    return null;
end $$;

create trigger users_ban_ends_join_requests after update of banned_at on users
    for each row when (old.banned_at is null and new.banned_at is not null)
    execute function end_join_requests_of_banned();

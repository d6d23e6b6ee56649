-- Users and their sessions. Ids are UUIDv7 made by the program, so that they sort by
-- time of creation. (`user` is a reserved word, hence the plural.)
create table users (
    id                uuid        primary key,
    email             text        not null constraint users_email_is_lower_case check (email = lower(email)),
    name              text        not null constraint users_name_length check (char_length(name) between 1 and 100),
    password_hash     text        not null,
    email_verified_at timestamptz,
    banned_at         timestamptz,
    platform_admin    boolean     not null default false,
    -- Raised to end every session of the user at once: password change, ban, "sign out
    -- everywhere". A session carries the value it was made under.
    session_epoch     integer     not null default 0,
    created_at        timestamptz not null default now(),
    updated_at        timestamptz not null default now(),
    constraint users_email_key unique (email)
);

create table session (
    -- SHA-256 of the id in the cookie: a leaked dump is not a bag of live sessions.
    id_hash    bytea       primary key constraint session_id_hash_length check (octet_length(id_hash) = 32),
    user_id    uuid        references users (id) on delete cascade,
    epoch      integer     not null default 0,
    data       jsonb       not null default '{}',
    user_agent text,
    address    text,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null
);

create index session_user_id_idx on session (user_id);
create index session_expires_at_idx on session (expires_at);

-- What counts as the same text, whatever the locale of the cluster, whose own lower() may
-- know ASCII only. `orghub::domain::text` has the same two functions, and a test compares
-- them for every character (docs/adr/0012-one-fold-for-text.md).

-- The one form of an e-mail address: composed, in lower case, and without the final form
-- of sigma, which depends on the letters around it. Most are ASCII, where less will do.
create function text_folded(value text) returns text language sql immutable parallel safe
return case
    when octet_length(value) = char_length(value) then lower(value collate "C")
    else normalize(translate(lower(normalize(value, nfc) collate "und-x-icu"), 'ς', 'σ'), nfc)
        collate "C"
end;

-- What a text is found and sorted by: in lower case, without accents and what cannot be
-- seen, and with the Latin letters that are no plain letter with an accent written as plain
-- ones. Keys are compared byte by byte.
create function text_key(value text) returns text language sql immutable parallel safe
return case
    when octet_length(value) = char_length(value) then lower(value collate "C")
    else replace(replace(replace(replace(
        translate(
            lower(
                regexp_replace(
                    normalize(value, nfkd),
                    '[\u0300-\u036f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff]',
                    '',
                    'g'
                ) collate "und-x-icu"
            ),
            'ςøłđðħı',
            'σolddhi'
        ),
        'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe'), 'þ', 'th')
        collate "C"
end;

-- Users and their sessions. Ids are UUIDv7 made by the program, so that they sort by
-- time of creation. (`user` is a reserved word, hence the plural.)
create table users (
    id                uuid        primary key,
    email             text        not null constraint users_email_is_folded check (email = text_folded(email)),
    name              text        not null
        constraint users_name_length check (char_length(name) between 1 and 100)
        constraint users_name_has_no_control_characters check (name !~ '[\u0001-\u001f\u007f-\u009f]'),
    password_hash     text        not null,
    email_verified_at timestamptz,
    banned_at         timestamptz,
    platform_admin    boolean     not null default false,
    -- Raised to end every session of the user at once: password change, ban, "sign out
    -- everywhere". A session carries the value it was made under.
    session_epoch     integer     not null default 0,
    created_at        timestamptz not null default now(),
    updated_at        timestamptz not null default now(),
    -- What the member list searches and sorts by: name and address, in two lines.
    search_key        text        collate "C" not null
        generated always as (text_key(name || E'\n' || email)) stored,
    constraint users_email_key unique (email)
);

-- Whoever writes names and addresses, the program or somebody at a prompt: one spelling is
-- stored, so that what looks the same is the same.
create function store_one_spelling() returns trigger language plpgsql as $$
begin
    new.name := normalize(new.name, nfc);
    new.email := text_folded(new.email);
    return new;
end $$;

create trigger users_one_spelling before insert or update of name, email on users
    for each row execute function store_one_spelling();

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

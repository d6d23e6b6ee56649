-- A second proof of who somebody is, and passkeys, which are a whole one.

-- Since when signing in takes a second factor; null: it does not. The use cases keep it:
-- whoever asks for one has an authenticator app or a passkey.
alter table users add column second_factor_at timestamptz;

-- The secret that a user shares with their authenticator app.
create table totp (
    user_id      uuid        primary key references users (id) on delete cascade,
    -- Sealed with FACTOR_KEYS for this user: a leaked dump makes no codes.
    secret       bytea       not null,
    created_at   timestamptz not null,
    -- When a code showed that the app has it; null: it is being set up, and opens nothing.
    confirmed_at timestamptz,
    -- The last step of 30 seconds whose code was used: no code is good twice.
    last_step    bigint      not null default 0
);

-- What a user can sign in with when everything else is lost. Each has 120 random bits, of
-- which this is the SHA-256. Using one deletes it.
create table recovery_code (
    user_id   uuid  not null references users (id) on delete cascade,
    code_hash bytea not null
        constraint recovery_code_hash_length check (octet_length(code_hash) = 32),
    primary key (user_id, code_hash)
);

-- Recovery codes that were made a moment ago, sealed, for the page that shows them once.
create table new_recovery_codes (
    user_id    uuid        primary key references users (id) on delete cascade,
    -- The session that made them: no other one is shown them.
    session    bytea       not null
        constraint new_recovery_codes_session_length check (octet_length(session) = 32),
    sealed     bytea       not null,
    expires_at timestamptz not null
);

create table passkey (
    id            uuid        primary key,
    user_id       uuid        not null references users (id) on delete cascade,
    -- The authenticator's name for it.
    credential_id bytea       not null constraint passkey_credential_id_key unique,
    name          text        not null constraint passkey_name_length check (char_length(name) between 1 and 100),
    -- The public key and what was settled with it, as `webauthn_rp` encodes them.
    public_key    bytea       not null,
    -- What changes by use, such as the authenticator's counter.
    state         bytea       not null constraint passkey_state_length check (octet_length(state) = 7),
    -- How browsers can reach the authenticator, a set of bits.
    transports    smallint    not null,
    created_at    timestamptz not null,
    last_used_at  timestamptz
);

create index passkey_user_id_idx on passkey (user_id);

-- The two tables below live for minutes. Losing them makes somebody begin again, so they
-- are not worth a write-ahead log. A visitor's session holds the id of its row.

-- Somebody proved the first factor and owes the second.
create unlogged table pending_sign_in (
    id         uuid        primary key,
    user_id    uuid        not null references users (id) on delete cascade,
    -- The user's session epoch at that moment.
    epoch      integer     not null,
    -- How many codes were tried.
    attempts   integer     not null default 0,
    expires_at timestamptz not null
);

create index pending_sign_in_user_id_idx on pending_sign_in (user_id);
create index pending_sign_in_expires_at_idx on pending_sign_in (expires_at);

-- A browser was asked to make or to use a passkey, and has not answered. The answer takes
-- the row away, so that none is good twice.
create unlogged table passkey_ceremony (
    id         uuid        primary key,
    -- Who was asked; null: whoever has a passkey.
    user_id    uuid        references users (id) on delete cascade,
    purpose    text        not null
        constraint passkey_ceremony_purpose check (purpose in ('register', 'sign_in', 'prove')),
    -- What was asked, as `webauthn_rp` encodes it.
    state      bytea       not null,
    expires_at timestamptz not null
);

create index passkey_ceremony_user_id_idx on passkey_ceremony (user_id);
create index passkey_ceremony_expires_at_idx on passkey_ceremony (expires_at);

-- Who a user is at providers of sign-in (OpenID Connect).
create table identity (
    id           uuid        primary key,
    user_id      uuid        not null references users (id) on delete cascade,
    -- The two that identify somebody. An address does not: it may pass to somebody else.
    issuer       text        not null,
    subject      text        not null
        constraint identity_subject_length check (octet_length(subject) between 1 and 255),
    -- What the provider said when it was connected; only shown.
    email        text        not null,
    created_at   timestamptz not null,
    last_used_at timestamptz not null,
    constraint identity_issuer_subject_key unique (issuer, subject),
    -- One of each provider, which is also how a user's are found.
    constraint identity_user_id_issuer_key unique (user_id, issuer)
);

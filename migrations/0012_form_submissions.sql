-- Answers to forms, kept for a minute, for whoever sends the same form twice
-- (src/submissions.rs). Losing them loses nothing, so they are not worth a write-ahead log.
create unlogged table form_submission (
    -- SHA-256 of the user, the form and its fields.
    key       bytea       primary key constraint form_submission_key_length check (octet_length(key) = 32),
    begun_at  timestamptz not null,
    -- How many of the same are being answered.
    under_way integer    not null,
    -- Where the browser was sent; null until one of them did what it was asked to.
    page      text,
    notice    text
);

create index form_submission_begun_at_idx on form_submission (begun_at);

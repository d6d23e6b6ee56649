-- no-transaction
-- The ledger of Stripe's events, newest first, as platform admins page through it.
create index concurrently if not exists webhook_event_list_idx on webhook_event (received_at desc, id desc);

-- +goose Up
-- Messages that are to be sent: written with what they tell of, in one transaction; sent after the commit.
-- The id is the code's, and the OutId at the SMS service. Phone and code are sealed while the row waits and erased when it ends.
CREATE TABLE sms_outbox (
    id          TEXT PRIMARY KEY,
    purpose     TEXT NOT NULL,
    phone_index TEXT NOT NULL,
    phone_mask  TEXT NOT NULL,
    phone_seal  {{bytes}} NOT NULL,
    code_seal   {{bytes}} NOT NULL,
    state       TEXT NOT NULL CHECK (state IN ('waiting', 'sending', 'sent', 'failed', 'expired', 'replaced')),
    tries       {{int64}} NOT NULL,
    doubt       {{int64}} NOT NULL CHECK (doubt IN (0, 1)),
    next_at     {{int64}} NOT NULL,
    expires_at  {{int64}} NOT NULL,
    result      TEXT NOT NULL,
    message     TEXT NOT NULL,
    receipt     TEXT NOT NULL,
    request_id  TEXT NOT NULL,
    created_at  {{int64}} NOT NULL,
    ended_at    {{int64}} NOT NULL,
    CHECK (state IN ('waiting', 'sending') OR length(phone_seal) + length(code_seal) = 0)
){{strict}};
CREATE INDEX sms_outbox_due ON sms_outbox (next_at) WHERE state IN ('waiting', 'sending');
CREATE INDEX sms_outbox_phone ON sms_outbox (phone_index, purpose, created_at);
CREATE INDEX sms_outbox_day ON sms_outbox (created_at);
CREATE INDEX sms_outbox_trouble ON sms_outbox (id) WHERE result <> '' AND result <> 'OK';

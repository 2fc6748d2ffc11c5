-- +goose Up
-- User agreement and privacy text, as published: what somebody agreed to can be read again years later. Version 0, the
-- text the program brings, is not here.
CREATE TABLE legal_text (
    document     TEXT NOT NULL CHECK (document IN ('agreement', 'privacy')),
    no           {{int64}} NOT NULL CHECK (no >= 1),
    version      TEXT NOT NULL,
    body_zh      TEXT NOT NULL,
    body_en      TEXT NOT NULL,
    reason       TEXT NOT NULL,
    published_by TEXT NOT NULL,
    published_at {{int64}} NOT NULL,
    PRIMARY KEY (document, no),
    UNIQUE (document, version)
){{strict}};

{{if postgres}}
CREATE TRIGGER legal_text_append_only BEFORE UPDATE OR DELETE ON legal_text FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER consent_append_only BEFORE UPDATE OR DELETE ON consent FOR EACH ROW EXECUTE FUNCTION refuse_change();
{{end}}
{{if sqlite}}
-- +goose StatementBegin
CREATE TRIGGER legal_text_no_update BEFORE UPDATE ON legal_text BEGIN SELECT RAISE(ABORT, 'legal_text is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER legal_text_no_delete BEFORE DELETE ON legal_text BEGIN SELECT RAISE(ABORT, 'legal_text is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER consent_no_update BEFORE UPDATE ON consent BEGIN SELECT RAISE(ABORT, 'consent is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER consent_no_delete BEFORE DELETE ON consent BEGIN SELECT RAISE(ABORT, 'consent is append-only'); END;
-- +goose StatementEnd
{{end}}

-- +goose Up
-- Numbers of the playback engine as versions per region and credit year: newest wins, nothing is overwritten. What no
-- operator may exceed stands here too (PB-I4: at most 900 s between two checks).
CREATE TABLE playback_policy (
    region_id        TEXT NOT NULL REFERENCES region (id),
    year             {{int64}} NOT NULL CHECK (year BETWEEN 2015 AND 2100),
    version          {{int64}} NOT NULL CHECK (version >= 1),
    beat_ms          {{int64}} NOT NULL CHECK (beat_ms BETWEEN 5000 AND 30000),
    lease_ttl_ms     {{int64}} NOT NULL CHECK (lease_ttl_ms BETWEEN 30000 AND 180000),
    backlog_ms       {{int64}} NOT NULL CHECK (backlog_ms BETWEEN 30000 AND 120000),
    window_ms        {{int64}} NOT NULL CHECK (window_ms BETWEEN 60000 AND 180000),
    check_min_ms     {{int64}} NOT NULL CHECK (check_min_ms BETWEEN 60000 AND 900000),
    check_max_ms     {{int64}} NOT NULL CHECK (check_max_ms BETWEEN 60000 AND 900000),
    answer_ms        {{int64}} NOT NULL CHECK (answer_ms BETWEEN 30000 AND 300000),
    late_ms          {{int64}} NOT NULL CHECK (late_ms BETWEEN 0 AND 300000),
    gap_ms           {{int64}} NOT NULL CHECK (gap_ms BETWEEN 500 AND 2000),
    total_ms         {{int64}} NOT NULL CHECK (total_ms BETWEEN 500 AND 5000),
    ahead_ms         {{int64}} NOT NULL CHECK (ahead_ms BETWEEN 500 AND 3000),
    continue_ms      {{int64}} NOT NULL CHECK (continue_ms BETWEEN 100 AND 1000),
    overspeed_min_ms {{int64}} NOT NULL CHECK (overspeed_min_ms BETWEEN 10000 AND 60000),
    overspeed_pct    {{int64}} NOT NULL CHECK (overspeed_pct BETWEEN 102 AND 125),
    legal_source     TEXT NOT NULL,
    reason           TEXT NOT NULL,
    set_by           TEXT NOT NULL,
    set_at           {{int64}} NOT NULL,
    PRIMARY KEY (region_id, year, version),
    CHECK (check_min_ms <= check_max_ms),
    CHECK (gap_ms <= total_ms),
    CHECK (2 * beat_ms <= lease_ttl_ms)
){{strict}};

-- Who set a rule set, when and why; what the demo or an earlier release has set has no person.
ALTER TABLE rule_set ADD COLUMN reason TEXT NOT NULL DEFAULT '';
ALTER TABLE rule_set ADD COLUMN set_by TEXT NOT NULL DEFAULT '';
ALTER TABLE rule_set ADD COLUMN set_at {{int64}} NOT NULL DEFAULT 0;

CREATE INDEX audit_entry_action ON audit_entry (action, at);

{{if postgres}}
CREATE TRIGGER playback_policy_append_only BEFORE UPDATE OR DELETE ON playback_policy FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER rule_set_append_only BEFORE UPDATE OR DELETE ON rule_set FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER setting_append_only BEFORE UPDATE OR DELETE ON setting FOR EACH ROW EXECUTE FUNCTION refuse_change();
{{end}}
{{if sqlite}}
-- +goose StatementBegin
CREATE TRIGGER playback_policy_no_update BEFORE UPDATE ON playback_policy BEGIN SELECT RAISE(ABORT, 'playback_policy is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER playback_policy_no_delete BEFORE DELETE ON playback_policy BEGIN SELECT RAISE(ABORT, 'playback_policy is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER rule_set_no_update BEFORE UPDATE ON rule_set BEGIN SELECT RAISE(ABORT, 'rule_set is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER rule_set_no_delete BEFORE DELETE ON rule_set BEGIN SELECT RAISE(ABORT, 'rule_set is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER setting_no_update BEFORE UPDATE ON setting BEGIN SELECT RAISE(ABORT, 'setting is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER setting_no_delete BEFORE DELETE ON setting BEGIN SELECT RAISE(ABORT, 'setting is append-only'); END;
-- +goose StatementEnd
{{end}}

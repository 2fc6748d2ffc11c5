-- +goose Up
-- A lease belongs to the login that took it. Ending the login releases the lease in the same transaction and moves the
-- study row's version, so that every process's copy of the row misses its compare-and-swap: from that instant no
-- heartbeat of the ended login is credited anywhere, although heartbeats never read login_session. What the login might
-- still claim as a superseded holder goes with it.
{{if postgres}}
-- +goose StatementBegin
CREATE FUNCTION login_end() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE study SET expires_at = 0, version = version + 1 WHERE learner_id = NEW.person_id AND login_session_id = NEW.id AND expires_at <> 0;
    UPDATE study SET prev = '', version = version + 1 WHERE learner_id = NEW.person_id AND prev LIKE '%"login":"' || NEW.id || '"%';
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER login_end AFTER UPDATE OF ended_at ON login_session
FOR EACH ROW WHEN (OLD.ended_at = 0 AND NEW.ended_at <> 0) EXECUTE FUNCTION login_end();
{{end}}
{{if sqlite}}
-- +goose StatementBegin
CREATE TRIGGER login_end AFTER UPDATE OF ended_at ON login_session WHEN OLD.ended_at = 0 AND NEW.ended_at <> 0
BEGIN
    UPDATE study SET expires_at = 0, version = version + 1 WHERE learner_id = NEW.person_id AND login_session_id = NEW.id AND expires_at <> 0;
    UPDATE study SET prev = '', version = version + 1 WHERE learner_id = NEW.person_id AND prev LIKE '%"login":"' || NEW.id || '"%';
END;
-- +goose StatementEnd
{{end}}

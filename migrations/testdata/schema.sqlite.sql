CREATE TABLE appeal (
    id          TEXT PRIMARY KEY,
    person_id   TEXT NOT NULL,
    lesson_id   TEXT NOT NULL,
    from_ms     INTEGER NOT NULL,
    to_ms       INTEGER NOT NULL,
    text        TEXT NOT NULL,
    evidence    TEXT NOT NULL,
    state       TEXT NOT NULL CHECK (state IN ('submitted', 'granted', 'refused')),
    submitted_at INTEGER NOT NULL,
    decided_at  INTEGER NOT NULL,
    decided_by  TEXT NOT NULL,
    answer      TEXT NOT NULL
, media_rev INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE INDEX appeal_person ON appeal (person_id, submitted_at);
CREATE INDEX appeal_state ON appeal (state, submitted_at);
CREATE TRIGGER audit_entry_no_delete BEFORE DELETE ON audit_entry
BEGIN SELECT RAISE(ABORT, 'audit_entry is append-only'); END;
CREATE TRIGGER audit_entry_no_update BEFORE UPDATE ON audit_entry
BEGIN SELECT RAISE(ABORT, 'audit_entry is append-only'); END;
CREATE TABLE audit_entry (
    id         TEXT PRIMARY KEY,
    at         INTEGER NOT NULL,
    account_id TEXT NOT NULL,
    action     TEXT NOT NULL,
    object     TEXT NOT NULL,
    detail     TEXT NOT NULL
) STRICT;
CREATE INDEX audit_entry_account ON audit_entry (account_id, at);
CREATE INDEX audit_entry_action ON audit_entry (action, at);
CREATE INDEX audit_entry_at ON audit_entry (at);
CREATE INDEX audit_entry_object ON audit_entry (object, at);
CREATE TABLE availability_count (
    id     INTEGER PRIMARY KEY CHECK (id = 1),
    since  INTEGER NOT NULL,
    judged INTEGER NOT NULL CHECK (judged >= since)
) STRICT;
CREATE TABLE availability_day (
    day      TEXT PRIMARY KEY,
    requests INTEGER NOT NULL,
    failed   INTEGER NOT NULL,
    took_us  INTEGER NOT NULL,
    spread   TEXT NOT NULL,
    peak_minute   INTEGER NOT NULL,
    peak_requests INTEGER NOT NULL,
    peak_took_us  INTEGER NOT NULL,
    peak_spread   TEXT NOT NULL
) STRICT;
CREATE TABLE availability_incident (
    id       TEXT PRIMARY KEY,
    kind     TEXT NOT NULL CHECK (kind IN ('silent', 'unready', 'failing', 'reported')),
    began    INTEGER NOT NULL,
    ended    INTEGER NOT NULL,
    down     INTEGER NOT NULL CHECK (down > 0 AND down <= ended - began),
    failed   INTEGER NOT NULL CHECK (failed >= 0),
    cause    TEXT NOT NULL,
    remedy   TEXT NOT NULL,
    noted_by TEXT NOT NULL,
    noted_at INTEGER NOT NULL,
    CHECK (kind <> 'reported' OR cause <> '')
) STRICT;
CREATE INDEX availability_incident_began ON availability_incident (began);
CREATE TABLE availability_minute (
    minute  INTEGER NOT NULL,
    process TEXT NOT NULL,
    requests INTEGER NOT NULL CHECK (requests >= 0),
    failed  INTEGER NOT NULL CHECK (failed >= 0 AND failed <= requests),
    took_us INTEGER NOT NULL CHECK (took_us >= 0),
    spread  TEXT NOT NULL,
    probes  INTEGER NOT NULL CHECK (probes >= 0),
    ready   INTEGER NOT NULL CHECK (ready >= 0 AND ready <= probes),
    PRIMARY KEY (minute, process)
) STRICT;
CREATE TRIGGER carried_no_delete BEFORE DELETE ON carried BEGIN SELECT RAISE(ABORT, 'carried is append-only'); END;
CREATE TRIGGER carried_no_update BEFORE UPDATE ON carried BEGIN SELECT RAISE(ABORT, 'carried is append-only'); END;
CREATE TABLE carried (
    learner_id      TEXT NOT NULL,
    chain_seq       INTEGER NOT NULL,
    lesson_id       TEXT NOT NULL,
    from_media      TEXT NOT NULL,
    from_rev        INTEGER NOT NULL,
    media_id        TEXT NOT NULL,
    media_rev       INTEGER NOT NULL,
    maps            TEXT NOT NULL,
    watched_ms      INTEGER NOT NULL,
    watched_sure_ms INTEGER NOT NULL,
    credited_ms     INTEGER NOT NULL CHECK (credited_ms BETWEEN 0 AND watched_ms),
    confirmed_ms    INTEGER NOT NULL CHECK (confirmed_ms BETWEEN 0 AND watched_sure_ms),
    at              INTEGER NOT NULL,
    chain_hash      BLOB NOT NULL,
    PRIMARY KEY (learner_id, chain_seq),
    CHECK (from_media <> media_id OR from_rev <> media_rev)
) STRICT;
CREATE INDEX carried_lesson ON carried (learner_id, lesson_id, chain_seq);
CREATE TABLE closed_identity (
    person_id       TEXT PRIMARY KEY REFERENCES person (id),
    id_number_index TEXT NOT NULL,
    closed_at       INTEGER NOT NULL
) STRICT;
CREATE INDEX closed_identity_index ON closed_identity (id_number_index, closed_at);
CREATE TRIGGER consent_no_delete BEFORE DELETE ON consent BEGIN SELECT RAISE(ABORT, 'consent is append-only'); END;
CREATE TRIGGER consent_no_update BEFORE UPDATE ON consent BEGIN SELECT RAISE(ABORT, 'consent is append-only'); END;
CREATE TABLE consent (
    person_id TEXT NOT NULL REFERENCES person (id),
    document  TEXT NOT NULL CHECK (document IN ('agreement', 'privacy')),
    version   TEXT NOT NULL,
    agreed_at INTEGER NOT NULL,
    PRIMARY KEY (person_id, document, version)
) STRICT;
CREATE TABLE content_question (
    lesson_id TEXT NOT NULL REFERENCES lesson (id),
    no        INTEGER NOT NULL,
    at_ms     INTEGER NOT NULL,
    text      TEXT NOT NULL,
    options   TEXT NOT NULL,
    answer    INTEGER NOT NULL,
    PRIMARY KEY (lesson_id, no)
) STRICT;
CREATE TRIGGER course_gate BEFORE UPDATE OF state ON course WHEN NEW.state = 'published' AND EXISTS (SELECT 1 FROM lesson l WHERE l.course_id = NEW.id
    AND NOT EXISTS (SELECT 1 FROM courseware w WHERE w.lesson_id = l.id AND w.rev = l.media_rev AND w.state = 'published'))
BEGIN SELECT RAISE(ABORT, 'a lesson of the course has no published courseware'); END;
CREATE TRIGGER course_gate_new BEFORE INSERT ON course WHEN NEW.state = 'published' BEGIN SELECT RAISE(ABORT, 'a course begins without lessons'); END;
CREATE TABLE course (
    id           TEXT PRIMARY KEY,
    provider_id  TEXT NOT NULL REFERENCES provider (id),
    code         TEXT NOT NULL UNIQUE,
    title        TEXT NOT NULL,
    summary      TEXT NOT NULL,
    subject      TEXT NOT NULL CHECK (subject IN ('public', 'professional')),
    year         INTEGER NOT NULL,
    hours_tenths INTEGER NOT NULL CHECK (hours_tenths > 0),
    minutes      INTEGER NOT NULL,
    teacher      TEXT NOT NULL,
    teacher_bio  TEXT NOT NULL,
    price_fen    INTEGER NOT NULL,
    sequential   INTEGER NOT NULL,
    state        TEXT NOT NULL CHECK (state IN ('draft', 'inspecting', 'reviewed', 'published', 'withdrawn'))
) STRICT;
CREATE INDEX course_list ON course (state, year, subject, id);
CREATE TABLE courseware (
    lesson_id       TEXT NOT NULL REFERENCES lesson (id),
    rev             INTEGER NOT NULL CHECK (rev >= 1),
    origin          TEXT NOT NULL CHECK (origin IN ('upload', 'repair', 'import')),
    profile         TEXT NOT NULL CHECK (profile IN ('video', 'slides')),
    original_id     TEXT NOT NULL,
    report_id       TEXT NOT NULL,
    unwaived        INTEGER NOT NULL CHECK (unwaived >= 0),
    packaged        INTEGER NOT NULL CHECK (packaged IN (0, 1)),
    state           TEXT NOT NULL CHECK (state IN ('inspecting', 'refused', 'inspected', 'reviewed', 'published', 'withdrawn')),
    code            TEXT NOT NULL,
    note            TEXT NOT NULL,
    captions        TEXT NOT NULL,
    captions_waiver TEXT NOT NULL,
    content_matches INTEGER NOT NULL CHECK (content_matches IN (0, 1)),
    uploaded_by     TEXT NOT NULL,
    uploaded_at     INTEGER NOT NULL,
    reviewed_by     TEXT NOT NULL,
    reviewed_at     INTEGER NOT NULL,
    published_at    INTEGER NOT NULL,
    version         INTEGER NOT NULL, base_rev INTEGER NOT NULL DEFAULT 0, head_ms INTEGER NOT NULL DEFAULT 0, tail_ms INTEGER NOT NULL DEFAULT 0, content TEXT NOT NULL DEFAULT 'same' CHECK (content IN ('same', 'new')),
    PRIMARY KEY (lesson_id, rev),
    -- The gate: whatever a program does, nothing unseen is published.
    CHECK (origin = 'import' OR state NOT IN ('reviewed', 'published') OR
        report_id <> '' AND unwaived = 0 AND packaged = 1 AND content_matches = 1 AND reviewed_by <> '' AND reviewed_by <> uploaded_by
        AND (captions <> '' OR captions_waiver <> ''))
) STRICT;
CREATE INDEX courseware_original ON courseware (original_id);
CREATE INDEX courseware_state ON courseware (state, lesson_id, rev);
CREATE TABLE courseware_fault (
    id          TEXT PRIMARY KEY,
    lesson_id   TEXT NOT NULL REFERENCES lesson (id),
    rev         INTEGER NOT NULL,
    source      TEXT NOT NULL CHECK (source IN ('learner', 'bureau')),
    kind        TEXT NOT NULL CHECK (kind IN ('no_sound', 'noise', 'black', 'frozen', 'out_of_sync', 'blurred', 'wrong_content', 'captions', 'other')),
    at_ms       INTEGER NOT NULL CHECK (at_ms >= 0),
    note        TEXT NOT NULL,
    person_id   TEXT NOT NULL,
    state       TEXT NOT NULL CHECK (state IN ('open', 'mended', 'refused')),
    answer      TEXT NOT NULL,
    answered_by TEXT NOT NULL,
    at          INTEGER NOT NULL,
    answered_at INTEGER NOT NULL
, provider_id TEXT NOT NULL DEFAULT '', place TEXT NOT NULL DEFAULT '', people INTEGER NOT NULL DEFAULT 0, captions TEXT NOT NULL DEFAULT '', mended_rev INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE UNIQUE INDEX courseware_fault_head ON courseware_fault (lesson_id, rev, kind, at_ms) WHERE state = 'open' AND source = 'learner' AND place = id;
CREATE UNIQUE INDEX courseware_fault_once ON courseware_fault (person_id, source, lesson_id, rev, kind, at_ms) WHERE state = 'open';
CREATE INDEX courseware_fault_open ON courseware_fault (lesson_id, state, at_ms);
CREATE INDEX courseware_fault_person ON courseware_fault (person_id, lesson_id);
CREATE INDEX courseware_fault_place ON courseware_fault (place);
CREATE INDEX courseware_fault_queue ON courseware_fault (provider_id, state, id) WHERE place = id;
CREATE TABLE credential (
    gateway     TEXT NOT NULL,
    version     INTEGER NOT NULL,
    state       TEXT NOT NULL CHECK (state IN ('active', 'withdrawn')),
    fields      TEXT NOT NULL,
    secret_seal BLOB NOT NULL,
    secret_tail TEXT NOT NULL,
    reason      TEXT NOT NULL,
    set_by      TEXT NOT NULL,
    set_at      INTEGER NOT NULL,
    PRIMARY KEY (gateway, version)
) STRICT;
CREATE TRIGGER credit_record_mark AFTER INSERT ON credit_record
BEGIN INSERT INTO standing_mark (person_id, year) VALUES (NEW.person_id, NEW.year); END;
CREATE TRIGGER credit_record_no_delete BEFORE DELETE ON credit_record BEGIN SELECT RAISE(ABORT, 'credit_record is append-only'); END;
CREATE TRIGGER credit_record_no_update BEFORE UPDATE ON credit_record BEGIN SELECT RAISE(ABORT, 'credit_record is append-only'); END;
CREATE TABLE credit_record (
    id              TEXT PRIMARY KEY,
    person_id       TEXT NOT NULL,
    no              INTEGER NOT NULL,
    year            INTEGER NOT NULL,
    subject         TEXT NOT NULL CHECK (subject IN ('public', 'professional')),
    form            TEXT NOT NULL,
    source          TEXT NOT NULL CHECK (source IN ('platform', 'seed', 'correction')),
    course_id       TEXT NOT NULL,
    content         TEXT NOT NULL,
    provider        TEXT NOT NULL,
    hours_tenths    INTEGER NOT NULL CHECK (hours_tenths <> 0),
    minutes_studied INTEGER NOT NULL,
    started_at      INTEGER NOT NULL,
    completed_at    INTEGER NOT NULL,
    result          TEXT NOT NULL,
    rule_version    INTEGER NOT NULL,
    evidence        TEXT NOT NULL,
    corrects        TEXT NOT NULL,
    actor           TEXT NOT NULL,
    reason          TEXT NOT NULL,
    prev_hash       BLOB NOT NULL,
    hash            BLOB NOT NULL,
    UNIQUE (person_id, no)
) STRICT;
CREATE UNIQUE INDEX credit_record_once ON credit_record (person_id, course_id, year) WHERE source = 'platform';
CREATE INDEX credit_record_year ON credit_record (person_id, year, no);
CREATE TABLE delivery (
    session_id  TEXT NOT NULL,
    segment_no  INTEGER NOT NULL,
    finished_at INTEGER NOT NULL,
    bytes       INTEGER NOT NULL,
    PRIMARY KEY (session_id, segment_no)
) STRICT;
CREATE TRIGGER delivery_fold_no_delete BEFORE DELETE ON delivery_fold BEGIN SELECT RAISE(ABORT, 'delivery_fold is append-only'); END;
CREATE TRIGGER delivery_fold_no_update BEFORE UPDATE ON delivery_fold
WHEN length(NEW.list) > 0 OR (NEW.learner_id, NEW.chain_seq, NEW.session_id, NEW.segments, NEW.bytes, NEW.list_hash, NEW.chain_hash)
     <> (OLD.learner_id, OLD.chain_seq, OLD.session_id, OLD.segments, OLD.bytes, OLD.list_hash, OLD.chain_hash)
BEGIN SELECT RAISE(ABORT, 'delivery_fold is append-only'); END;
CREATE TABLE delivery_fold (
    learner_id TEXT NOT NULL,
    chain_seq  INTEGER NOT NULL,
    session_id TEXT NOT NULL,
    segments   INTEGER NOT NULL CHECK (segments > 0),
    bytes      INTEGER NOT NULL,
    list       BLOB NOT NULL,
    list_hash  BLOB NOT NULL CHECK (length(list_hash) = 32),
    chain_hash BLOB NOT NULL,
    PRIMARY KEY (learner_id, session_id, chain_seq)
) STRICT;
CREATE INDEX delivery_fold_kept ON delivery_fold (session_id) WHERE length(list) > 0;
CREATE TABLE device (
    id         TEXT PRIMARY KEY,
    public_key BLOB NOT NULL UNIQUE,
    name       TEXT NOT NULL,
    kind       TEXT NOT NULL CHECK (kind IN ('pc', 'phone', 'tablet')),
    created_at INTEGER NOT NULL
) STRICT;
CREATE TABLE device_play (
    device_id  TEXT PRIMARY KEY,
    claimed_at INTEGER NOT NULL
) STRICT;
CREATE TRIGGER enrolment_mark_changed AFTER UPDATE ON enrolment
BEGIN INSERT INTO standing_mark (person_id, year) VALUES (NEW.person_id, NEW.year); END;
CREATE TRIGGER enrolment_mark_new AFTER INSERT ON enrolment
BEGIN INSERT INTO standing_mark (person_id, year) VALUES (NEW.person_id, NEW.year); END;
CREATE TABLE enrolment (
    id           TEXT PRIMARY KEY,
    person_id    TEXT NOT NULL,
    course_id    TEXT NOT NULL REFERENCES course (id),
    year         INTEGER NOT NULL,
    source       TEXT NOT NULL CHECK (source IN ('self', 'unit', 'seed')),
    state        TEXT NOT NULL CHECK (state IN ('active', 'completed', 'void')),
    enrolled_at  INTEGER NOT NULL,
    completed_at INTEGER NOT NULL,
    UNIQUE (person_id, course_id, year)
) STRICT;
CREATE INDEX enrolment_course ON enrolment (course_id, year, id);
CREATE INDEX enrolment_person ON enrolment (person_id, year, state, id);
CREATE TABLE enrolment_code (
    code_hash  TEXT PRIMARY KEY,
    person_id  TEXT NOT NULL REFERENCES person (id),
    expires_at INTEGER NOT NULL,
    used_at    INTEGER NOT NULL
) STRICT;
CREATE TABLE identity_proof (
    id         TEXT PRIMARY KEY,
    person_id  TEXT NOT NULL REFERENCES person (id),
    kind       TEXT NOT NULL CHECK (kind IN ('jpeg', 'png', 'pdf')),
    size       INTEGER NOT NULL,
    request_id TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    due_at     INTEGER NOT NULL
) STRICT;
CREATE INDEX identity_proof_due ON identity_proof (due_at, id);
CREATE INDEX identity_proof_person ON identity_proof (person_id);
CREATE INDEX identity_proof_request ON identity_proof (request_id);
CREATE TABLE identity_request (
    id         TEXT PRIMARY KEY,
    kind       TEXT NOT NULL CHECK (kind IN ('correction', 'transfer')),
    person_id  TEXT NOT NULL REFERENCES person (id),
    unit_id    TEXT NOT NULL,
    wish_seal  BLOB NOT NULL,
    state      TEXT NOT NULL CHECK (state IN ('pending', 'approved', 'refused', 'withdrawn')),
    created_at INTEGER NOT NULL,
    decided_at INTEGER NOT NULL,
    decided_by TEXT NOT NULL,
    answer     TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX identity_request_one_pending ON identity_request (person_id, kind) WHERE state = 'pending';
CREATE INDEX identity_request_state ON identity_request (state, id);
CREATE INDEX identity_request_unit ON identity_request (unit_id, state, id);
CREATE TRIGGER inspection_policy_no_delete BEFORE DELETE ON inspection_policy BEGIN SELECT RAISE(ABORT, 'inspection_policy is append-only'); END;
CREATE TRIGGER inspection_policy_no_update BEFORE UPDATE ON inspection_policy BEGIN SELECT RAISE(ABORT, 'inspection_policy is append-only'); END;
CREATE TABLE inspection_policy (
    region_id    TEXT NOT NULL REFERENCES region (id),
    year         INTEGER NOT NULL CHECK (year BETWEEN 2015 AND 2100),
    version      INTEGER NOT NULL CHECK (version >= 1),
    numbers      TEXT NOT NULL,
    legal_source TEXT NOT NULL,
    reason       TEXT NOT NULL,
    set_by       TEXT NOT NULL,
    set_at       INTEGER NOT NULL,
    PRIMARY KEY (region_id, year, version)
) STRICT;
CREATE TRIGGER inspection_report_no_delete BEFORE DELETE ON inspection_report BEGIN SELECT RAISE(ABORT, 'inspection_report is append-only'); END;
CREATE TRIGGER inspection_report_no_update BEFORE UPDATE ON inspection_report BEGIN SELECT RAISE(ABORT, 'inspection_report is append-only'); END;
CREATE TABLE inspection_report (
    id             TEXT PRIMARY KEY,
    original_id    TEXT NOT NULL REFERENCES original (id),
    profile        TEXT NOT NULL CHECK (profile IN ('video', 'slides')),
    policy_version INTEGER NOT NULL,
    policy         TEXT NOT NULL,
    verdict        TEXT NOT NULL CHECK (verdict IN ('pass', 'fail')),
    failing        INTEGER NOT NULL CHECK (failing >= 0),
    measured       TEXT NOT NULL,
    findings       TEXT NOT NULL,
    took_ms        INTEGER NOT NULL,
    at             INTEGER NOT NULL, loudness_milli INTEGER NOT NULL DEFAULT -70000, pitch_milli INTEGER NOT NULL DEFAULT 0,
    CHECK ((verdict = 'pass') = (failing = 0))
) STRICT;
CREATE INDEX inspection_report_original ON inspection_report (original_id, id);
CREATE TABLE installation (
    one     INTEGER PRIMARY KEY CHECK (one = 1),
    id      TEXT NOT NULL,
    keys    TEXT NOT NULL,
    made_at INTEGER NOT NULL
, sweep INTEGER NOT NULL DEFAULT 0 CHECK (sweep >= -1), backup_at INTEGER) STRICT;
CREATE TABLE job (
    id          TEXT PRIMARY KEY,
    kind        TEXT NOT NULL,
    key         TEXT NOT NULL,
    args        TEXT NOT NULL,
    state       TEXT NOT NULL CHECK (state IN ('waiting', 'running', 'done', 'failed')),
    try         INTEGER NOT NULL,
    failures    INTEGER NOT NULL,
    due_at      INTEGER NOT NULL,
    lease_until INTEGER NOT NULL,
    done        INTEGER NOT NULL,
    total       INTEGER NOT NULL,
    error       TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    ended_at    INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX job_alive ON job (kind, key) WHERE state IN ('waiting', 'running');
CREATE INDEX job_due ON job (due_at, id) WHERE state IN ('waiting', 'running');
CREATE INDEX job_of ON job (kind, key, id);
CREATE TRIGGER legal_text_no_delete BEFORE DELETE ON legal_text BEGIN SELECT RAISE(ABORT, 'legal_text is append-only'); END;
CREATE TRIGGER legal_text_no_update BEFORE UPDATE ON legal_text BEGIN SELECT RAISE(ABORT, 'legal_text is append-only'); END;
CREATE TABLE legal_text (
    document     TEXT NOT NULL CHECK (document IN ('agreement', 'privacy')),
    no           INTEGER NOT NULL CHECK (no >= 1),
    version      TEXT NOT NULL,
    body_zh      TEXT NOT NULL,
    body_en      TEXT NOT NULL,
    reason       TEXT NOT NULL,
    published_by TEXT NOT NULL,
    published_at INTEGER NOT NULL,
    PRIMARY KEY (document, no),
    UNIQUE (document, version)
) STRICT;
CREATE TRIGGER lesson_gate BEFORE UPDATE OF media_rev ON lesson WHEN NEW.media_rev > 0
    AND NOT EXISTS (SELECT 1 FROM courseware w WHERE w.lesson_id = NEW.id AND w.rev = NEW.media_rev AND w.state = 'published')
BEGIN SELECT RAISE(ABORT, 'the courseware is not published'); END;
CREATE TRIGGER lesson_gate_new BEFORE INSERT ON lesson WHEN NEW.media_rev > 0 BEGIN SELECT RAISE(ABORT, 'a lesson begins without courseware'); END;
CREATE TABLE lesson (
    id        TEXT PRIMARY KEY,
    course_id TEXT NOT NULL REFERENCES course (id),
    chapter   TEXT NOT NULL,
    number    INTEGER NOT NULL,
    title     TEXT NOT NULL,
    media_id  TEXT NOT NULL,
    media_rev INTEGER NOT NULL,
    points    TEXT NOT NULL,
    handout   TEXT NOT NULL, captions TEXT NOT NULL DEFAULT 'captions.vtt',
    UNIQUE (course_id, number)
) STRICT;
CREATE TABLE lesson_note (
    id         TEXT PRIMARY KEY,
    person_id  TEXT NOT NULL,
    course_id  TEXT NOT NULL,
    lesson_id  TEXT NOT NULL REFERENCES lesson (id),
    at_ms      INTEGER NOT NULL CHECK (at_ms >= 0),
    text       TEXT NOT NULL,
    sent_key   TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL, media_rev INTEGER NOT NULL DEFAULT 0,
    UNIQUE (person_id, sent_key)
) STRICT;
CREATE INDEX lesson_note_course ON lesson_note (person_id, course_id, id);
CREATE INDEX lesson_note_lesson ON lesson_note (person_id, lesson_id, id);
CREATE TABLE lesson_progress (
    learner_id   TEXT NOT NULL,
    lesson_id    TEXT NOT NULL,
    course_id    TEXT NOT NULL,
    credited_ms  INTEGER NOT NULL,
    confirmed_ms INTEGER NOT NULL,
    full_credit  INTEGER NOT NULL,
    full_confirm INTEGER NOT NULL,
    take         INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL, media_rev INTEGER NOT NULL DEFAULT 1, media_id TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (learner_id, lesson_id)
) STRICT;
CREATE INDEX lesson_progress_course ON lesson_progress (learner_id, course_id);
CREATE TABLE lesson_question (
    id            TEXT PRIMARY KEY,
    person_id     TEXT NOT NULL,
    provider_id   TEXT NOT NULL,
    course_id     TEXT NOT NULL,
    lesson_id     TEXT NOT NULL REFERENCES lesson (id),
    at_ms         INTEGER NOT NULL CHECK (at_ms >= 0),
    text          TEXT NOT NULL,
    shared        INTEGER NOT NULL,
    state         TEXT NOT NULL CHECK (state IN ('open', 'answered', 'hidden')),
    sent_key      TEXT NOT NULL,
    asked_at      INTEGER NOT NULL,
    answer        TEXT NOT NULL,
    answered_by   TEXT NOT NULL,
    answered_as   TEXT NOT NULL CHECK (answered_as IN ('', 'teacher', 'provider_staff')),
    answered_at   INTEGER NOT NULL,
    hidden_reason TEXT NOT NULL,
    hidden_by     TEXT NOT NULL,
    hidden_at     INTEGER NOT NULL, media_rev INTEGER NOT NULL DEFAULT 0,
    UNIQUE (person_id, sent_key)
) STRICT;
CREATE INDEX lesson_question_desk ON lesson_question (provider_id, state, id);
CREATE INDEX lesson_question_lesson ON lesson_question (lesson_id, id);
CREATE INDEX lesson_question_own ON lesson_question (person_id, lesson_id, id);
CREATE TABLE login_failure (
    account       TEXT PRIMARY KEY,
    failures      INTEGER NOT NULL,
    blocked_until INTEGER NOT NULL
) STRICT;
CREATE TRIGGER login_end AFTER UPDATE OF ended_at ON login_session WHEN OLD.ended_at = 0 AND NEW.ended_at <> 0
BEGIN
    UPDATE study SET expires_at = 0, version = version + 1 WHERE learner_id = NEW.person_id AND login_session_id = NEW.id AND expires_at <> 0;
    UPDATE study SET prev = '', version = version + 1 WHERE learner_id = NEW.person_id AND prev LIKE '%"login":"' || NEW.id || '"%';
END;
CREATE TABLE login_session (
    id         TEXT PRIMARY KEY,
    token_hash TEXT NOT NULL UNIQUE,
    person_id  TEXT NOT NULL REFERENCES person (id),
    device_id  TEXT NOT NULL REFERENCES device (id),
    created_at INTEGER NOT NULL,
    seen_at    INTEGER NOT NULL,
    proved_at  INTEGER NOT NULL,
    ended_at   INTEGER NOT NULL
) STRICT;
CREATE INDEX login_session_person ON login_session (person_id, ended_at);
CREATE TRIGGER manual_credit_no_delete BEFORE DELETE ON manual_credit BEGIN SELECT RAISE(ABORT, 'manual_credit is append-only'); END;
CREATE TRIGGER manual_credit_no_update BEFORE UPDATE ON manual_credit BEGIN SELECT RAISE(ABORT, 'manual_credit is append-only'); END;
CREATE TABLE manual_credit (
    learner_id TEXT NOT NULL,
    chain_seq  INTEGER NOT NULL,
    lesson_id  TEXT NOT NULL,
    media_id   TEXT NOT NULL,
    media_rev  INTEGER NOT NULL,
    media_from INTEGER NOT NULL,
    media_to   INTEGER NOT NULL CHECK (media_to > media_from),
    appeal_id  TEXT NOT NULL,
    actor      TEXT NOT NULL,
    at         INTEGER NOT NULL,
    chain_hash BLOB NOT NULL,
    PRIMARY KEY (learner_id, chain_seq)
) STRICT;
CREATE INDEX manual_credit_lesson ON manual_credit (learner_id, lesson_id);
CREATE TRIGGER media_timeline BEFORE UPDATE OF duration_ms, segment_ms, segments, base_rev, time_map ON media
WHEN EXISTS (SELECT 1 FROM courseware w WHERE w.lesson_id = OLD.id AND w.rev = OLD.rev AND w.state IN ('published', 'withdrawn'))
BEGIN SELECT RAISE(ABORT, 'the timeline of a published revision does not change'); END;
CREATE TABLE media (
    id          TEXT NOT NULL,
    rev         INTEGER NOT NULL,
    duration_ms INTEGER NOT NULL CHECK (duration_ms > 0),
    segment_ms  INTEGER NOT NULL CHECK (segment_ms > 0),
    segments    INTEGER NOT NULL,
    width       INTEGER NOT NULL,
    height      INTEGER NOT NULL,
    codecs      TEXT NOT NULL,
    slides      TEXT NOT NULL, renditions TEXT NOT NULL DEFAULT '[]', time_map TEXT NOT NULL DEFAULT '', base_rev INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (id, rev)
) STRICT;
CREATE TRIGGER merkle_checkpoint_no_update BEFORE UPDATE ON merkle_checkpoint BEGIN SELECT RAISE(ABORT, 'merkle_checkpoint is append-only'); END;
CREATE TABLE merkle_checkpoint (
    size INTEGER PRIMARY KEY,
    note TEXT NOT NULL,
    at   INTEGER NOT NULL
) STRICT;
CREATE TRIGGER merkle_hash_no_update BEFORE UPDATE ON merkle_hash BEGIN SELECT RAISE(ABORT, 'merkle_hash is append-only'); END;
CREATE TABLE merkle_hash (
    no   INTEGER PRIMARY KEY,
    hash BLOB NOT NULL
) STRICT;
CREATE TRIGGER merkle_leaf_no_delete BEFORE DELETE ON merkle_leaf BEGIN SELECT RAISE(ABORT, 'merkle_leaf is append-only'); END;
CREATE TRIGGER merkle_leaf_no_update BEFORE UPDATE ON merkle_leaf BEGIN SELECT RAISE(ABORT, 'merkle_leaf is append-only'); END;
CREATE TABLE merkle_leaf (
    no    INTEGER PRIMARY KEY,
    kind  TEXT NOT NULL CHECK (kind IN ('study', 'credit')),
    owner TEXT NOT NULL,
    seq   INTEGER NOT NULL,
    hash  BLOB NOT NULL,
    at    INTEGER NOT NULL,
    UNIQUE (kind, owner, seq)
) STRICT;
CREATE INDEX merkle_leaf_credit ON merkle_leaf (no) WHERE kind = 'credit';
CREATE TABLE merkle_salt (
    no   INTEGER PRIMARY KEY,
    salt BLOB NOT NULL
) STRICT;
CREATE TABLE message (
    id         TEXT PRIMARY KEY,
    person_id  TEXT NOT NULL,
    template   TEXT NOT NULL,
    params     TEXT NOT NULL,
    dedupe_key TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    read_at    INTEGER NOT NULL,
    UNIQUE (person_id, dedupe_key)
) STRICT;
CREATE INDEX message_person ON message (person_id, id);
CREATE INDEX message_unread ON message (person_id) WHERE read_at = 0;
CREATE TABLE message_mute (
    person_id TEXT NOT NULL,
    kind      TEXT NOT NULL CHECK (kind IN ('reminder')),
    muted_at  INTEGER NOT NULL,
    PRIMARY KEY (person_id, kind)
) STRICT;
CREATE TABLE original (
    id          TEXT PRIMARY KEY,
    provider_id TEXT NOT NULL REFERENCES provider (id),
    hash        TEXT NOT NULL,
    bytes       INTEGER NOT NULL CHECK (bytes > 0),
    name        TEXT NOT NULL,
    made_from   TEXT NOT NULL,
    repair      TEXT NOT NULL,
    uploaded_by TEXT NOT NULL,
    uploaded_at INTEGER NOT NULL,
    UNIQUE (provider_id, hash)
) STRICT;
CREATE INDEX original_hash ON original (hash);
CREATE TABLE original_hold (
    hash     TEXT PRIMARY KEY,
    sweeping INTEGER NOT NULL CHECK (sweeping IN (0, 1)),
    until    INTEGER NOT NULL
) STRICT;
CREATE TRIGGER person_mark AFTER UPDATE OF region_id ON person
BEGIN INSERT INTO standing_mark (person_id, year) SELECT DISTINCT NEW.id, year FROM standing WHERE person_id = NEW.id; END;
CREATE TABLE person (
    id              TEXT PRIMARY KEY,
    name            TEXT NOT NULL,
    id_number_seal  BLOB NOT NULL,
    id_number_index TEXT NOT NULL UNIQUE,
    id_number_mask  TEXT NOT NULL,
    phone_seal      BLOB NOT NULL,
    phone_index     TEXT NOT NULL UNIQUE,
    phone_mask      TEXT NOT NULL,
    region_id       TEXT NOT NULL,
    unit_id         TEXT NOT NULL,
    password_hash   TEXT NOT NULL,
    state           TEXT NOT NULL CHECK (state IN ('active', 'locked', 'closing', 'closed')),
    agreed_version  TEXT NOT NULL,
    closing_at      INTEGER NOT NULL DEFAULT 0,
    large_text      INTEGER NOT NULL DEFAULT 0,
    created_at      INTEGER NOT NULL
) STRICT;
CREATE INDEX person_region ON person (region_id, id);
CREATE INDEX person_unit ON person (unit_id, id);
CREATE TRIGGER playback_policy_no_delete BEFORE DELETE ON playback_policy BEGIN SELECT RAISE(ABORT, 'playback_policy is append-only'); END;
CREATE TRIGGER playback_policy_no_update BEFORE UPDATE ON playback_policy BEGIN SELECT RAISE(ABORT, 'playback_policy is append-only'); END;
CREATE TABLE playback_policy (
    region_id        TEXT NOT NULL REFERENCES region (id),
    year             INTEGER NOT NULL CHECK (year BETWEEN 2015 AND 2100),
    version          INTEGER NOT NULL CHECK (version >= 1),
    beat_ms          INTEGER NOT NULL CHECK (beat_ms BETWEEN 5000 AND 30000),
    lease_ttl_ms     INTEGER NOT NULL CHECK (lease_ttl_ms BETWEEN 30000 AND 180000),
    backlog_ms       INTEGER NOT NULL CHECK (backlog_ms BETWEEN 30000 AND 120000),
    window_ms        INTEGER NOT NULL CHECK (window_ms BETWEEN 60000 AND 180000),
    check_min_ms     INTEGER NOT NULL CHECK (check_min_ms BETWEEN 60000 AND 900000),
    check_max_ms     INTEGER NOT NULL CHECK (check_max_ms BETWEEN 60000 AND 900000),
    answer_ms        INTEGER NOT NULL CHECK (answer_ms BETWEEN 30000 AND 300000),
    late_ms          INTEGER NOT NULL CHECK (late_ms BETWEEN 0 AND 300000),
    gap_ms           INTEGER NOT NULL CHECK (gap_ms BETWEEN 500 AND 2000),
    total_ms         INTEGER NOT NULL CHECK (total_ms BETWEEN 500 AND 5000),
    ahead_ms         INTEGER NOT NULL CHECK (ahead_ms BETWEEN 500 AND 3000),
    continue_ms      INTEGER NOT NULL CHECK (continue_ms BETWEEN 100 AND 1000),
    overspeed_min_ms INTEGER NOT NULL CHECK (overspeed_min_ms BETWEEN 10000 AND 60000),
    overspeed_pct    INTEGER NOT NULL CHECK (overspeed_pct BETWEEN 102 AND 125),
    legal_source     TEXT NOT NULL,
    reason           TEXT NOT NULL,
    set_by           TEXT NOT NULL,
    set_at           INTEGER NOT NULL,
    PRIMARY KEY (region_id, year, version),
    CHECK (check_min_ms <= check_max_ms),
    CHECK (gap_ms <= total_ms),
    CHECK (2 * beat_ms <= lease_ttl_ms)
) STRICT;
CREATE TRIGGER playback_session_no_delete BEFORE DELETE ON playback_session BEGIN SELECT RAISE(ABORT, 'playback_session is append-only'); END;
CREATE TRIGGER playback_session_no_update BEFORE UPDATE ON playback_session BEGIN SELECT RAISE(ABORT, 'playback_session is append-only'); END;
CREATE TABLE playback_session (
    id          TEXT PRIMARY KEY,
    learner_id  TEXT NOT NULL,
    epoch       INTEGER NOT NULL,
    lesson_id   TEXT NOT NULL,
    media_id    TEXT NOT NULL,
    media_rev   INTEGER NOT NULL,
    device_id   TEXT NOT NULL,
    device_name TEXT NOT NULL,
    signature   TEXT NOT NULL,
    acquired_at INTEGER NOT NULL,
    takeover    INTEGER NOT NULL,
    chain_seq   INTEGER NOT NULL,
    chain_hash  BLOB NOT NULL,
    UNIQUE (learner_id, epoch)
) STRICT;
CREATE INDEX playback_session_recent ON playback_session (learner_id, acquired_at);
CREATE TABLE presence_check (
    id          TEXT PRIMARY KEY,
    learner_id  TEXT NOT NULL,
    window_no   INTEGER NOT NULL,
    epoch       INTEGER NOT NULL,
    lesson_id   TEXT NOT NULL,
    state       TEXT NOT NULL CHECK (state IN ('due', 'passed', 'late_passed', 'reopened')),
    late        INTEGER NOT NULL,
    issued_at   INTEGER NOT NULL,
    deadline_at INTEGER NOT NULL,
    nonce       TEXT NOT NULL,
    tasks       TEXT NOT NULL,
    answer_mac  TEXT NOT NULL,
    tries       INTEGER NOT NULL,
    swaps       INTEGER NOT NULL,
    answered_at INTEGER NOT NULL
) STRICT;
CREATE INDEX presence_check_learner ON presence_check (learner_id, window_no);
CREATE TABLE provider (
    id         TEXT PRIMARY KEY,
    name       TEXT NOT NULL,
    short_name TEXT NOT NULL,
    state      TEXT NOT NULL CHECK (state IN ('active', 'ended'))
) STRICT;
CREATE TABLE rate_limit (
    key          TEXT PRIMARY KEY,
    window_start INTEGER NOT NULL,
    count        INTEGER NOT NULL
) STRICT;
CREATE TRIGGER refusal_no_delete BEFORE DELETE ON refusal BEGIN SELECT RAISE(ABORT, 'refusal is append-only'); END;
CREATE TRIGGER refusal_no_update BEFORE UPDATE ON refusal BEGIN SELECT RAISE(ABORT, 'refusal is append-only'); END;
CREATE TABLE refusal (
    id         TEXT PRIMARY KEY,
    learner_id TEXT NOT NULL,
    lesson_id  TEXT NOT NULL,
    session_id TEXT NOT NULL,
    run_no     INTEGER NOT NULL,
    media_from INTEGER NOT NULL,
    media_to   INTEGER NOT NULL,
    reason     TEXT NOT NULL,
    at         INTEGER NOT NULL
) STRICT;
CREATE INDEX refusal_lesson ON refusal (learner_id, lesson_id, at);
CREATE TABLE region (
    id     TEXT PRIMARY KEY,
    parent TEXT NOT NULL,
    name   TEXT NOT NULL,
    kind   TEXT NOT NULL CHECK (kind IN ('city', 'county', 'zone', 'direct')),
    rank   INTEGER NOT NULL
) STRICT;
CREATE TABLE reminder_run (
    year       INTEGER NOT NULL,
    days       INTEGER NOT NULL,
    cursor_id  TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    done_at    INTEGER NOT NULL,
    PRIMARY KEY (year, days)
) STRICT;
CREATE TABLE role_grant (
    person_id  TEXT NOT NULL REFERENCES person (id),
    role       TEXT NOT NULL,
    scope      TEXT NOT NULL,
    duties     TEXT NOT NULL DEFAULT '',
    granted_by TEXT NOT NULL,
    granted_at INTEGER NOT NULL,
    PRIMARY KEY (person_id, role, scope)
) STRICT;
CREATE INDEX role_grant_scope ON role_grant (scope, role) WHERE scope <> '';
CREATE TRIGGER rule_set_mark AFTER INSERT ON rule_set
BEGIN INSERT INTO standing_mark (person_id, year) SELECT person_id, year FROM standing WHERE year = NEW.year AND about = ''; END;
CREATE TRIGGER rule_set_no_delete BEFORE DELETE ON rule_set BEGIN SELECT RAISE(ABORT, 'rule_set is append-only'); END;
CREATE TRIGGER rule_set_no_update BEFORE UPDATE ON rule_set BEGIN SELECT RAISE(ABORT, 'rule_set is append-only'); END;
CREATE TABLE rule_set (
    region_id         TEXT NOT NULL,
    year              INTEGER NOT NULL,
    version           INTEGER NOT NULL,
    total_tenths      INTEGER NOT NULL,
    professional_num  INTEGER NOT NULL,
    professional_den  INTEGER NOT NULL CHECK (professional_den > 0),
    minutes_per_hour  INTEGER NOT NULL CHECK (minutes_per_hour IN (40, 45, 50, 60)),
    legal_source      TEXT NOT NULL, reason TEXT NOT NULL DEFAULT '', set_by TEXT NOT NULL DEFAULT '', set_at INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (region_id, year, version)
) STRICT;
CREATE TABLE schema_floor (
    id     INTEGER PRIMARY KEY CHECK (id = 1),
    oldest INTEGER NOT NULL CHECK (oldest >= 0)
) STRICT;
CREATE TRIGGER setting_no_delete BEFORE DELETE ON setting BEGIN SELECT RAISE(ABORT, 'setting is append-only'); END;
CREATE TRIGGER setting_no_update BEFORE UPDATE ON setting BEGIN SELECT RAISE(ABORT, 'setting is append-only'); END;
CREATE TABLE setting (
    key     TEXT NOT NULL,
    version INTEGER NOT NULL,
    value   TEXT NOT NULL,
    source  TEXT NOT NULL,
    set_by  TEXT NOT NULL,
    set_at  INTEGER NOT NULL,
    PRIMARY KEY (key, version)
) STRICT;
CREATE TABLE site (
    id          TEXT PRIMARY KEY,
    host        TEXT NOT NULL UNIQUE,
    provider_id TEXT NOT NULL,
    region_id   TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    CHECK ((provider_id = '') <> (region_id = ''))
) STRICT;
CREATE TABLE site_setting (
    site_id TEXT NOT NULL REFERENCES site (id),
    key     TEXT NOT NULL,
    version INTEGER NOT NULL,
    value   TEXT NOT NULL,
    source  TEXT NOT NULL,
    set_by  TEXT NOT NULL,
    set_at  INTEGER NOT NULL,
    PRIMARY KEY (site_id, key, version)
) STRICT;
CREATE TABLE sms_code (
    id         TEXT PRIMARY KEY,
    phone      TEXT NOT NULL,
    purpose    TEXT NOT NULL,
    code_mac   TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    tries      INTEGER NOT NULL,
    used       INTEGER NOT NULL
) STRICT;
CREATE INDEX sms_code_phone ON sms_code (phone, purpose, expires_at);
CREATE TABLE sms_outbox (
    id          TEXT PRIMARY KEY,
    purpose     TEXT NOT NULL,
    phone_index TEXT NOT NULL,
    phone_mask  TEXT NOT NULL,
    phone_seal  BLOB NOT NULL,
    code_seal   BLOB NOT NULL,
    state       TEXT NOT NULL CHECK (state IN ('waiting', 'sending', 'sent', 'failed', 'expired', 'replaced')),
    tries       INTEGER NOT NULL,
    doubt       INTEGER NOT NULL CHECK (doubt IN (0, 1)),
    next_at     INTEGER NOT NULL,
    expires_at  INTEGER NOT NULL,
    result      TEXT NOT NULL,
    message     TEXT NOT NULL,
    receipt     TEXT NOT NULL,
    request_id  TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    ended_at    INTEGER NOT NULL,
    CHECK (state IN ('waiting', 'sending') OR length(phone_seal) + length(code_seal) = 0)
) STRICT;
CREATE INDEX sms_outbox_day ON sms_outbox (created_at);
CREATE INDEX sms_outbox_due ON sms_outbox (next_at) WHERE state IN ('waiting', 'sending');
CREATE INDEX sms_outbox_phone ON sms_outbox (phone_index, purpose, created_at);
CREATE INDEX sms_outbox_trouble ON sms_outbox (id) WHERE result <> '' AND result <> 'OK';
CREATE TRIGGER span_media_disjoint BEFORE INSERT ON span
WHEN EXISTS (SELECT 1 FROM span o WHERE o.learner_id = NEW.learner_id AND o.lesson_id = NEW.lesson_id
             AND o.media_from < NEW.media_to AND o.media_from > NEW.media_from - 900000 AND o.media_to > NEW.media_from
             AND o.media_id = NEW.media_id AND o.media_rev = NEW.media_rev AND o.take = NEW.take)
BEGIN SELECT RAISE(ABORT, 'span: media is credited already'); END;
CREATE TRIGGER span_no_delete BEFORE DELETE ON span BEGIN SELECT RAISE(ABORT, 'span is append-only'); END;
CREATE TRIGGER span_no_update BEFORE UPDATE ON span BEGIN SELECT RAISE(ABORT, 'span is append-only'); END;
CREATE TRIGGER span_wall_disjoint BEFORE INSERT ON span
WHEN EXISTS (SELECT 1 FROM span o WHERE o.learner_id = NEW.learner_id
             AND o.wall_from < NEW.wall_to AND o.wall_from > NEW.wall_from - 900000000 AND o.wall_to > NEW.wall_from)
BEGIN SELECT RAISE(ABORT, 'span: wall time is credited already'); END;
CREATE TABLE span (
    learner_id TEXT NOT NULL,
    chain_seq  INTEGER NOT NULL,
    session_id TEXT NOT NULL,
    epoch      INTEGER NOT NULL,
    lesson_id  TEXT NOT NULL,
    media_id   TEXT NOT NULL,
    media_rev  INTEGER NOT NULL,
    take       INTEGER NOT NULL,
    window_no  INTEGER NOT NULL,
    media_from INTEGER NOT NULL CHECK (media_from >= 0),
    media_to   INTEGER NOT NULL,
    wall_from  INTEGER NOT NULL,
    wall_to    INTEGER NOT NULL,
    booked_at  INTEGER NOT NULL,
    chain_hash BLOB NOT NULL,
    PRIMARY KEY (learner_id, chain_seq),
    CHECK (media_to > media_from),
    CHECK (media_to - media_from <= 900000),
    CHECK (wall_to - wall_from = 1000 * (media_to - media_from)),
    CHECK (wall_to <= booked_at)
) STRICT;
CREATE INDEX span_lesson ON span (learner_id, lesson_id, media_from);
CREATE INDEX span_wall ON span (learner_id, wall_from);
CREATE INDEX span_window ON span (learner_id, window_no);
CREATE TABLE standing (
    person_id           TEXT NOT NULL,
    year                INTEGER NOT NULL,
    about               TEXT NOT NULL,
    region_id           TEXT NOT NULL,
    courses             INTEGER NOT NULL,
    completed           INTEGER NOT NULL,
    public_tenths       INTEGER NOT NULL,
    professional_tenths INTEGER NOT NULL,
    done_month          INTEGER NOT NULL,
    PRIMARY KEY (person_id, year, about)
) STRICT;
CREATE INDEX standing_year ON standing (year, about, person_id);
CREATE TABLE standing_mark (
    no        INTEGER PRIMARY KEY,
    person_id TEXT NOT NULL,
    year      INTEGER NOT NULL
) STRICT;
CREATE TABLE study (
    learner_id       TEXT PRIMARY KEY,
    session_id       TEXT NOT NULL,
    login_session_id TEXT NOT NULL,
    device_id        TEXT NOT NULL,
    device_name      TEXT NOT NULL,
    course_id        TEXT NOT NULL,
    lesson_id        TEXT NOT NULL,
    media_id         TEXT NOT NULL,
    media_rev        INTEGER NOT NULL,
    take             INTEGER NOT NULL,
    final            INTEGER NOT NULL,
    acquired_at      INTEGER NOT NULL,
    threshold_ms     INTEGER NOT NULL CHECK (threshold_ms BETWEEN 1 AND 900000),
    window_no        INTEGER NOT NULL,
    epoch            INTEGER NOT NULL,
    anchored_seq     INTEGER NOT NULL DEFAULT 0,
    prev             TEXT NOT NULL,
    chain_hash       BLOB NOT NULL,
    chain_seq        INTEGER NOT NULL,
    check_id         TEXT NOT NULL,
    run_no           INTEGER NOT NULL,
    run_from         INTEGER NOT NULL,
    run_pay_from     INTEGER NOT NULL,
    run_floor        INTEGER NOT NULL,
    run_state        TEXT NOT NULL,
    run_open         INTEGER NOT NULL,
    open_media_from  INTEGER NOT NULL,
    open_wall_from   INTEGER NOT NULL,
    version          INTEGER NOT NULL,
    expires_at       INTEGER NOT NULL,
    last_contact     INTEGER NOT NULL,
    last_seq         INTEGER NOT NULL,
    wall_cursor      INTEGER NOT NULL,
    since_check_ms   INTEGER NOT NULL CHECK (since_check_ms BETWEEN 0 AND 900000),
    run_pos          INTEGER NOT NULL,
    open_media_to    INTEGER NOT NULL,
    open_wall_to     INTEGER NOT NULL, skew INTEGER NOT NULL DEFAULT 0,
    CHECK (open_wall_to - open_wall_from = 1000 * (open_media_to - open_media_from))
) STRICT;
CREATE INDEX study_device ON study (device_id);
CREATE INDEX study_unanchored ON study (learner_id) WHERE chain_seq > anchored_seq;
CREATE TABLE tally (
    year                INTEGER NOT NULL,
    about               TEXT NOT NULL,
    region_id           TEXT NOT NULL,
    done_month          INTEGER NOT NULL,
    learners            INTEGER NOT NULL,
    courses             INTEGER NOT NULL,
    completed           INTEGER NOT NULL,
    public_tenths       INTEGER NOT NULL,
    professional_tenths INTEGER NOT NULL,
    PRIMARY KEY (year, about, region_id, done_month)
) STRICT;
CREATE TABLE tally_run (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    at INTEGER NOT NULL
) STRICT;
CREATE TABLE unit (
    id        TEXT PRIMARY KEY,
    region_id TEXT NOT NULL REFERENCES region (id),
    name      TEXT NOT NULL,
    UNIQUE (region_id, name)
) STRICT;
CREATE TABLE unit_import (
    id           TEXT PRIMARY KEY,
    unit_id      TEXT NOT NULL,
    account_id   TEXT NOT NULL,
    rows_seal    BLOB NOT NULL,
    created_at   INTEGER NOT NULL,
    confirmed_at INTEGER NOT NULL
) STRICT;
CREATE TABLE upload (
    id          TEXT PRIMARY KEY,
    provider_id TEXT NOT NULL REFERENCES provider (id),
    lesson_id   TEXT NOT NULL,
    profile     TEXT NOT NULL CHECK (profile IN ('video', 'slides')),
    name        TEXT NOT NULL,
    bytes       INTEGER NOT NULL CHECK (bytes > 0),
    state       TEXT NOT NULL CHECK (state IN ('receiving', 'received', 'accepted', 'refused', 'abandoned')),
    code        TEXT NOT NULL,
    params      TEXT NOT NULL,
    original_id TEXT NOT NULL,
    uploaded_by TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    ended_at    INTEGER NOT NULL, content TEXT NOT NULL DEFAULT 'same' CHECK (content IN ('same', 'new')),
    CHECK (state <> 'refused' OR code <> ''),
    CHECK (state <> 'accepted' OR original_id <> '')
) STRICT;
CREATE INDEX upload_alive ON upload (created_at) WHERE state = 'receiving';
CREATE INDEX upload_provider ON upload (provider_id, id);
CREATE TABLE upload_piece (
    upload_id  TEXT NOT NULL REFERENCES upload (id),
    at         INTEGER NOT NULL CHECK (at >= 0),
    bytes      INTEGER NOT NULL CHECK (bytes > 0),
    key        TEXT NOT NULL UNIQUE,
    stored_at  INTEGER NOT NULL,
    PRIMARY KEY (upload_id, at)
) STRICT;
CREATE TRIGGER waiver_no_delete BEFORE DELETE ON waiver BEGIN SELECT RAISE(ABORT, 'waiver is append-only'); END;
CREATE TRIGGER waiver_no_update BEFORE UPDATE ON waiver BEGIN SELECT RAISE(ABORT, 'waiver is append-only'); END;
CREATE TABLE waiver (
    lesson_id TEXT NOT NULL,
    rev       INTEGER NOT NULL,
    report_id TEXT NOT NULL REFERENCES inspection_report (id),
    no        INTEGER NOT NULL,
    reason    TEXT NOT NULL CHECK (reason <> ''),
    waived_by TEXT NOT NULL,
    at        INTEGER NOT NULL,
    PRIMARY KEY (lesson_id, rev, report_id, no)
) STRICT;
CREATE TRIGGER window_result_no_delete BEFORE DELETE ON window_result BEGIN SELECT RAISE(ABORT, 'window_result is append-only'); END;
CREATE TRIGGER window_result_no_update BEFORE UPDATE ON window_result BEGIN SELECT RAISE(ABORT, 'window_result is append-only'); END;
CREATE TABLE window_result (
    learner_id TEXT NOT NULL,
    window_no  INTEGER NOT NULL,
    result     TEXT NOT NULL CHECK (result IN ('confirmed', 'reopened')),
    check_id   TEXT NOT NULL,
    at         INTEGER NOT NULL,
    chain_seq  INTEGER NOT NULL,
    chain_hash BLOB NOT NULL,
    PRIMARY KEY (learner_id, window_no)
) STRICT;
CREATE TABLE year_window (
    year          INTEGER PRIMARY KEY,
    opens_at      INTEGER NOT NULL,
    study_end_at  INTEGER NOT NULL,
    makeup_end_at INTEGER NOT NULL
) STRICT;

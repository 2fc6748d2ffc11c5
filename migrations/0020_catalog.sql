-- +goose Up
-- Media, what is offered, and who may study it.
CREATE TABLE media (
    id          TEXT NOT NULL,
    rev         {{int64}} NOT NULL,
    duration_ms {{int64}} NOT NULL CHECK (duration_ms > 0),
    segment_ms  {{int64}} NOT NULL CHECK (segment_ms > 0),
    segments    {{int64}} NOT NULL,
    width       {{int64}} NOT NULL,
    height      {{int64}} NOT NULL,
    codecs      TEXT NOT NULL,
    slides      TEXT NOT NULL,
    PRIMARY KEY (id, rev)
){{strict}};

CREATE TABLE course (
    id           TEXT PRIMARY KEY,
    provider_id  TEXT NOT NULL REFERENCES provider (id),
    code         TEXT NOT NULL UNIQUE,
    title        TEXT NOT NULL,
    summary      TEXT NOT NULL,
    subject      TEXT NOT NULL CHECK (subject IN ('public', 'professional')),
    year         {{int64}} NOT NULL,
    hours_tenths {{int64}} NOT NULL CHECK (hours_tenths > 0),
    minutes      {{int64}} NOT NULL,
    teacher      TEXT NOT NULL,
    teacher_bio  TEXT NOT NULL,
    price_fen    {{int64}} NOT NULL,
    sequential   {{int64}} NOT NULL,
    state        TEXT NOT NULL CHECK (state IN ('draft', 'inspecting', 'reviewed', 'published', 'withdrawn'))
){{strict}};
CREATE INDEX course_list ON course (state, year, subject, id);

CREATE TABLE lesson (
    id        TEXT PRIMARY KEY,
    course_id TEXT NOT NULL REFERENCES course (id),
    chapter   TEXT NOT NULL,
    number    {{int64}} NOT NULL,
    title     TEXT NOT NULL,
    media_id  TEXT NOT NULL,
    media_rev {{int64}} NOT NULL,
    points    TEXT NOT NULL,
    handout   TEXT NOT NULL,
    UNIQUE (course_id, number)
){{strict}};

-- Content questions of presence checks; the answer never leaves the server.
CREATE TABLE content_question (
    lesson_id TEXT NOT NULL REFERENCES lesson (id),
    no        {{int64}} NOT NULL,
    at_ms     {{int64}} NOT NULL,
    text      TEXT NOT NULL,
    options   TEXT NOT NULL,
    answer    {{int64}} NOT NULL,
    PRIMARY KEY (lesson_id, no)
){{strict}};

CREATE TABLE year_window (
    year          {{int64}} PRIMARY KEY,
    opens_at      {{int64}} NOT NULL,
    study_end_at  {{int64}} NOT NULL,
    makeup_end_at {{int64}} NOT NULL
){{strict}};

CREATE TABLE enrolment (
    id           TEXT PRIMARY KEY,
    person_id    TEXT NOT NULL,
    course_id    TEXT NOT NULL REFERENCES course (id),
    year         {{int64}} NOT NULL,
    source       TEXT NOT NULL CHECK (source IN ('self', 'unit', 'seed')),
    state        TEXT NOT NULL CHECK (state IN ('active', 'completed', 'void')),
    enrolled_at  {{int64}} NOT NULL,
    completed_at {{int64}} NOT NULL,
    UNIQUE (person_id, course_id, year)
){{strict}};
CREATE INDEX enrolment_person ON enrolment (person_id, year, state, id);

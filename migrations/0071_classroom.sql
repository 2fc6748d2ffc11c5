-- +goose Up
-- A learner's notes and questions on a lesson, each at a position. The key is the page's own: sending again after a lost
-- answer adds nothing.
CREATE TABLE lesson_note (
    id         TEXT PRIMARY KEY,
    person_id  TEXT NOT NULL,
    course_id  TEXT NOT NULL,
    lesson_id  TEXT NOT NULL REFERENCES lesson (id),
    at_ms      {{int64}} NOT NULL CHECK (at_ms >= 0),
    text       TEXT NOT NULL,
    sent_key   TEXT NOT NULL,
    created_at {{int64}} NOT NULL,
    updated_at {{int64}} NOT NULL,
    UNIQUE (person_id, sent_key)
){{strict}};
CREATE INDEX lesson_note_lesson ON lesson_note (person_id, lesson_id, id);
CREATE INDEX lesson_note_course ON lesson_note (person_id, course_id, id);

CREATE TABLE lesson_question (
    id            TEXT PRIMARY KEY,
    person_id     TEXT NOT NULL,
    provider_id   TEXT NOT NULL,
    course_id     TEXT NOT NULL,
    lesson_id     TEXT NOT NULL REFERENCES lesson (id),
    at_ms         {{int64}} NOT NULL CHECK (at_ms >= 0),
    text          TEXT NOT NULL,
    shared        {{int64}} NOT NULL,
    state         TEXT NOT NULL CHECK (state IN ('open', 'answered', 'hidden')),
    sent_key      TEXT NOT NULL,
    asked_at      {{int64}} NOT NULL,
    answer        TEXT NOT NULL,
    answered_by   TEXT NOT NULL,
    answered_as   TEXT NOT NULL CHECK (answered_as IN ('', 'teacher', 'provider_staff')),
    answered_at   {{int64}} NOT NULL,
    hidden_reason TEXT NOT NULL,
    hidden_by     TEXT NOT NULL,
    hidden_at     {{int64}} NOT NULL,
    UNIQUE (person_id, sent_key)
){{strict}};
CREATE INDEX lesson_question_lesson ON lesson_question (lesson_id, id);
CREATE INDEX lesson_question_own ON lesson_question (person_id, lesson_id, id);
CREATE INDEX lesson_question_desk ON lesson_question (provider_id, state, id);

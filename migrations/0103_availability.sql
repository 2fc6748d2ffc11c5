-- +goose Up
-- Availability and response times (R1.4a, b, c): what each process saw in a minute, what was judged of it, and what people say of it.

-- A minute as one process saw it: requests of people without media, how many failed, how long they took together, their spread over
-- the bounds of availability.Bounds, and how often the process looked at itself and found itself ready. minute counts from 1970.
CREATE TABLE availability_minute (
    minute  {{int64}} NOT NULL,
    process TEXT NOT NULL,
    requests {{int64}} NOT NULL CHECK (requests >= 0),
    failed  {{int64}} NOT NULL CHECK (failed >= 0 AND failed <= requests),
    took_us {{int64}} NOT NULL CHECK (took_us >= 0),
    spread  TEXT NOT NULL,
    probes  {{int64}} NOT NULL CHECK (probes >= 0),
    ready   {{int64}} NOT NULL CHECK (ready >= 0 AND ready <= probes),
    PRIMARY KEY (minute, process)
){{strict}};

-- A day of all processes, in the city's time. peak is its busiest five minutes.
CREATE TABLE availability_day (
    day      TEXT PRIMARY KEY,
    requests {{int64}} NOT NULL,
    failed   {{int64}} NOT NULL,
    took_us  {{int64}} NOT NULL,
    spread   TEXT NOT NULL,
    peak_minute   {{int64}} NOT NULL,
    peak_requests {{int64}} NOT NULL,
    peak_took_us  {{int64}} NOT NULL,
    peak_spread   TEXT NOT NULL
){{strict}};

-- A time without service. down is its minutes that count; between two of them the platform may have answered for a while.
CREATE TABLE availability_incident (
    id       TEXT PRIMARY KEY,
    kind     TEXT NOT NULL CHECK (kind IN ('silent', 'unready', 'failing', 'reported')),
    began    {{int64}} NOT NULL,
    ended    {{int64}} NOT NULL,
    down     {{int64}} NOT NULL CHECK (down > 0 AND down <= ended - began),
    failed   {{int64}} NOT NULL CHECK (failed >= 0),
    cause    TEXT NOT NULL,
    remedy   TEXT NOT NULL,
    noted_by TEXT NOT NULL,
    noted_at {{int64}} NOT NULL,
    CHECK (kind <> 'reported' OR cause <> '')
){{strict}};
CREATE INDEX availability_incident_began ON availability_incident (began);

-- Minutes from since to before judged have been judged; one row.
CREATE TABLE availability_count (
    id     {{int64}} PRIMARY KEY CHECK (id = 1),
    since  {{int64}} NOT NULL,
    judged {{int64}} NOT NULL CHECK (judged >= since)
){{strict}};

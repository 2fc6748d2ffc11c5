-- +goose Up
-- What of a report is held against the other lessons of its teacher (R1.8c), so that comparing a course reads no curves.
-- Thousandths of LUFS, -70000 = nothing to hear, and of Hz, 0 = too little speech.
ALTER TABLE inspection_report ADD COLUMN loudness_milli {{int64}} NOT NULL DEFAULT -70000;
ALTER TABLE inspection_report ADD COLUMN pitch_milli {{int64}} NOT NULL DEFAULT 0;

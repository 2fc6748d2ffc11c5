-- +goose Up
-- A provider's people have duties that mean something now: only the duty course changes courses, only admin manages people.
-- Staff that were appointed without saying what for could do all the work there was, and keep it. Nobody becomes an
-- administrator by this: an operator appoints a provider's first.
UPDATE role_grant SET duties = 'course,exam,finance,service' WHERE role = 'provider_staff' AND duties = '';

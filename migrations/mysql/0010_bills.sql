-- Rounds of questions. The comments are in migrations/sqlite.

ALTER TABLE bill_days ADD COLUMN asked_since BIGINT NOT NULL DEFAULT 0;
ALTER TABLE bill_differences ADD COLUMN asked_run BIGINT NOT NULL DEFAULT 0;

-- A comparison that may not ask about everything leaves the rest to the next one. An instance of the version before
-- goes on beside: it asks about the first ones again.

-- the comparison with which the round of questions began that is not over yet; 0: it is
ALTER TABLE bill_days ADD COLUMN asked_since BIGINT NOT NULL DEFAULT 0;
-- the comparison in which WeChat last answered about it
ALTER TABLE bill_differences ADD COLUMN asked_run BIGINT NOT NULL DEFAULT 0;

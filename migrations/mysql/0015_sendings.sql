-- Requests for a refund that WeChat has not answered. The comments are in migrations/sqlite.
ALTER TABLE refunds ADD COLUMN sendings BIGINT NOT NULL DEFAULT 0, ADD COLUMN sent_ms BIGINT;

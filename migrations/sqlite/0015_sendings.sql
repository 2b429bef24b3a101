-- Requests for a refund that WeChat has not answered, and when the last one was sent: what may still arrive there must not
-- be given up. Old instances send without a word and go on.
ALTER TABLE refunds ADD COLUMN sendings BIGINT NOT NULL DEFAULT 0;
ALTER TABLE refunds ADD COLUMN sent_ms BIGINT;

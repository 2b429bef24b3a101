-- What has to be collected from now on. The comments are in migrations/sqlite.

CREATE TABLE books (
    id BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    mchid VARCHAR(32) NOT NULL,
    platform VARCHAR(16) NOT NULL,
    stamped_ms BIGINT NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE heartbeats (
    instance VARCHAR(32) NOT NULL PRIMARY KEY,
    beats BIGINT NOT NULL,
    started_ms BIGINT NOT NULL,
    wall_ms BIGINT NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

ALTER TABLE leases
    ADD COLUMN last_good_ms BIGINT,
    ADD COLUMN reached_id BIGINT NOT NULL DEFAULT 0;

ALTER TABLE products ADD COLUMN withdrawn_ms BIGINT;

ALTER TABLE attempts
    ADD COLUMN appid VARCHAR(32) NOT NULL DEFAULT '',
    ADD COLUMN trade_type VARCHAR(16) NOT NULL DEFAULT 'NATIVE',
    ADD COLUMN request_id VARCHAR(128);

ALTER TABLE payments ADD COLUMN vouched_by VARCHAR(64);

ALTER TABLE refunds
    ADD COLUMN accepted_ms BIGINT,
    ADD COLUMN request_id VARCHAR(128),
    ADD COLUMN refusals BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN refused_ms BIGINT,
    ADD INDEX refunds_by_source (source, state, id);

ALTER TABLE notifications
    ADD COLUMN signature VARCHAR(1024),
    ADD COLUMN emptied_ms BIGINT;

CREATE TABLE platform_keys (
    serial VARCHAR(64) NOT NULL PRIMARY KEY,
    kind VARCHAR(16) NOT NULL,
    pem TEXT NOT NULL,
    seen_ms BIGINT NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

ALTER TABLE orders
    ADD COLUMN end_ms BIGINT,
    ADD INDEX orders_ending (end_ms);
UPDATE orders SET end_ms = expires_ms WHERE status = 'NOTPAY' AND check_ms IS NOT NULL;

ALTER TABLE attempts ADD COLUMN closed_by VARCHAR(16);

-- WeChat's bills laid beside the books. The comments are in migrations/sqlite.

CREATE TABLE bill_job (
    id BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    since_day VARCHAR(10) NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE bill_days (
    day VARCHAR(10) NOT NULL PRIMARY KEY,
    state VARCHAR(16) NOT NULL,
    problem VARCHAR(128),
    tries BIGINT NOT NULL,
    next_ms BIGINT,
    run BIGINT NOT NULL,
    checked_ms BIGINT,
    totals TEXT
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE INDEX bill_days_due ON bill_days (next_ms);
CREATE TABLE bill_files (
    day VARCHAR(10) NOT NULL,
    kind VARCHAR(16) NOT NULL,
    hash VARCHAR(40) NOT NULL,
    matched VARCHAR(8) NOT NULL,
    bytes BIGINT NOT NULL,
    plain_bytes BIGINT NOT NULL,
    fetched_ms BIGINT NOT NULL,
    PRIMARY KEY (day, kind)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE TABLE bill_differences (
    id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    day VARCHAR(10) NOT NULL,
    kind VARCHAR(32) NOT NULL,
    subject VARCHAR(64) NOT NULL,
    transaction_id VARCHAR(64),
    out_trade_no VARCHAR(64),
    order_id BIGINT,
    theirs_fen BIGINT,
    ours_fen BIGINT,
    state VARCHAR(16) NOT NULL,
    answer VARCHAR(64) NOT NULL,
    who VARCHAR(64) NOT NULL,
    why VARCHAR(500) NOT NULL,
    run BIGINT NOT NULL,
    found_ms BIGINT NOT NULL,
    changed_ms BIGINT NOT NULL,
    UNIQUE KEY bill_differences_once (day, kind, subject)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE INDEX bill_differences_by_state ON bill_differences (state, day, id);
CREATE INDEX payments_by_moment ON payments (success_ms, id);
CREATE INDEX refunds_by_age ON refunds (created_ms, id);

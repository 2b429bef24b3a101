-- The people who work here, and what they do. The comments are in migrations/sqlite.

CREATE TABLE staff (
    id BIGINT NOT NULL PRIMARY KEY AUTO_INCREMENT,
    name VARCHAR(40) NOT NULL UNIQUE,
    role VARCHAR(16) NOT NULL,
    password VARCHAR(255),
    totp BLOB,
    totp_step BIGINT NOT NULL DEFAULT 0,
    generation BIGINT NOT NULL DEFAULT 1,
    created_ms BIGINT NOT NULL,
    disabled_ms BIGINT
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE staff_sessions (
    id BIGINT NOT NULL PRIMARY KEY AUTO_INCREMENT,
    token_hash VARCHAR(64) NOT NULL UNIQUE,
    staff_id BIGINT NOT NULL,
    stage VARCHAR(16) NOT NULL,
    created_ms BIGINT NOT NULL,
    seen_ms BIGINT NOT NULL,
    confirmed_ms BIGINT,
    pending_totp BLOB,
    address VARCHAR(64) NOT NULL,
    agent VARCHAR(200) NOT NULL,
    INDEX staff_sessions_of (staff_id, id),
    INDEX staff_sessions_by_age (created_ms),
    FOREIGN KEY (staff_id) REFERENCES staff (id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE staff_devices (
    token_hash VARCHAR(64) NOT NULL PRIMARY KEY,
    staff_id BIGINT NOT NULL,
    seen_ms BIGINT NOT NULL,
    INDEX staff_devices_of (staff_id),
    FOREIGN KEY (staff_id) REFERENCES staff (id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE staff_recovery_codes (
    id BIGINT NOT NULL PRIMARY KEY AUTO_INCREMENT,
    staff_id BIGINT NOT NULL,
    hash VARCHAR(64) NOT NULL,
    used_ms BIGINT,
    UNIQUE (staff_id, hash),
    FOREIGN KEY (staff_id) REFERENCES staff (id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE staff_links (
    hash VARCHAR(64) NOT NULL PRIMARY KEY,
    staff_id BIGINT NOT NULL,
    purpose VARCHAR(16) NOT NULL,
    created_ms BIGINT NOT NULL,
    ends_ms BIGINT NOT NULL,
    used_ms BIGINT,
    INDEX staff_links_of (staff_id),
    FOREIGN KEY (staff_id) REFERENCES staff (id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE staff_limits (
    id BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    per_refund_fen BIGINT,
    per_day_fen BIGINT,
    changed_ms BIGINT NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE refund_sums (
    staff_id BIGINT NOT NULL,
    day VARCHAR(10) NOT NULL,
    sum_fen BIGINT NOT NULL,
    PRIMARY KEY (staff_id, day),
    FOREIGN KEY (staff_id) REFERENCES staff (id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE refund_holds (
    out_refund_no VARCHAR(64) NOT NULL PRIMARY KEY,
    order_id BIGINT NOT NULL,
    payment_id BIGINT NOT NULL,
    amount_fen BIGINT NOT NULL,
    reason VARCHAR(255) NOT NULL,
    created_ms BIGINT NOT NULL,
    INDEX refund_holds_of_payment (payment_id),
    FOREIGN KEY (order_id) REFERENCES orders (id),
    FOREIGN KEY (payment_id) REFERENCES payments (id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE approvals (
    id BIGINT NOT NULL PRIMARY KEY AUTO_INCREMENT,
    form VARCHAR(64) NOT NULL UNIQUE,
    kind VARCHAR(16) NOT NULL,
    state VARCHAR(16) NOT NULL,
    subject VARCHAR(128) NOT NULL,
    wanted TEXT NOT NULL,
    order_id BIGINT,
    amount_fen BIGINT,
    asked_by BIGINT NOT NULL,
    asked_ms BIGINT NOT NULL,
    ends_ms BIGINT NOT NULL,
    decided_by BIGINT,
    decided_ms BIGINT,
    note VARCHAR(255) NOT NULL,
    INDEX approvals_by_state (state, id),
    INDEX approvals_ending (state, ends_ms),
    INDEX approvals_of_order (order_id, id),
    INDEX approvals_by_subject (subject, id),
    FOREIGN KEY (order_id) REFERENCES orders (id),
    FOREIGN KEY (asked_by) REFERENCES staff (id),
    FOREIGN KEY (decided_by) REFERENCES staff (id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE audit_log (
    id BIGINT NOT NULL PRIMARY KEY AUTO_INCREMENT,
    entry VARCHAR(32) NOT NULL UNIQUE,
    chain VARCHAR(32) NOT NULL,
    number BIGINT NOT NULL,
    at_ms BIGINT NOT NULL,
    staff_id BIGINT,
    who VARCHAR(80) NOT NULL,
    what VARCHAR(48) NOT NULL,
    subject VARCHAR(128) NOT NULL,
    detail VARCHAR(500) NOT NULL,
    address VARCHAR(64) NOT NULL,
    request_id VARCHAR(128) NOT NULL,
    result VARCHAR(16) NOT NULL,
    previous VARCHAR(64) NOT NULL,
    hash VARCHAR(64) NOT NULL,
    UNIQUE (chain, number),
    INDEX audit_log_by_time (at_ms, id),
    INDEX audit_log_by_who (who, id),
    INDEX audit_log_by_what (what, id),
    INDEX audit_log_by_subject (subject, id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE audit_chains (
    chain VARCHAR(32) NOT NULL PRIMARY KEY,
    number BIGINT NOT NULL,
    hash VARCHAR(64) NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

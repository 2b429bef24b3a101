-- The tables of migrations/sqlite, for MySQL and those who speak its language. Column by column the
-- same; what differs is how it is said: texts compare by their bytes (utf8mb4_bin), as in SQLite and
-- as business numbers must; foreign keys stand on lines of their own, because MySQL reads over those
-- behind a column; InnoDB is named, because only it has transactions. The comments are in
-- migrations/sqlite.

CREATE TABLE products (
    id BIGINT NOT NULL PRIMARY KEY,
    title VARCHAR(127) NOT NULL,
    summary VARCHAR(500) NOT NULL,
    price_fen BIGINT NOT NULL CHECK (price_fen >= 1)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE orders (
    id BIGINT NOT NULL PRIMARY KEY AUTO_INCREMENT,
    token VARCHAR(32) NOT NULL UNIQUE,
    shopper VARCHAR(64) NOT NULL,
    live_key VARCHAR(96) UNIQUE,
    product_id BIGINT NOT NULL,
    title VARCHAR(127) NOT NULL,
    total_fen BIGINT NOT NULL CHECK (total_fen >= 1),
    status VARCHAR(32) NOT NULL,
    closed_reason VARCHAR(32),
    version BIGINT NOT NULL,
    created_ms BIGINT NOT NULL,
    expires_ms BIGINT NOT NULL,
    paid_ms BIGINT,
    updated_ms BIGINT NOT NULL,
    INDEX orders_of_shopper (shopper, id),
    INDEX orders_pending (status, expires_ms),
    FOREIGN KEY (product_id) REFERENCES products (id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE attempts (
    id BIGINT NOT NULL PRIMARY KEY AUTO_INCREMENT,
    order_id BIGINT NOT NULL,
    out_trade_no VARCHAR(32) NOT NULL UNIQUE,
    state VARCHAR(16) NOT NULL,
    request BLOB NOT NULL,
    -- as long as the gateway lets one be: lengths are kept here, and SQLite only notes them
    code_url VARCHAR(1024),
    prepay_until_ms BIGINT NOT NULL,
    problem VARCHAR(32),
    created_ms BIGINT NOT NULL,
    INDEX attempts_of_order (order_id, id),
    FOREIGN KEY (order_id) REFERENCES orders (id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE payments (
    id BIGINT NOT NULL PRIMARY KEY AUTO_INCREMENT,
    transaction_id VARCHAR(32) NOT NULL UNIQUE,
    order_id BIGINT NOT NULL,
    attempt_id BIGINT NOT NULL,
    kind VARCHAR(16) NOT NULL,
    source VARCHAR(16) NOT NULL,
    total_fen BIGINT NOT NULL,
    success_ms BIGINT NOT NULL,
    booked_ms BIGINT NOT NULL,
    INDEX payments_of_order (order_id, id),
    FOREIGN KEY (order_id) REFERENCES orders (id),
    FOREIGN KEY (attempt_id) REFERENCES attempts (id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE notifications (
    id BIGINT NOT NULL PRIMARY KEY AUTO_INCREMENT,
    notify_id VARCHAR(64) NOT NULL UNIQUE,
    event_type VARCHAR(64) NOT NULL,
    verdict VARCHAR(32) NOT NULL,
    out_trade_no VARCHAR(64),
    transaction_id VARCHAR(64),
    deliveries BIGINT NOT NULL,
    headers TEXT NOT NULL,
    -- a BLOB ends one byte short of the longest body the route takes
    body MEDIUMBLOB NOT NULL,
    received_ms BIGINT NOT NULL,
    last_ms BIGINT NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE order_events (
    id BIGINT NOT NULL PRIMARY KEY AUTO_INCREMENT,
    order_id BIGINT NOT NULL,
    at_ms BIGINT NOT NULL,
    kind VARCHAR(32) NOT NULL,
    source VARCHAR(16) NOT NULL,
    detail VARCHAR(255) NOT NULL,
    INDEX order_events_of_order (order_id, id),
    FOREIGN KEY (order_id) REFERENCES orders (id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

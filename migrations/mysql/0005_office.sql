-- What staff looks for, notes and decides. The comments are in migrations/sqlite.

ALTER TABLE orders
    ADD INDEX orders_created (created_ms),
    ADD INDEX orders_by_status (status),
    ADD INDEX orders_by_product (product_id),
    ADD INDEX orders_by_total (total_fen);

ALTER TABLE payments
    ADD INDEX payments_by_source (source, order_id),
    ADD INDEX payments_by_time (success_ms, source, kind, total_fen, booked_ms);

ALTER TABLE attempts ADD INDEX attempts_by_request (request_id);

ALTER TABLE refunds
    ADD COLUMN settled_ms BIGINT,
    ADD COLUMN settled_by VARCHAR(64),
    ADD INDEX refunds_by_time (accepted_ms),
    ADD INDEX refunds_by_state (state),
    ADD INDEX refunds_by_request (request_id);

ALTER TABLE notifications
    ADD COLUMN replayed_ms BIGINT,
    ADD COLUMN replayed_verdict VARCHAR(32),
    ADD COLUMN settled_ms BIGINT,
    ADD COLUMN settled_by VARCHAR(64),
    ADD INDEX notifications_by_verdict (verdict),
    ADD INDEX notifications_of_number (out_trade_no);

CREATE TABLE concerns (
    id BIGINT NOT NULL PRIMARY KEY AUTO_INCREMENT,
    kind VARCHAR(32) NOT NULL,
    order_id BIGINT NOT NULL,
    detail VARCHAR(255) NOT NULL,
    at_ms BIGINT NOT NULL,
    settled_ms BIGINT,
    settled_by VARCHAR(64),
    INDEX concerns_of_order (order_id),
    INDEX concerns_open (settled_ms),
    FOREIGN KEY (order_id) REFERENCES orders (id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

INSERT INTO concerns (kind, order_id, detail, at_ms)
    SELECT kind, order_id, detail, at_ms FROM order_events WHERE kind IN ('PAYMENT_CONTRADICTED', 'REFUND_CONTRADICTED');

CREATE TABLE order_notes (
    id BIGINT NOT NULL PRIMARY KEY AUTO_INCREMENT,
    order_id BIGINT NOT NULL,
    at_ms BIGINT NOT NULL,
    author VARCHAR(64) NOT NULL,
    text VARCHAR(1000) NOT NULL,
    form VARCHAR(32) NOT NULL UNIQUE,
    INDEX order_notes_of_order (order_id),
    FOREIGN KEY (order_id) REFERENCES orders (id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE refused_deliveries (
    id BIGINT NOT NULL PRIMARY KEY AUTO_INCREMENT,
    at_ms BIGINT NOT NULL,
    reason VARCHAR(32) NOT NULL,
    probe BIGINT NOT NULL,
    about VARCHAR(16) NOT NULL,
    serial VARCHAR(64),
    sent_ms BIGINT,
    address VARCHAR(64) NOT NULL,
    headers TEXT NOT NULL,
    body BLOB NOT NULL,
    body_bytes BIGINT NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE day_sums (
    day_ms BIGINT NOT NULL,
    measure VARCHAR(48) NOT NULL,
    quantity BIGINT NOT NULL,
    fen BIGINT NOT NULL,
    lag_ms BIGINT NOT NULL DEFAULT 0,
    slow BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (day_ms, measure)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

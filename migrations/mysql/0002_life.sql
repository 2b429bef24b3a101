-- An order's whole life: who looks after it next, what its shopper asked for, refunds. The comments
-- are in migrations/sqlite.

ALTER TABLE orders
    ADD COLUMN check_ms BIGINT,
    ADD COLUMN wish VARCHAR(16);
UPDATE orders SET check_ms = expires_ms WHERE status = 'NOTPAY';
ALTER TABLE orders DROP INDEX orders_pending, ADD INDEX orders_due (check_ms);

ALTER TABLE payments
    ADD COLUMN refunding_fen BIGINT NOT NULL DEFAULT 0,
    ADD CONSTRAINT payments_refunding CHECK (refunding_fen >= 0 AND refunding_fen <= total_fen);

CREATE TABLE refunds (
    id BIGINT NOT NULL PRIMARY KEY AUTO_INCREMENT,
    out_refund_no VARCHAR(64) NOT NULL UNIQUE,
    order_id BIGINT NOT NULL,
    payment_id BIGINT NOT NULL,
    amount_fen BIGINT NOT NULL CHECK (amount_fen >= 1),
    reason VARCHAR(80) NOT NULL,
    source VARCHAR(16) NOT NULL,
    state VARCHAR(16) NOT NULL,
    request BLOB NOT NULL,
    refund_id VARCHAR(64) UNIQUE,
    problem VARCHAR(64),
    check_ms BIGINT,
    created_ms BIGINT NOT NULL,
    updated_ms BIGINT NOT NULL,
    success_ms BIGINT,
    INDEX refunds_of_order (order_id, id),
    INDEX refunds_of_payment (payment_id, id),
    INDEX refunds_due (check_ms),
    FOREIGN KEY (order_id) REFERENCES orders (id),
    FOREIGN KEY (payment_id) REFERENCES payments (id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE leases (
    name VARCHAR(32) NOT NULL PRIMARY KEY,
    holder VARCHAR(64) NOT NULL,
    until_ms BIGINT NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

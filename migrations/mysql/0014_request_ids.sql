-- Request-IDs whose place another answer has taken. The comments are in migrations/sqlite.
CREATE TABLE older_request_ids (
    id BIGINT NOT NULL PRIMARY KEY AUTO_INCREMENT,
    request_id VARCHAR(128) NOT NULL,
    order_id BIGINT NOT NULL,
    INDEX older_request_ids_by_id (request_id),
    INDEX older_request_ids_of_order (order_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

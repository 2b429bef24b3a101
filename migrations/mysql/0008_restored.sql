-- Books that were put back from a copy. The comments are in migrations/sqlite.

CREATE TABLE generation (
    id BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    number BIGINT NOT NULL,
    copied_ms BIGINT,
    moved_to VARCHAR(255)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
INSERT INTO generation (id, number) VALUES (1, 0);

CREATE TABLE restorations (
    id BIGINT NOT NULL PRIMARY KEY AUTO_INCREMENT,
    since_ms BIGINT NOT NULL,
    noticed_ms BIGINT NOT NULL,
    found_by VARCHAR(16) NOT NULL,
    reached_id BIGINT NOT NULL DEFAULT 0,
    asked_ms BIGINT,
    over_ms BIGINT,
    INDEX restorations_open (over_ms)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

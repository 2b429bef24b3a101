-- Pictures of products, their order in the list, and how the shop looks. The comments are in migrations/sqlite.

ALTER TABLE products
    ADD COLUMN position BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN picture VARCHAR(80),
    ADD COLUMN thumbnail VARCHAR(80);

CREATE TABLE pictures (
    name VARCHAR(80) NOT NULL PRIMARY KEY,
    bytes MEDIUMBLOB NOT NULL,
    kept_ms BIGINT NOT NULL,
    INDEX pictures_by_time (kept_ms)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE shop_looks (
    id BIGINT NOT NULL PRIMARY KEY,
    name VARCHAR(64),
    logo VARCHAR(80),
    accent VARCHAR(7),
    contact VARCHAR(200),
    footer VARCHAR(200)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Pictures of products, their order in the list, and how the shop looks.

-- A program of before writes neither: its products come first, in the order of their ids, and have no picture.
ALTER TABLE products ADD COLUMN position BIGINT NOT NULL DEFAULT 0;
ALTER TABLE products ADD COLUMN picture VARCHAR(80);
ALTER TABLE products ADD COLUMN thumbnail VARCHAR(80);

-- By content: the name is made of the hash of the bytes, and of their width and height. Nothing changes a row, but for
-- the time, which says since when nobody needs it who has not named it.
CREATE TABLE pictures (
    name VARCHAR(80) NOT NULL PRIMARY KEY,
    bytes BLOB NOT NULL,
    kept_ms BIGINT NOT NULL
);
CREATE INDEX pictures_by_time ON pictures (kept_ms);

-- One row, once somebody has chosen something; what is NULL is as it was without.
CREATE TABLE shop_looks (
    id BIGINT NOT NULL PRIMARY KEY,
    name VARCHAR(64),
    logo VARCHAR(80),
    -- as CSS writes it, such as #018942
    accent VARCHAR(7),
    contact VARCHAR(200),
    footer VARCHAR(200)
);

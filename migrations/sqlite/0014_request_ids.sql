-- WeChat's Request-IDs that were shown to somebody, and whose place another answer has taken: by each the order is
-- found. What is new is a table of its own that refers to nothing: an instance of the version before goes on beside, and
-- removes abandoned orders that it does not know to have something here.
CREATE TABLE older_request_ids (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    request_id VARCHAR(128) NOT NULL,
    order_id BIGINT NOT NULL
);
CREATE INDEX older_request_ids_by_id ON older_request_ids (request_id);
CREATE INDEX older_request_ids_of_order ON older_request_ids (order_id);

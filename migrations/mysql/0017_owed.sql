-- Refunds that were sent to the shop's own account. The comments are in migrations/sqlite.
INSERT INTO concerns (kind, order_id, detail, at_ms)
    SELECT kind, order_id, SUBSTR(detail, 1, INSTR(detail, ' ') - 1), at_ms FROM order_events
    WHERE order_id IN (SELECT order_id FROM refunds) AND kind = 'REFUND_ABNORMAL_ASKED'
        AND detail LIKE '% MERCHANT_BANK_CARD%';

-- What `pgsre demo --dashboard` reads and writes all the time.
CREATE TABLE orders (
    id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id int NOT NULL,
    state text NOT NULL,
    amount numeric(10,2) NOT NULL
) WITH (fillfactor = 80);
-- A customer's orders lie all over the table.
INSERT INTO orders (customer_id, state, amount)
    SELECT 1 + n * 7919 % 20000, 'placed', 1 + n % 90 FROM generate_series(1, 200000) n;
CREATE INDEX orders_by_customer ON orders (customer_id);
-- No write-ahead log: what fills the disk need not fill those of the replicas too.
CREATE UNLOGGED TABLE ballast (filling text NOT NULL);
ALTER TABLE ballast ALTER filling SET STORAGE EXTERNAL;
ANALYZE;

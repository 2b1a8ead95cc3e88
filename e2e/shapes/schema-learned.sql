-- Views that no encryptor config names: both variants get them where they are to be learned from the database.
CREATE VIEW persons (number, address, called) AS SELECT id, email, full_name FROM users WHERE role <> 'hidden';
CREATE VIEW buyers AS SELECT o.id AS order_id, p.address AS mail, o.ship_address AS place FROM orders o JOIN persons p ON p.number = o.user_id;
CREATE MATERIALIZED VIEW kept AS SELECT id, email AS e, nick FROM users WITH NO DATA;
CREATE VIEW recent AS WITH latest AS (SELECT * FROM events_2026) SELECT actor AS who, id, payload FROM latest;
CREATE VIEW lengths AS SELECT id, length(email) FROM users;
CREATE VIEW by_email AS SELECT count(*) FROM users GROUP BY email;
CREATE VIEW over_by_email AS SELECT count FROM by_email;

-- Fills a stock Odoo database with customers, posted invoices, orders and leads.
-- Variables: customers, invoices, leads. The seed is fixed, so that two databases of
-- one size are equal; days count back from the day of filling.
--
-- Who buys is as skewed as in the real purchases of CDNOW (Fader and Hardie, 23,570
-- customers): the best 1 % of the buyers bring 11 % of the documents, the best fifth
-- 58 %. Besides, every hundredth document is of one and the same customer, as of the
-- cash sales of a shop. Amounts are skewed too. A tenth of the customers never bought.
\set ON_ERROR_STOP on
BEGIN;
SET LOCAL work_mem = '256MB';
SELECT SETSEED(0.42);

CREATE TEMP TABLE known ON COMMIT DROP AS
SELECT company.id AS company_id,
       company.currency_id,
       (SELECT id FROM account_journal
         WHERE type = 'sale' AND company_id = company.id ORDER BY id LIMIT 1)
           AS journal_id,
       (SELECT id FROM account_account
         WHERE account_type = 'income' ORDER BY id LIMIT 1) AS income_id,
       (SELECT id FROM account_account
         WHERE account_type = 'asset_receivable' ORDER BY id LIMIT 1) AS receivable_id,
       (SELECT id FROM uom_uom WHERE factor = 1 ORDER BY id LIMIT 1) AS uom_id,
       (SELECT ARRAY_AGG(id ORDER BY id) FROM product_product
         WHERE default_code LIKE 'BENCH%') AS products,
       (SELECT ARRAY_AGG(id ORDER BY id) FROM res_users WHERE login LIKE 'bench%')
           AS users,
       (SELECT ARRAY_AGG(id ORDER BY id) FROM crm_lost_reason) AS reasons,
       (SELECT ARRAY_AGG(id ORDER BY sequence, id) FROM crm_stage) AS stages,
       (SELECT MAX(id) FROM res_partner) AS partner_base,
       (SELECT COALESCE(MAX(id), 0) FROM account_move) AS move_base,
       (SELECT COALESCE(MAX(id), 0) FROM sale_order) AS order_base
  FROM res_company company
 ORDER BY company.id
 LIMIT 1;

-- Indexes and foreign keys of the big tables are built again at the end.
CREATE TEMP TABLE rebuilt ON COMMIT DROP AS
SELECT 'ALTER TABLE ' || conrelid::regclass || ' DROP CONSTRAINT ' || QUOTE_IDENT(conname)
           AS drop_it,
       'ALTER TABLE ' || conrelid::regclass || ' ADD CONSTRAINT ' || QUOTE_IDENT(conname)
           || ' ' || PG_GET_CONSTRAINTDEF(oid) AS make_it,
       2 AS step
  FROM pg_constraint
 WHERE contype = 'f'
   AND conrelid::regclass::text IN ('account_move', 'account_move_line', 'sale_order',
                                    'sale_order_line', 'crm_lead',
                                    'sale_order_line_invoice_rel')
UNION ALL
SELECT 'DROP INDEX ' || indexrelid::regclass, PG_GET_INDEXDEF(indexrelid), 1
  FROM pg_index
 WHERE indrelid::regclass::text IN ('account_move', 'account_move_line', 'sale_order',
                                    'sale_order_line', 'crm_lead')
   AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid);

SELECT drop_it FROM rebuilt ORDER BY step DESC \gexec

-- Customers, and a contact at every fourth of them.
INSERT INTO res_partner
       (id, name, complete_name, commercial_partner_id, parent_id, is_company, type,
        active, email, email_normalized, phone, phone_sanitized, lang, user_id, color,
        customer_rank, supplier_rank, partner_share, autopost_bills, create_uid,
        create_date, write_uid, write_date)
SELECT partner_base + i, name, name, partner_base + c,
       CASE WHEN i > :customers THEN partner_base + c END,
       i <= :customers AND i % 2 = 0, 'contact', TRUE,
       mail, mail, phone, phone, 'en_US', users[1 + c % CARDINALITY(users)], 0,
       1, 0, TRUE, 'ask', 1, NOW() AT TIME ZONE 'UTC' - INTERVAL '4 years', 1,
       NOW() AT TIME ZONE 'UTC' - INTERVAL '4 years'
  FROM known,
       GENERATE_SERIES(1, :customers + :customers / 4) i,
       LATERAL (SELECT CASE WHEN i > :customers THEN (i - :customers) * 4 ELSE i END AS c,
                       CASE WHEN i > :customers THEN 'Contact ' ELSE 'Customer ' END
                           || i AS name,
                       'person' || i || '@bench.example.com' AS mail,
                       '+98912' || LPAD(i::text, 7, '0') AS phone) text;
SELECT SETVAL('res_partner_id_seq', (SELECT MAX(id) FROM res_partner));

-- The best buyers, as share of all, and the share of the purchases that they bring.
CREATE TEMP TABLE skew ON COMMIT DROP AS
SELECT ARRAY[0, 0.0001, 0.001, 0.01, 0.05, 0.1, 0.2, 0.5, 1]::float8[] AS buyers,
       ARRAY[0, 0.006, 0.029, 0.109, 0.283, 0.413, 0.579, 0.831, 1]::float8[]
           AS purchases,
       FLOOR(:customers * 0.9)::integer AS count;

-- Documents in the order of their days. Every twentieth is a credit note of the one
-- before; every seventh has an order, every tenth of these a deposit before it.
CREATE TEMP TABLE document ON COMMIT DROP AS
WITH drawn AS (
    SELECT i,
           (i % 20 = 19) AS is_refund,
           RANDOM() AS place,
           RANDOM() < 0.01 AS is_cash,
           ROUND((20 * POWER(RANDOM() + 0.0001, -0.7))::numeric, 2) AS amount,
           RANDOM() AS chance
      FROM GENERATE_SERIES(0, :invoices - 1) i
), bought AS (
    SELECT d.*,
           CASE WHEN is_cash THEN 1
                ELSE 2 + FLOOR((buyers[n] + (buyers[n + 1] - buyers[n])
                                * (place - purchases[n])
                                / (purchases[n + 1] - purchases[n]))
                               * (count - 1))::integer END AS buyer
      FROM drawn d
      CROSS JOIN skew
      CROSS JOIN LATERAL (SELECT WIDTH_BUCKET(place, purchases) AS n) part
)
SELECT d.i,
       k.move_base + d.i + 1 AS id,
       d.is_refund,
       k.partner_base + first.buyer AS partner_id,
       CURRENT_DATE - 1460 + (1459 * d.i::bigint / :invoices)::integer AS day,
       CASE WHEN d.is_refund AND d.chance < 0.5 THEN origin.amount
            WHEN d.is_refund THEN ROUND(origin.amount / 2, 2)
            ELSE d.amount END AS amount,
       CASE WHEN d.is_refund THEN -1 ELSE 1 END AS sign,
       CASE WHEN d.is_refund THEN k.move_base + d.i END AS reversed_id,
       CASE WHEN NOT d.is_refund AND (d.i % 7 = 0 OR d.i % 70 = 1)
            THEN k.order_base + d.i / 7 + 1 END AS order_id,
       d.i % 70 = 0 AND NOT d.is_refund AS is_deposit,
       k.users[1 + (first.buyer % CARDINALITY(k.users))] AS user_id
  FROM bought d
  CROSS JOIN known k
  LEFT JOIN bought origin ON origin.i = d.i - 1 AND d.is_refund
  JOIN bought first
    ON first.i = d.i - d.is_refund::integer
                 - ((d.i - d.is_refund::integer) % 70 = 1)::integer;
ANALYZE document;

INSERT INTO account_move
       (id, name, sequence_prefix, sequence_number, journal_id, company_id, state,
        move_type, date, invoice_date, invoice_date_due, partner_id,
        commercial_partner_id, partner_shipping_id, currency_id, reversed_entry_id,
        invoice_user_id, auto_post, payment_reference, payment_state,
        invoice_partner_display_name, invoice_currency_rate, amount_untaxed, amount_tax,
        amount_total, amount_residual, amount_untaxed_signed,
        amount_untaxed_in_currency_signed, amount_tax_signed, amount_total_signed,
        amount_total_in_currency_signed, amount_residual_signed, always_tax_exigible,
        checked, posted_before, made_sequence_gap, is_manually_modified, is_move_sent,
        create_uid, create_date, write_uid, write_date)
SELECT d.id, name, prefix, d.id, k.journal_id, k.company_id, 'posted',
       CASE WHEN d.is_refund THEN 'out_refund' ELSE 'out_invoice' END,
       d.day, d.day, d.day + 30, d.partner_id, d.partner_id, d.partner_id,
       k.currency_id, d.reversed_id, d.user_id, 'no', name,
       CASE WHEN is_paid THEN 'paid' ELSE 'not_paid' END,
       'Customer ' || d.partner_id - k.partner_base, 1, d.amount, 0, d.amount,
       CASE WHEN is_paid THEN 0 ELSE d.amount END, d.sign * d.amount, d.sign * d.amount,
       0, d.sign * d.amount, d.sign * d.amount,
       CASE WHEN is_paid THEN 0 ELSE d.sign * d.amount END, TRUE, TRUE, TRUE, FALSE,
       FALSE, FALSE, 1, d.day, 1, d.day
  FROM document d
  CROSS JOIN known k
  CROSS JOIN LATERAL (SELECT CASE WHEN d.is_refund THEN 'RINV/' ELSE 'INV/' END
                                 || EXTRACT(year FROM d.day) || '/' AS prefix,
                             d.day < CURRENT_DATE - 60 AS is_paid) p
  CROSS JOIN LATERAL (SELECT prefix || LPAD(d.id::text, 7, '0') AS name) n
 ORDER BY d.i;
SELECT SETVAL('account_move_id_seq', (SELECT MAX(id) FROM account_move));

-- One or two lines of goods and the receivable of each.
INSERT INTO account_move_line
       (move_id, journal_id, company_id, company_currency_id, sequence, account_id,
        currency_id, partner_id, product_id, product_uom_id, move_name, parent_state,
        name, display_type, date, invoice_date, date_maturity, debit, credit, balance,
        amount_currency, amount_residual, amount_residual_currency, quantity,
        price_unit, price_subtotal, price_total, discount, reconciled, is_imported,
        is_downpayment, create_uid, create_date, write_uid, write_date)
SELECT m.id, m.journal_id, m.company_id, m.currency_id, 100 + n,
       CASE WHEN is_goods THEN k.income_id ELSE k.receivable_id END, m.currency_id,
       m.partner_id, product_id, CASE WHEN is_goods THEN k.uom_id END, m.name, 'posted',
       CASE WHEN is_goods THEN 'Goods' ELSE m.name END,
       CASE WHEN is_goods THEN 'product' ELSE 'payment_term' END, m.date,
       m.invoice_date, CASE WHEN NOT is_goods THEN m.invoice_date_due END,
       GREATEST(balance, 0), GREATEST(-balance, 0), balance, balance,
       CASE WHEN is_goods OR m.payment_state = 'paid' THEN 0 ELSE balance END,
       CASE WHEN is_goods OR m.payment_state = 'paid' THEN 0 ELSE balance END,
       CASE WHEN is_goods THEN 1 END, part, part, part, 0,
       NOT is_goods AND m.payment_state = 'paid', FALSE,
       COALESCE(is_goods AND d.is_deposit, FALSE), 1, m.create_date, 1, m.create_date
  FROM document d
  JOIN account_move m ON m.id = d.id
  CROSS JOIN known k
  CROSS JOIN LATERAL GENERATE_SERIES(0, 1 + d.i % 2) n
  CROSS JOIN LATERAL (SELECT n > 0 AS is_goods,
                             CASE WHEN n > 0
                                  THEN k.products[1 + (d.i + n) % CARDINALITY(k.products)]
                              END AS product_id,
                             CASE WHEN n = 0 THEN d.amount
                                  WHEN d.i % 2 = 0 THEN d.amount
                                  WHEN n = 1 THEN ROUND(d.amount / 3, 2)
                                  ELSE d.amount - ROUND(d.amount / 3, 2) END AS part) p
  CROSS JOIN LATERAL (SELECT CASE WHEN n = 0 THEN d.sign * part
                                  ELSE -d.sign * part END AS balance) b
 ORDER BY d.i, n;

-- Orders of these documents, then open, expired and cancelled quotations.
INSERT INTO sale_order
       (id, name, company_id, partner_id, partner_invoice_id, partner_shipping_id,
        currency_id, currency_rate, user_id, state, invoice_status, date_order,
        amount_untaxed, amount_tax, amount_total, create_uid, create_date, write_uid,
        write_date)
SELECT d.order_id, 'S' || d.order_id, k.company_id, d.partner_id, d.partner_id,
       d.partner_id, k.currency_id, 1, d.user_id, 'sale', 'invoiced', d.day, d.amount,
       0, d.amount, 1, d.day, 1, d.day
  FROM document d
  CROSS JOIN known k
 WHERE d.order_id IS NOT NULL AND d.i % 7 = 0;
SELECT SETVAL('sale_order_id_seq', (SELECT MAX(id) FROM sale_order));
INSERT INTO sale_order_line
       (id, order_id, company_id, currency_id, order_partner_id, product_id,
        product_uom_id, state, name, product_uom_qty, price_unit, price_subtotal,
        price_total, qty_invoiced, qty_to_invoice, invoice_status, is_downpayment,
        purchase_price, customer_lead, create_uid, create_date, write_uid, write_date)
SELECT o.id, o.id, o.company_id, o.currency_id, o.partner_id, k.products[1], k.uom_id,
       'sale', 'Goods', 1, o.amount_total, o.amount_total, o.amount_total, 1, 0,
       'invoiced', FALSE, ROUND(o.amount_total * 0.6, 2), 0, 1, o.create_date, 1,
       o.create_date
  FROM sale_order o
  CROSS JOIN known k;
-- The deposits' own line of the order.
INSERT INTO sale_order_line
       (id, order_id, company_id, currency_id, order_partner_id, state, name,
        product_uom_qty, price_unit, is_downpayment, purchase_price, customer_lead,
        create_uid, create_date, write_uid, write_date)
SELECT d.order_id + :invoices, d.order_id, k.company_id, k.currency_id, d.partner_id,
       'sale', 'Deposit', 0, d.amount, TRUE, 0, 0, 1, d.day, 1, d.day
  FROM document d
  CROSS JOIN known k
 WHERE d.is_deposit;
SELECT SETVAL('sale_order_line_id_seq', (SELECT MAX(id) FROM sale_order_line));
INSERT INTO sale_order_line_invoice_rel (order_line_id, invoice_line_id)
SELECT CASE WHEN d.is_deposit THEN d.order_id + :invoices ELSE d.order_id END, l.id
  FROM document d
  JOIN account_move_line l ON l.move_id = d.id AND l.display_type = 'product'
 WHERE d.order_id IS NOT NULL;
INSERT INTO sale_order
       (name, company_id, partner_id, partner_invoice_id, partner_shipping_id,
        currency_id, currency_rate, user_id, state, invoice_status, date_order,
        validity_date, amount_untaxed, amount_tax, amount_total, create_uid,
        create_date, write_uid, write_date)
SELECT 'Q' || i, k.company_id, p, p, p, k.currency_id, 1,
       k.users[1 + i % CARDINALITY(k.users)],
       CASE i % 3 WHEN 0 THEN 'draft' WHEN 1 THEN 'sent' ELSE 'cancel' END, 'no', day,
       CASE WHEN i % 3 < 2 THEN day::date + 30 END, 100, 0, 100, 1, day, 1, day
  FROM known k
  CROSS JOIN GENERATE_SERIES(1, :customers / 10) i
  CROSS JOIN LATERAL (SELECT k.partner_base + :customers - i * 5 % :customers AS p,
                             CURRENT_DATE - INTERVAL '1 day' * (i % 700) AS day) q;

INSERT INTO crm_lead
       (name, type, priority, partner_id, user_id, stage_id, active, won_status,
        lost_reason_id, probability, automated_probability, expected_revenue,
        email_from, contact_name, date_closed, date_last_stage_update, create_uid,
        create_date, write_uid, write_date)
SELECT 'Lead ' || i, CASE WHEN i % 3 = 0 THEN 'lead' ELSE 'opportunity' END, '0',
       k.partner_base + 1 + (i * 2::bigint - 1) % :customers,
       k.users[1 + i % CARDINALITY(k.users)],
       CASE WHEN status = 'won' THEN k.stages[CARDINALITY(k.stages)]
            ELSE k.stages[1 + i % (CARDINALITY(k.stages) - 1)] END,
       status <> 'lost', status,
       CASE WHEN status = 'lost' THEN k.reasons[1 + i % CARDINALITY(k.reasons)] END,
       CASE status WHEN 'won' THEN 100 WHEN 'lost' THEN 0 ELSE 10 + i % 80 END, 20,
       i % 1000 * 10, 'person' || i || '@bench.example.com', 'Person ' || i,
       CASE WHEN status <> 'pending' THEN day + INTERVAL '20 days' END, day, 1, day, 1, day
  FROM known k
  CROSS JOIN GENERATE_SERIES(1, :leads) i
  CROSS JOIN LATERAL (SELECT CASE WHEN i % 10 < 5 THEN 'pending'
                                  WHEN i % 10 < 8 THEN 'lost' ELSE 'won' END AS status,
                             CURRENT_DATE - INTERVAL '1 day' * (30 + i % 1000) AS day) l;

SELECT make_it FROM rebuilt ORDER BY step, make_it \gexec
COMMIT;
VACUUM ANALYZE;

--
-- PostgreSQL database dump
--

\restrict every

-- Dumped from database version 18.6
-- Dumped by pg_dump version 18.6

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET transaction_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

--
-- Data for Name: every_type; Type: TABLE DATA; Schema: main; Owner: postgres
--

INSERT INTO main.every_type VALUES
	(1, true, 9223372036854775807, 'NaN', 'Infinity', 'NaN', '$12.34', 'x', 'ab   ', 'v"c', 'back\slash', 'na me', '\x00ff5c0a', '0044-03-15 BC', '24:00:00', '12:00:00+05:30', '2026-02-28 23:59:59.999', 'infinity', '1 day 02:03:04', '::1/64', '10.0.0.0/8', '08:00:2b:01:02:03', '08:00:2b:01:02:03:04:05', B'10101', B'', '00000000-0000-0000-0000-000000000001', '{"a": [1, "\u00e9\\n"]}', '{"b": null, "c": "; \\. "}', '$."a"[*]?(@ > 1)', '''a'':1 ''b'':2', '''a'' & !''b''', '(1,2)', '{1,2,3}', '[(0,0),(1,1)]', '(1,1),(0,0)', '((0,0),(1,1))', '((0,0),(1,1),(1,0))', '<(0,0),1>', 42, 'main.orders', 'integer', '0/16B3748', '10:20:10,14', '[1,5)', '{[1,2),[5,6]}', '{1,NULL,3}', '{{a,b},{"c,d",NULL}}', '{sad,"happy; very"}', '{"(s,z,)"}', 99.99),
	(2, false, -9223372036854775808, -0, 1e-300, 123456789012345678901234567890.123456789, '-$0.01', '', '     ', '', '', '', '\x', 'infinity', '00:00:00', '00:00:00-12', '-infinity', '2026-06-01 00:00:00.000001+00', '-1 days', '192.168.0.1', '::/0', NULL, NULL, B'00000', B'1', NULL, 'null', '[]', '$', '', '', NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL, '0/0', NULL, 'empty', '{}', '{}', '{}', '{}', '{}', 0.00),
	(3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1.00) ON CONFLICT DO NOTHING;


--
-- Data for Name: no_columns; Type: TABLE DATA; Schema: main; Owner: postgres
--

INSERT INTO main.no_columns DEFAULT VALUES;
INSERT INTO main.no_columns DEFAULT VALUES;


--
-- Data for Name: notes; Type: TABLE DATA; Schema: main; Owner: postgres
--

INSERT INTO main.notes VALUES
	(10, 'first', true),
	(20, NULL, false),
	(30, 'a	tab', true) ON CONFLICT DO NOTHING;
INSERT INTO main.notes VALUES
	(40, '\N', false),
	(50, '\.', false),
	(60, '--', true) ON CONFLICT DO NOTHING;
INSERT INTO main.notes VALUES
	(70, '', false),
	(80, 'semi; colon', false),
	(90, '$$ dollars $x$', true) ON CONFLICT DO NOTHING;


--
-- Name: notes; ids; Type: SEQUENCE SET; Schema: main; Owner: postgres
--

SELECT pg_catalog.setval('main."notes; ids"', 90, true);


--
-- PostgreSQL database dump complete
--

\unrestrict every


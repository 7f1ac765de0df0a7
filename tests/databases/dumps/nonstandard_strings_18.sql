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
SET standard_conforming_strings = off;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET escape_string_warning = off;
SET row_security = off;

--
-- Data for Name: addresses; Type: TABLE DATA; Schema: main; Owner: postgres
--

INSERT INTO main.addresses VALUES ('one', NULL, '2026-01-01');
INSERT INTO main.addresses VALUES ('two', '123', '2025-05-05');


--
-- Data for Name: animal; Type: TABLE DATA; Schema: main; Owner: postgres
--

INSERT INTO main.animal VALUES (1, 'worm');
INSERT INTO main.animal VALUES (2, 'snake');


--
-- Data for Name: bookings; Type: TABLE DATA; Schema: main; Owner: postgres
--

INSERT INTO main.bookings VALUES (1, '["2026-01-02 00:00:00+00","2026-01-02 05:00:00+00")', 'n1');
INSERT INTO main.bookings VALUES (2, '["2026-01-03 00:00:00+00","2026-01-03 05:00:00+00")', 'n2');
INSERT INTO main.bookings VALUES (3, '["2026-01-04 00:00:00+00","2026-01-04 05:00:00+00")', 'n3');
INSERT INTO main.bookings VALUES (4, '["2026-01-05 00:00:00+00","2026-01-05 05:00:00+00")', 'n4');
INSERT INTO main.bookings VALUES (5, '["2026-01-06 00:00:00+00","2026-01-06 05:00:00+00")', 'n5');
INSERT INTO main.bookings VALUES (6, '["2026-01-07 00:00:00+00","2026-01-07 05:00:00+00")', 'n6');
INSERT INTO main.bookings VALUES (7, '["2026-01-08 00:00:00+00","2026-01-08 05:00:00+00")', 'n7');
INSERT INTO main.bookings VALUES (8, '["2026-01-09 00:00:00+00","2026-01-09 05:00:00+00")', 'n8');
INSERT INTO main.bookings VALUES (9, '["2026-01-10 00:00:00+00","2026-01-10 05:00:00+00")', 'n9');
INSERT INTO main.bookings VALUES (10, '["2026-01-11 00:00:00+00","2026-01-11 05:00:00+00")', 'n10');
INSERT INTO main.bookings VALUES (11, '["2026-01-12 00:00:00+00","2026-01-12 05:00:00+00")', 'n11');
INSERT INTO main.bookings VALUES (12, '["2026-01-13 00:00:00+00","2026-01-13 05:00:00+00")', 'n12');
INSERT INTO main.bookings VALUES (13, '["2026-01-14 00:00:00+00","2026-01-14 05:00:00+00")', 'n13');
INSERT INTO main.bookings VALUES (14, '["2026-01-15 00:00:00+00","2026-01-15 05:00:00+00")', 'n14');
INSERT INTO main.bookings VALUES (15, '["2026-01-16 00:00:00+00","2026-01-16 05:00:00+00")', 'n15');
INSERT INTO main.bookings VALUES (16, '["2026-01-17 00:00:00+00","2026-01-17 05:00:00+00")', 'n16');
INSERT INTO main.bookings VALUES (17, '["2026-01-18 00:00:00+00","2026-01-18 05:00:00+00")', 'n17');
INSERT INTO main.bookings VALUES (18, '["2026-01-19 00:00:00+00","2026-01-19 05:00:00+00")', 'n18');
INSERT INTO main.bookings VALUES (19, '["2026-01-20 00:00:00+00","2026-01-20 05:00:00+00")', 'n19');
INSERT INTO main.bookings VALUES (20, '["2026-01-21 00:00:00+00","2026-01-21 05:00:00+00")', 'n20');
INSERT INTO main.bookings VALUES (21, '["2026-01-22 00:00:00+00","2026-01-22 05:00:00+00")', 'n21');
INSERT INTO main.bookings VALUES (22, '["2026-01-23 00:00:00+00","2026-01-23 05:00:00+00")', 'n22');
INSERT INTO main.bookings VALUES (23, '["2026-01-24 00:00:00+00","2026-01-24 05:00:00+00")', 'n23');
INSERT INTO main.bookings VALUES (24, '["2026-01-25 00:00:00+00","2026-01-25 05:00:00+00")', 'n24');
INSERT INTO main.bookings VALUES (25, '["2026-01-26 00:00:00+00","2026-01-26 05:00:00+00")', 'n25');
INSERT INTO main.bookings VALUES (26, '["2026-01-27 00:00:00+00","2026-01-27 05:00:00+00")', 'n26');
INSERT INTO main.bookings VALUES (27, '["2026-01-28 00:00:00+00","2026-01-28 05:00:00+00")', 'n27');
INSERT INTO main.bookings VALUES (28, '["2026-01-29 00:00:00+00","2026-01-29 05:00:00+00")', 'n28');
INSERT INTO main.bookings VALUES (29, '["2026-01-30 00:00:00+00","2026-01-30 05:00:00+00")', 'n29');
INSERT INTO main.bookings VALUES (30, '["2026-01-31 00:00:00+00","2026-01-31 05:00:00+00")', 'n30');


--
-- Data for Name: chicken; Type: TABLE DATA; Schema: main; Owner: postgres
--

INSERT INTO main.chicken VALUES (1, 50);
INSERT INTO main.chicken VALUES (2, 49);
INSERT INTO main.chicken VALUES (3, 48);
INSERT INTO main.chicken VALUES (4, 47);
INSERT INTO main.chicken VALUES (5, 46);
INSERT INTO main.chicken VALUES (6, 45);
INSERT INTO main.chicken VALUES (7, 44);
INSERT INTO main.chicken VALUES (8, 43);
INSERT INTO main.chicken VALUES (9, 42);
INSERT INTO main.chicken VALUES (10, 41);
INSERT INTO main.chicken VALUES (11, 40);
INSERT INTO main.chicken VALUES (12, 39);
INSERT INTO main.chicken VALUES (13, 38);
INSERT INTO main.chicken VALUES (14, 37);
INSERT INTO main.chicken VALUES (15, 36);
INSERT INTO main.chicken VALUES (16, 35);
INSERT INTO main.chicken VALUES (17, 34);
INSERT INTO main.chicken VALUES (18, 33);
INSERT INTO main.chicken VALUES (19, 32);
INSERT INTO main.chicken VALUES (20, 31);
INSERT INTO main.chicken VALUES (21, 30);
INSERT INTO main.chicken VALUES (22, 29);
INSERT INTO main.chicken VALUES (23, 28);
INSERT INTO main.chicken VALUES (24, 27);
INSERT INTO main.chicken VALUES (25, 26);
INSERT INTO main.chicken VALUES (26, 25);
INSERT INTO main.chicken VALUES (27, 24);
INSERT INTO main.chicken VALUES (28, 23);
INSERT INTO main.chicken VALUES (29, 22);
INSERT INTO main.chicken VALUES (30, 21);
INSERT INTO main.chicken VALUES (31, 20);
INSERT INTO main.chicken VALUES (32, 19);
INSERT INTO main.chicken VALUES (33, 18);
INSERT INTO main.chicken VALUES (34, 17);
INSERT INTO main.chicken VALUES (35, 16);
INSERT INTO main.chicken VALUES (36, 15);
INSERT INTO main.chicken VALUES (37, 14);
INSERT INTO main.chicken VALUES (38, 13);
INSERT INTO main.chicken VALUES (39, 12);
INSERT INTO main.chicken VALUES (40, 11);
INSERT INTO main.chicken VALUES (41, 10);
INSERT INTO main.chicken VALUES (42, 9);
INSERT INTO main.chicken VALUES (43, 8);
INSERT INTO main.chicken VALUES (44, 7);
INSERT INTO main.chicken VALUES (45, 6);
INSERT INTO main.chicken VALUES (46, 5);
INSERT INTO main.chicken VALUES (47, 4);
INSERT INTO main.chicken VALUES (48, 3);
INSERT INTO main.chicken VALUES (49, 2);
INSERT INTO main.chicken VALUES (50, 1);


--
-- Data for Name: documents; Type: TABLE DATA; Schema: main; Owner: postgres
--

INSERT INTO main.documents VALUES (1, 430001);
INSERT INTO main.documents VALUES (2, 430002);
INSERT INTO main.documents VALUES (3, 430003);


--
-- Data for Name: dog; Type: TABLE DATA; Schema: main; Owner: postgres
--

INSERT INTO main.dog VALUES (3, 'fido', 4, 'beagle');
INSERT INTO main.dog VALUES (4, 'rex', 4, NULL);


--
-- Data for Name: egg; Type: TABLE DATA; Schema: main; Owner: postgres
--

INSERT INTO main.egg VALUES (1, 50);
INSERT INTO main.egg VALUES (2, 49);
INSERT INTO main.egg VALUES (3, 48);
INSERT INTO main.egg VALUES (4, 47);
INSERT INTO main.egg VALUES (5, 46);
INSERT INTO main.egg VALUES (6, 45);
INSERT INTO main.egg VALUES (7, 44);
INSERT INTO main.egg VALUES (8, 43);
INSERT INTO main.egg VALUES (9, 42);
INSERT INTO main.egg VALUES (10, 41);
INSERT INTO main.egg VALUES (11, 40);
INSERT INTO main.egg VALUES (12, 39);
INSERT INTO main.egg VALUES (13, 38);
INSERT INTO main.egg VALUES (14, 37);
INSERT INTO main.egg VALUES (15, 36);
INSERT INTO main.egg VALUES (16, 35);
INSERT INTO main.egg VALUES (17, 34);
INSERT INTO main.egg VALUES (18, 33);
INSERT INTO main.egg VALUES (19, 32);
INSERT INTO main.egg VALUES (20, 31);
INSERT INTO main.egg VALUES (21, 30);
INSERT INTO main.egg VALUES (22, 29);
INSERT INTO main.egg VALUES (23, 28);
INSERT INTO main.egg VALUES (24, 27);
INSERT INTO main.egg VALUES (25, 26);
INSERT INTO main.egg VALUES (26, 25);
INSERT INTO main.egg VALUES (27, 24);
INSERT INTO main.egg VALUES (28, 23);
INSERT INTO main.egg VALUES (29, 22);
INSERT INTO main.egg VALUES (30, 21);
INSERT INTO main.egg VALUES (31, 20);
INSERT INTO main.egg VALUES (32, 19);
INSERT INTO main.egg VALUES (33, 18);
INSERT INTO main.egg VALUES (34, 17);
INSERT INTO main.egg VALUES (35, 16);
INSERT INTO main.egg VALUES (36, 15);
INSERT INTO main.egg VALUES (37, 14);
INSERT INTO main.egg VALUES (38, 13);
INSERT INTO main.egg VALUES (39, 12);
INSERT INTO main.egg VALUES (40, 11);
INSERT INTO main.egg VALUES (41, 10);
INSERT INTO main.egg VALUES (42, 9);
INSERT INTO main.egg VALUES (43, 8);
INSERT INTO main.egg VALUES (44, 7);
INSERT INTO main.egg VALUES (45, 6);
INSERT INTO main.egg VALUES (46, 5);
INSERT INTO main.egg VALUES (47, 4);
INSERT INTO main.egg VALUES (48, 3);
INSERT INTO main.egg VALUES (49, 2);
INSERT INTO main.egg VALUES (50, 1);


--
-- Data for Name: every_type; Type: TABLE DATA; Schema: main; Owner: postgres
--

INSERT INTO main.every_type VALUES (1, true, 9223372036854775807, 'NaN', 'Infinity', 'NaN', '$12.34', 'x', 'ab   ', 'v"c', 'back\\slash', 'na me', '\\x00ff5c0a', '0044-03-15 BC', '24:00:00', '12:00:00+05:30', '2026-02-28 23:59:59.999', 'infinity', '1 day 02:03:04', '::1/64', '10.0.0.0/8', '08:00:2b:01:02:03', '08:00:2b:01:02:03:04:05', B'10101', B'', '00000000-0000-0000-0000-000000000001', '{"a": [1, "\\u00e9\\\\n"]}', '{"b": null, "c": "; \\\\. "}', '$."a"[*]?(@ > 1)', '''a'':1 ''b'':2', '''a'' & !''b''', '(1,2)', '{1,2,3}', '[(0,0),(1,1)]', '(1,1),(0,0)', '((0,0),(1,1))', '((0,0),(1,1),(1,0))', '<(0,0),1>', 42, 'main.orders', 'integer', '0/16B3748', '10:20:10,14', '[1,5)', '{[1,2),[5,6]}', '{1,NULL,3}', '{{a,b},{"c,d",NULL}}', '{sad,"happy; very"}', '{"(s,z,)"}', 99.99);
INSERT INTO main.every_type VALUES (2, false, -9223372036854775808, -0, 1e-300, 123456789012345678901234567890.123456789, '-$0.01', '', '     ', '', '', '', '\\x', 'infinity', '00:00:00', '00:00:00-12', '-infinity', '2026-06-01 00:00:00.000001+00', '-1 days', '192.168.0.1', '::/0', NULL, NULL, B'00000', B'1', NULL, 'null', '[]', '$', '', '', NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL, '0/0', NULL, 'empty', '{}', '{}', '{}', '{}', '{}', 0.00);
INSERT INTO main.every_type VALUES (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1.00);


--
-- Data for Name: legged; Type: TABLE DATA; Schema: main; Owner: postgres
--

INSERT INTO main.legged VALUES (2);
INSERT INTO main.legged VALUES (6);


--
-- Data for Name: local_column; Type: TABLE DATA; Schema: main; Owner: postgres
--

INSERT INTO main.local_column VALUES (5, 'local', 1);


--
-- Data for Name: no_columns; Type: TABLE DATA; Schema: main; Owner: postgres
--

INSERT INTO main.no_columns DEFAULT VALUES;
INSERT INTO main.no_columns DEFAULT VALUES;


--
-- Data for Name: notes; Type: TABLE DATA; Schema: main; Owner: postgres
--

INSERT INTO main.notes VALUES (10, 'first', true);
INSERT INTO main.notes VALUES (20, NULL, false);
INSERT INTO main.notes VALUES (30, 'a	tab', true);
INSERT INTO main.notes VALUES (40, '\\N', false);
INSERT INTO main.notes VALUES (50, '\\.', false);
INSERT INTO main.notes VALUES (60, '--', true);
INSERT INTO main.notes VALUES (70, '', false);
INSERT INTO main.notes VALUES (80, 'semi; colon', false);
INSERT INTO main.notes VALUES (90, '$$ dollars $x$', true);


--
-- Data for Name: other_heap; Type: TABLE DATA; Schema: main; Owner: postgres
--

INSERT INTO main.other_heap VALUES (1);
INSERT INTO main.other_heap VALUES (2);
INSERT INTO main.other_heap VALUES (3);
INSERT INTO main.other_heap VALUES (4);
INSERT INTO main.other_heap VALUES (5);
INSERT INTO main.other_heap VALUES (6);
INSERT INTO main.other_heap VALUES (7);
INSERT INTO main.other_heap VALUES (8);
INSERT INTO main.other_heap VALUES (9);
INSERT INTO main.other_heap VALUES (10);


--
-- Data for Name: ranked; Type: TABLE DATA; Schema: main; Owner: postgres
--

INSERT INTO main.ranked VALUES (1);
INSERT INTO main.ranked VALUES (2);


--
-- Data for Name: scratch; Type: TABLE DATA; Schema: main; Owner: postgres
--

INSERT INTO main.scratch VALUES (1, 'scratch 1');
INSERT INTO main.scratch VALUES (2, 'scratch 2');
INSERT INTO main.scratch VALUES (3, 'scratch 3');
INSERT INTO main.scratch VALUES (4, 'scratch 4');
INSERT INTO main.scratch VALUES (5, 'scratch 5');
INSERT INTO main.scratch VALUES (6, 'scratch 6');
INSERT INTO main.scratch VALUES (7, 'scratch 7');
INSERT INTO main.scratch VALUES (8, 'scratch 8');
INSERT INTO main.scratch VALUES (9, 'scratch 9');
INSERT INTO main.scratch VALUES (10, 'scratch 10');
INSERT INTO main.scratch VALUES (11, 'scratch 11');
INSERT INTO main.scratch VALUES (12, 'scratch 12');
INSERT INTO main.scratch VALUES (13, 'scratch 13');
INSERT INTO main.scratch VALUES (14, 'scratch 14');
INSERT INTO main.scratch VALUES (15, 'scratch 15');
INSERT INTO main.scratch VALUES (16, 'scratch 16');
INSERT INTO main.scratch VALUES (17, 'scratch 17');
INSERT INTO main.scratch VALUES (18, 'scratch 18');
INSERT INTO main.scratch VALUES (19, 'scratch 19');
INSERT INTO main.scratch VALUES (20, 'scratch 20');


--
-- Name: animal_id_seq; Type: SEQUENCE SET; Schema: main; Owner: postgres
--

SELECT pg_catalog.setval('main.animal_id_seq', 5, true);


--
-- Name: countdown; Type: SEQUENCE SET; Schema: main; Owner: postgres
--

SELECT pg_catalog.setval('main.countdown', 44, true);


--
-- Name: never_called; Type: SEQUENCE SET; Schema: main; Owner: postgres
--

SELECT pg_catalog.setval('main.never_called', 1, false);


--
-- Name: notes; ids; Type: SEQUENCE SET; Schema: main; Owner: postgres
--

SELECT pg_catalog.setval('main."notes; ids"', 90, true);


--
-- Name: order_number; Type: SEQUENCE SET; Schema: main; Owner: postgres
--

SELECT pg_catalog.setval('main.order_number', 25995, true);


--
-- Name: orders_id_seq; Type: SEQUENCE SET; Schema: main; Owner: postgres
--

SELECT pg_catalog.setval('main.orders_id_seq', 5000, true);


--
-- Name: scratch_id_seq; Type: SEQUENCE SET; Schema: main; Owner: postgres
--

SELECT pg_catalog.setval('main.scratch_id_seq', 20, true);


--
-- PostgreSQL database dump complete
--

\unrestrict every


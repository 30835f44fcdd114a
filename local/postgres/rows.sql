-- Generated rows in the sizes of the public sample database. Every value follows from its row number, so that each
-- start has the same data.
SET session_replication_role = replica; -- bulk load: referential triggers would double the time, the rows are consistent

INSERT INTO actor (first_name, last_name, last_update)
SELECT first_name, last_name, '2013-05-26 14:47:57.62'
FROM (
  SELECT n, first_name, last_name
  FROM (VALUES (1, 'Penelope', 'Guiness'), (2, 'Nick', 'Wahlberg'), (3, 'Ed', 'Chase'), (4, 'Jennifer', 'Davis'),
    (5, 'Johnny', 'Lollobrigida')) AS known (n, first_name, last_name)
  UNION ALL
  SELECT n,
    (ARRAY['Ada', 'Bela', 'Cara', 'Dora', 'Elio', 'Fynn', 'Greta', 'Hugo', 'Ines', 'Jonas', 'Kira', 'Luis', 'Mara',
      'Noel', 'Oda'])[n % 15 + 1],
    (ARRAY['Arendt', 'Bauer', 'Castle', 'Dorn', 'Ekberg', 'Fisher', 'Gallo', 'Hansen', 'Ibsen', 'Joyner', 'Keller',
      'Lindt', 'Mercer'])[n % 13 + 1]
  FROM generate_series(6, 200) AS n
) AS people ORDER BY n;

INSERT INTO category (name, last_update)
SELECT name, '2006-02-15 09:46:27'
FROM unnest(ARRAY['Action', 'Animation', 'Children', 'Classics', 'Comedy', 'Documentary', 'Drama', 'Family', 'Foreign',
  'Games', 'Horror', 'Music', 'New', 'Sci-Fi', 'Sports', 'Travel']) WITH ORDINALITY AS c (name, n) ORDER BY n;

INSERT INTO language (name, last_update)
SELECT name, '2006-02-15 10:02:19'
FROM unnest(ARRAY['English', 'Italian', 'Japanese', 'Mandarin', 'French', 'German']) WITH ORDINALITY AS l (name, n)
ORDER BY n;

INSERT INTO country (country, last_update)
SELECT 'Country ' || n, '2006-02-15 09:44:00' FROM generate_series(1, 109) AS n;

INSERT INTO city (city, country_id, last_update)
SELECT 'City ' || n, n * 7 % 109 + 1, '2006-02-15 09:45:25' FROM generate_series(1, 600) AS n;

INSERT INTO address (address, address2, district, city_id, postal_code, phone, last_update)
SELECT n || ' ' || (ARRAY['Mill', 'Harbour', 'Station', 'Garden', 'Church'])[n % 5 + 1] || ' Street',
  CASE WHEN n % 4 = 0 THEN NULL ELSE '' END, 'District ' || n % 37, n % 600 + 1, lpad((n * 131 % 99999)::text, 5, '0'),
  lpad((n::bigint * 7919393 % 1000000000000)::text, 12, '0'), '2006-02-15 09:45:30'
FROM generate_series(1, 603) AS n;

INSERT INTO film (title, description, release_year, language_id, rental_duration, rental_rate, length,
  replacement_cost, rating, last_update, special_features, fulltext)
SELECT title, description, 2006, 1, n % 5 + 3, (ARRAY[0.99, 2.99, 4.99])[n % 3 + 1], n % 140 + 46,
  n % 21 + 9.99, (ARRAY['G', 'PG', 'PG-13', 'R', 'NC-17'])[n % 5 + 1]::mpaa_rating, '2013-05-26 14:50:58.951',
  CASE n % 4 WHEN 0 THEN ARRAY['Trailers'] WHEN 1 THEN ARRAY['Commentaries', 'Deleted Scenes']
    WHEN 2 THEN ARRAY['Behind the Scenes'] END,
  to_tsvector('simple', title)
FROM generate_series(1, 1000) AS n,
  LATERAL (SELECT (ARRAY['Amber', 'Broken', 'Crystal', 'Distant', 'Eternal', 'Frozen', 'Golden'])[n % 7 + 1] || ' ' ||
    (ARRAY['River', 'Engine', 'Garden', 'Signal', 'Voyage', 'Winter', 'Harvest', 'Mirror', 'Island', 'Letter',
      'Market'])[n % 11 + 1] || ' ' || n AS title) AS titled,
  LATERAL (SELECT 'A story about number ' || n || ' and what came of it' AS description) AS described;

INSERT INTO film_actor (actor_id, film_id, last_update)
SELECT (film * 37 + place * 31) % 200 + 1, film + 1, '2006-02-15 10:05:03'
FROM generate_series(0, 5461) AS n, LATERAL (SELECT n % 1000 AS film, n / 1000 AS place) AS at;

INSERT INTO film_category (film_id, category_id, last_update)
SELECT n, n * 5 % 16 + 1, '2006-02-15 10:07:09' FROM generate_series(1, 1000) AS n;

INSERT INTO store (manager_staff_id, address_id, last_update)
SELECT n, n, '2006-02-15 09:57:12' FROM generate_series(1, 2) AS n;

INSERT INTO staff (first_name, last_name, address_id, email, store_id, username, password, last_update, picture)
VALUES ('Mike', 'Hillyer', 3, 'mike@example.com', 1, 'Mike', NULL, '2006-05-16 16:13:11.79328', '\x89504e470d0a5a0a'),
  ('Jon', 'Stephens', 4, 'jon@example.com', 2, 'Jon', NULL, '2006-05-16 16:13:11.79328', NULL);

INSERT INTO inventory (film_id, store_id, last_update)
SELECT n % 1000 + 1, n % 2 + 1, '2006-02-15 10:09:17' FROM generate_series(1, 4581) AS n;

INSERT INTO customer (store_id, first_name, last_name, email, address_id, create_date, last_update, active)
SELECT n % 2 + 1, first_name, last_name, lower(first_name || '.' || last_name || n) || '@example.com', n % 599 + 5,
  '2006-02-14', '2013-05-26 14:49:45.738', (n % 40 <> 0)::integer
FROM generate_series(1, 599) AS n,
  LATERAL (SELECT (ARRAY['Mary', 'Patricia', 'Linda', 'Robert', 'James', 'John', 'Susan', 'Karen', 'Paul', 'Mark',
      'Laura'])[n % 11 + 1] AS first_name,
    (ARRAY['Smith', 'Brown', 'Miller', 'Wilson', 'Moore', 'Taylor', 'Clark', 'Lewis', 'Young', 'Walker', 'Hall', 'Allen',
      'King'])[n % 13 + 1] AS last_name) AS named;

INSERT INTO rental (rental_date, inventory_id, customer_id, return_date, staff_id, last_update)
SELECT rented, n * 17 % 4581 + 1, n * 29 % 599 + 1,
  CASE WHEN n % 88 <> 0 THEN rented + (n % 9 + 1) * interval '1 day' + n % 1440 * interval '1 minute' END, n % 2 + 1,
  '2006-02-16 02:30:53'
FROM generate_series(1, 16044) AS n,
  LATERAL (SELECT timestamp '2005-05-24 22:53:30' + n * interval '8 minutes 17 seconds' AS rented) AS at;

INSERT INTO payment (payment_id, customer_id, staff_id, rental_id, amount, payment_date)
SELECT 17502 + row_number() OVER (ORDER BY rental_id), customer_id, staff_id, rental_id,
  (ARRAY[0.99, 2.99, 3.99, 4.99, 5.99, 7.99])[rental_id % 6 + 1], rental_date + interval '642 days 0.996577 seconds'
FROM rental WHERE rental_id > 1448;

SELECT setval('payment_payment_id_seq', 32098);
SET session_replication_role = origin;
ANALYZE;

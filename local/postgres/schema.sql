-- The DVD-rental schema: 15 tables as the public sample database names them.
CREATE TYPE mpaa_rating AS ENUM ('G', 'PG', 'PG-13', 'R', 'NC-17');
CREATE DOMAIN year AS integer CHECK (VALUE >= 1901 AND VALUE <= 2155);

CREATE FUNCTION last_updated() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.last_update = CURRENT_TIMESTAMP;
  RETURN NEW;
END $$;

CREATE TABLE actor (
  actor_id serial PRIMARY KEY,
  first_name varchar(45) NOT NULL,
  last_name varchar(45) NOT NULL,
  last_update timestamp NOT NULL DEFAULT now()
);
CREATE TABLE category (
  category_id serial PRIMARY KEY,
  name varchar(25) NOT NULL,
  last_update timestamp NOT NULL DEFAULT now()
);
CREATE TABLE language (
  language_id serial PRIMARY KEY,
  name character(20) NOT NULL,
  last_update timestamp NOT NULL DEFAULT now()
);
CREATE TABLE country (
  country_id serial PRIMARY KEY,
  country varchar(50) NOT NULL,
  last_update timestamp NOT NULL DEFAULT now()
);
CREATE TABLE city (
  city_id serial PRIMARY KEY,
  city varchar(50) NOT NULL,
  country_id smallint NOT NULL REFERENCES country,
  last_update timestamp NOT NULL DEFAULT now()
);
CREATE TABLE address (
  address_id serial PRIMARY KEY,
  address varchar(50) NOT NULL,
  address2 varchar(50),
  district varchar(20) NOT NULL,
  city_id smallint NOT NULL REFERENCES city,
  postal_code varchar(10),
  phone varchar(20) NOT NULL,
  last_update timestamp NOT NULL DEFAULT now()
);
CREATE TABLE film (
  film_id serial PRIMARY KEY,
  title varchar(255) NOT NULL,
  description text,
  release_year year,
  language_id smallint NOT NULL REFERENCES language,
  rental_duration smallint NOT NULL DEFAULT 3,
  rental_rate numeric(4, 2) NOT NULL DEFAULT 4.99,
  length smallint,
  replacement_cost numeric(5, 2) NOT NULL DEFAULT 19.99,
  rating mpaa_rating DEFAULT 'G',
  last_update timestamp NOT NULL DEFAULT now(),
  special_features text[],
  fulltext tsvector NOT NULL
);
CREATE TABLE film_actor (
  actor_id smallint NOT NULL REFERENCES actor,
  film_id smallint NOT NULL REFERENCES film,
  last_update timestamp NOT NULL DEFAULT now(),
  PRIMARY KEY (actor_id, film_id)
);
CREATE TABLE film_category (
  film_id smallint NOT NULL REFERENCES film,
  category_id smallint NOT NULL REFERENCES category,
  last_update timestamp NOT NULL DEFAULT now(),
  PRIMARY KEY (film_id, category_id)
);
CREATE TABLE store (
  store_id serial PRIMARY KEY,
  manager_staff_id smallint NOT NULL,
  address_id smallint NOT NULL REFERENCES address,
  last_update timestamp NOT NULL DEFAULT now()
);
CREATE TABLE staff (
  staff_id serial PRIMARY KEY,
  first_name varchar(45) NOT NULL,
  last_name varchar(45) NOT NULL,
  address_id smallint NOT NULL REFERENCES address,
  email varchar(50),
  store_id smallint NOT NULL REFERENCES store,
  active boolean NOT NULL DEFAULT true,
  username varchar(16) NOT NULL,
  password varchar(40),
  last_update timestamp NOT NULL DEFAULT now(),
  picture bytea
);
CREATE TABLE inventory (
  inventory_id serial PRIMARY KEY,
  film_id smallint NOT NULL REFERENCES film,
  store_id smallint NOT NULL REFERENCES store,
  last_update timestamp NOT NULL DEFAULT now()
);
CREATE TABLE customer (
  customer_id serial PRIMARY KEY,
  store_id smallint NOT NULL REFERENCES store,
  first_name varchar(45) NOT NULL,
  last_name varchar(45) NOT NULL,
  email varchar(50),
  address_id smallint NOT NULL REFERENCES address,
  activebool boolean NOT NULL DEFAULT true,
  create_date date NOT NULL DEFAULT current_date,
  last_update timestamp DEFAULT now(),
  active integer
);
CREATE TABLE rental (
  rental_id serial PRIMARY KEY,
  rental_date timestamp NOT NULL,
  inventory_id integer NOT NULL REFERENCES inventory,
  customer_id smallint NOT NULL REFERENCES customer,
  return_date timestamp,
  staff_id smallint NOT NULL REFERENCES staff,
  last_update timestamp NOT NULL DEFAULT now()
);
CREATE TABLE payment (
  payment_id serial PRIMARY KEY,
  customer_id smallint NOT NULL REFERENCES customer,
  staff_id smallint NOT NULL REFERENCES staff,
  rental_id integer NOT NULL REFERENCES rental,
  amount numeric(5, 2) NOT NULL,
  payment_date timestamp NOT NULL
);

DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['actor', 'category', 'language', 'country', 'city', 'address', 'film', 'film_actor',
    'film_category', 'store', 'staff', 'inventory', 'customer', 'rental'] LOOP
    EXECUTE format('CREATE TRIGGER last_updated BEFORE UPDATE ON %I FOR EACH ROW EXECUTE FUNCTION last_updated()', name);
  END LOOP;
END $$;

-- What the documentation asks a DBA to run for the two read-only roles; nothing else is granted to them.
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
REVOKE CONNECT, TEMPORARY ON DATABASE dvdrental FROM PUBLIC;
GRANT CONNECT ON DATABASE dvdrental TO fivetran, privatelink_checks;
GRANT USAGE ON SCHEMA public TO fivetran, privatelink_checks;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO fivetran, privatelink_checks;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO fivetran, privatelink_checks;

-- The two roles of decision 31: the owner makes and changes tables, the runtime role works with rows.
-- Used by the compose file at the first start of its database, and by the PostgreSQL of the tests.
-- psql variables: owner_password, runtime_password. Run as the superuser, while connected to template1,
-- so that every database made later begins with the same rights.
CREATE ROLE concord_owner LOGIN CREATEDB NOSUPERUSER NOCREATEROLE PASSWORD :'owner_password';
CREATE ROLE concord LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD :'runtime_password';
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE, CREATE ON SCHEMA public TO concord_owner;
GRANT USAGE ON SCHEMA public TO concord;
ALTER DEFAULT PRIVILEGES FOR ROLE concord_owner GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO concord;
ALTER DEFAULT PRIVILEGES FOR ROLE concord_owner GRANT USAGE, SELECT ON SEQUENCES TO concord;

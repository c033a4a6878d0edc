-- Who may do what in PostgreSQL. The image runs it once, as the superuser, when it makes the database.
-- The owner changes the schema, in migrations only; the processes read and write rows and can do nothing else.
\getenv owner_password INNKEEP_OWNER_PASSWORD
\getenv password INNKEEP_PASSWORD

CREATE ROLE innkeep_owner LOGIN PASSWORD :'owner_password';
CREATE ROLE innkeep LOGIN PASSWORD :'password';

REVOKE ALL ON DATABASE innkeep FROM PUBLIC;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT CONNECT, CREATE ON DATABASE innkeep TO innkeep_owner;
GRANT CREATE, USAGE ON SCHEMA public TO innkeep_owner;

GRANT CONNECT ON DATABASE innkeep TO innkeep;
GRANT USAGE ON SCHEMA public TO innkeep;
ALTER DEFAULT PRIVILEGES FOR ROLE innkeep_owner IN SCHEMA public
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO innkeep;

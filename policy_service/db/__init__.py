"""PostgreSQL: engine, tables, migrations, and the one that the service brings along."""

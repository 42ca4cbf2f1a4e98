"""The store: tables, transactions, and every statement in SQL. Functions take a connection and never commit."""

"""The sealed ledger: nobody rewrites it unnoticed, not even the database's owner."""

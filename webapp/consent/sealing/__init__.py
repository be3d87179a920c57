"""The sealed ledger: who rewrites an event, takes one away or slips one in is found, even the database's owner."""

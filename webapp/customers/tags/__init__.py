"""Tags: of one customer, of many, and the page of all."""

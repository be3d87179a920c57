"""What becomes of the items of a delivery: each is stored once and applied, whatever else goes wrong."""

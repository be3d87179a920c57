"""Customers from a CSV file: read one row at a time, taken over in small transactions, safe to repeat.

Opt-outs are always honoured. An import never lifts an opt-out, WhatsApp's own stop or a hold.
"""

from webapp.customers.importing.report import ImportReport
from webapp.customers.importing.run import Run, import_file, types_of
from webapp.customers.importing.table_file import UnusableFile, open_table, read_header

__all__ = ["ImportReport", "Run", "UnusableFile", "import_file", "open_table", "read_header", "types_of"]

"""What campaigns did: counts, the decision record, the opt-outs they caused, the auditor, and their pages."""

"""Campaigns: templates, segments, audiences, and sending that never passes an opt-out."""

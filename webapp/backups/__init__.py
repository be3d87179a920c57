"""Backups of the whole desk, verified and put back; and the person who lets a restored desk send again."""

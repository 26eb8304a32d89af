"""Dashboards for people: one read-only Voila server per audience, in a folder that holds what this audience may see.

`command` (the door) links the audience's tables into a folder of its own, starts `server` there and brings each newly
published month over. The server knows that folder and nothing else. docs/serving.md says how to put it behind TLS.
"""

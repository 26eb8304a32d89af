"""Connectors: raw files of any source system in, canonical columns out (see pipelines/sources/README.md)."""

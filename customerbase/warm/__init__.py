"""Warm kernels: forked from a process that has imported what every kernel needs, instead of started from nothing.

`provisioner` is a kernel provisioner of jupyter_client (entry point `customerbase-warm`); where it cannot fork, or has
any trouble, it starts the ordinary kernel. `parent` is the process that forks. docs/adr/0011 has what was measured.
"""

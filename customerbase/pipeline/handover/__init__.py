"""Files of audiences: written, registered, read back for removals, and gone when their time is over.

<home>/reports/<pipeline>/<month>/audiences/<id>/   the files of one export (folders 700, files 600)
<home>/data/exports/<pipeline>.jsonl                the register: one line an export or purge, each holding the hash of the one before
"""

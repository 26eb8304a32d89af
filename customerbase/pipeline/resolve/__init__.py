"""Who is who, from the command line: link any list; ask about, review and decide on the people of a published month."""

"""Who is contacted, and lawfully so: files of audiences for platforms and for the company's own lists."""

"""Customer-base analytics: one module per question, tables in, tables out (see docs/ and notebooks/)."""

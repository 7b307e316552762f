"""The report of a study: one page without network, from question and answer to where every number comes from."""

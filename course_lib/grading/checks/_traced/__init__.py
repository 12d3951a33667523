"""Networks that a submission hands in as data: counted, run and judged here, outside."""

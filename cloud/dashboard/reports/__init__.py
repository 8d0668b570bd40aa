"""Reports: what was packed and sent, by hour, day, table and packer, and what was not."""

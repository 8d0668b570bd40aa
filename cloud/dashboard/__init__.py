"""Pages for sellers: sign-in, workbench, Marketplace Platform Chat Log, proofs; live updates."""

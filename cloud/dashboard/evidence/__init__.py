"""Evidence for disputes: pictures to upload, and a file with originals, hashes and timeline."""

"""What is put into every bundle as it stands here: scripts for a machine that has only Python."""

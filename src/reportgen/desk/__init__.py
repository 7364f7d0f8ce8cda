"""What one asks at the desk, about one case or about the machine, without a run."""

"""Training: the procedural people and the recipes. Uses the core; the core never imports it."""

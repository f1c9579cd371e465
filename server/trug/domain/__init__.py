"""Values and rules that import nothing from the house."""

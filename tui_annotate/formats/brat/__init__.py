"""brat standoff: texts with `.ann` files."""

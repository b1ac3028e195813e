"""UIMA XMI with its type system."""

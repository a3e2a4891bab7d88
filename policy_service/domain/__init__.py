"""Words and arithmetic of credit management. Standard library only; imports no other package of the project."""

"""The services we don't own, answered by moto in this process. The only place where moto is imported."""

"""The control API under /_undercast, and pages for people and tools. FastAPI and pydantic only in `app`."""

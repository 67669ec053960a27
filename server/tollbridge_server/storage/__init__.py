"""SQLModel tables, repositories and units of work; rows never leave this room."""

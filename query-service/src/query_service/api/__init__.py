"""The query API: documents as DTOs over HTTP."""

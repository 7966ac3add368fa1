"""The API's reference, made from the API's own code: `docs/openapi.json`, and from that `docs/api.md`."""

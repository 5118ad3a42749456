"""HTTP: the declaration of a route, parsing, responses, cookies and the OpenAPI document."""

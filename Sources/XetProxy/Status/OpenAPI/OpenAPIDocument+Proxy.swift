extension OpenAPIDocument {
    /// The proxy's own paths.
    static let proxyPaths = #"""
        "/": {
          "get": {
            "operationId": "page",
            "tags": ["proxy"],
            "summary": "A page for people",
            "description": "What runs here, live transfers, totals, the last errors and commands to copy. With \#
        --no-ui a few lines of JSON. A request with a Hub token sees the names of the transfers made with that \#
        token.",
            "security": [],
            "responses": {
              "200": {
                "description": "The page",
                "content": {
                  "text/html": {"schema": {"type": "string"}},
                  "application/json": {"schema": {"$ref": "#/components/schemas/Name"}}
                }
              }
            }
          }
        },
        "/ui.css": {
          "get": {
            "operationId": "style",
            "tags": ["proxy"],
            "summary": "The style of the page",
            "security": [],
            "parameters": [{"$ref": "#/components/parameters/IfNoneMatch"}],
            "responses": {
              "200": {"description": "The style", "content": {"text/css": {"schema": {"type": "string"}}}},
              "304": {"$ref": "#/components/responses/NotModified"},
              "404": {"$ref": "#/components/responses/NoPage"}
            }
          }
        },
        "/ui.js": {
          "get": {
            "operationId": "script",
            "tags": ["proxy"],
            "summary": "The script of the page",
            "security": [],
            "parameters": [{"$ref": "#/components/parameters/IfNoneMatch"}],
            "responses": {
              "200": {"description": "The script", "content": {"text/javascript": {"schema": {"type": "string"}}}},
              "304": {"$ref": "#/components/responses/NotModified"},
              "404": {"$ref": "#/components/responses/NoPage"}
            }
          }
        },
        "/events": {
          "get": {
            "operationId": "events",
            "tags": ["proxy"],
            "summary": "What the page shows, once a second",
            "description": "Server-sent events whose data is a report. The answer ends when the proxy stops. 503 \#
        when too many listen.",
            "security": [],
            "responses": {
              "200": {
                "description": "The events",
                "content": {"text/event-stream": {"schema": {"$ref": "#/components/schemas/Report"}}}
              },
              "404": {"$ref": "#/components/responses/NoPage"},
              "503": {"$ref": "#/components/responses/Unavailable"}
            }
          }
        },
        "/operator/": {
          "get": {
            "operationId": "operatorPage",
            "tags": ["proxy"],
            "summary": "The page for the operator",
            "description": "With --operator-token-file. All names, and to whom they go. The credential opens / and \#
        /events as well, and nothing else: it never goes to the Hub.",
            "security": [{"operator": []}],
            "responses": {
              "200": {"description": "The page", "content": {"text/html": {"schema": {"type": "string"}}}},
              "401": {"$ref": "#/components/responses/Challenge"},
              "404": {"$ref": "#/components/responses/NoPage"}
            }
          }
        },
        "/operator/events": {
          "get": {
            "operationId": "operatorEvents",
            "tags": ["proxy"],
            "summary": "What the operator's page shows, once a second",
            "security": [{"operator": []}],
            "responses": {
              "200": {
                "description": "The events",
                "content": {"text/event-stream": {"schema": {"$ref": "#/components/schemas/Report"}}}
              },
              "401": {"$ref": "#/components/responses/Challenge"},
              "404": {"$ref": "#/components/responses/NoPage"},
              "503": {"$ref": "#/components/responses/Unavailable"}
            }
          }
        },
        "/openapi.json": {
          "get": {
            "operationId": "description",
            "tags": ["proxy"],
            "summary": "This document",
            "security": [],
            "parameters": [{"$ref": "#/components/parameters/IfNoneMatch"}],
            "responses": {
              "200": {"description": "The document", "content": {"application/json": {"schema": {"type": "object"}}}},
              "304": {"$ref": "#/components/responses/NotModified"}
            }
          }
        },
        "/health": {
          "get": {
            "operationId": "health",
            "tags": ["proxy"],
            "summary": "Whether the process serves",
            "security": [],
            "responses": {
              "200": {
                "description": "It does",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Health"}}}
              }
            }
          }
        },
        "/livez": {
          "get": {
            "operationId": "live",
            "tags": ["proxy"],
            "summary": "Whether the process has to be restarted",
            "security": [],
            "responses": {
              "200": {
                "description": "It need not",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Status"}}}
              }
            }
          }
        },
        "/readyz": {
          "get": {
            "operationId": "ready",
            "tags": ["proxy"],
            "summary": "Whether requests should be sent here",
            "description": "Not while the Hub cannot be reached, and not once the proxy was told to stop.",
            "security": [],
            "responses": {
              "200": {
                "description": "They should",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Status"}}}
              },
              "503": {
                "description": "They should not; the body says why",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Status"}}}
              }
            }
          }
        },
        "/metrics": {
          "get": {
            "operationId": "metrics",
            "tags": ["proxy"],
            "summary": "Counters and gauges in the text format of Prometheus",
            "security": [],
            "responses": {"200": {"description": "The metrics", "content": {"text/plain": {"schema": {"type": \#
        "string"}}}}}
          }
        }
        """#
}

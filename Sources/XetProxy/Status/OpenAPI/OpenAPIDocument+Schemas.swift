extension OpenAPIDocument {
    /// The bodies.
    static let schemas = #"""
        "Anything": {"description": "Bytes of any kind"},
        "Bytes": {"type": "string", "contentEncoding": "binary"},
        "Error": {"type": "object", "properties": {"error": {"type": "string", "minLength": 1}}, "required": \#
        ["error"]},
        "Health": {
          "type": "object",
          "properties": {"status": {"const": "ok"}, "version": {"type": "string"}},
          "required": ["status", "version"]
        },
        "Status": {
          "type": "object",
          "properties": {"status": {"type": "string"}, "reason": {"type": "string"}},
          "required": ["status"]
        },
        "Name": {
          "type": "object",
          "properties": {
            "name": {"const": "xet proxy"},
            "version": {"type": "string"},
            "api": {"type": "string"},
            "health": {"type": "string"}
          },
          "required": ["name", "version"]
        },
        "Count": {"type": "integer", "minimum": 0},
        "Report": {
          "type": "object",
          "properties": {
            "version": {"type": "string"},
            "hub": {"type": "string"},
            "uptime": {"$ref": "#/components/schemas/Count", "description": "Seconds"},
            "live": {"$ref": "#/components/schemas/Count", "description": "Transfers that run"},
            "rate": {"$ref": "#/components/schemas/Count", "description": "Bytes per second of all of them"},
            "totals": {
              "type": "object",
              "properties": {
                "started": {"$ref": "#/components/schemas/Count"},
                "finished": {"$ref": "#/components/schemas/Count"},
                "cancelled": {"$ref": "#/components/schemas/Count"},
                "aborted": {"$ref": "#/components/schemas/Count"},
                "sent": {"$ref": "#/components/schemas/Count"}
              },
              "required": ["started", "finished", "cancelled", "aborted", "sent"]
            },
            "cache": {
              "type": "object",
              "description": "Absent without a cache",
              "properties": {
                "size": {"$ref": "#/components/schemas/Count", "description": "Bytes that are kept"},
                "limit": {"$ref": "#/components/schemas/Count"},
                "saved": {"$ref": "#/components/schemas/Count", "description": "Bytes that nobody had to fetch today"},
                "top": {
                  "type": "array",
                  "maxItems": 5,
                  "items": {
                    "type": "object",
                    "properties": {
                      "name": {"type": "string", "description": "Absent if the caller may not know it"},
                      "saved": {"$ref": "#/components/schemas/Count"}
                    },
                    "required": ["saved"]
                  }
                }
              },
              "required": ["size", "limit", "saved", "top"]
            },
            "transfers": {"type": "array", "maxItems": 100, "items": {"$ref": "#/components/schemas/Transfer"}},
            "failures": {"type": "array", "items": {"$ref": "#/components/schemas/Failure"}}
          },
          "required": ["version", "hub", "uptime", "live", "rate", "totals", "transfers", "failures"]
        },
        "Transfer": {
          "type": "object",
          "properties": {
            "id": {"$ref": "#/components/schemas/Count"},
            "name": {"type": "string", "description": "Absent if the caller may not know it"},
            "client": {"type": "string", "description": "The address it goes to; for the operator"},
            "kind": {"enum": ["file", "xorb", "other"]},
            "sent": {"$ref": "#/components/schemas/Count"},
            "total": {"$ref": "#/components/schemas/Count", "description": "Absent if it is not known"},
            "rate": {"$ref": "#/components/schemas/Count", "description": "Bytes per second, on average over five"},
            "seconds": {"$ref": "#/components/schemas/Count"}
          },
          "required": ["id", "kind", "sent", "rate", "seconds"]
        },
        "Failure": {
          "type": "object",
          "properties": {
            "secondsAgo": {"$ref": "#/components/schemas/Count"},
            "status": {"type": "integer"},
            "route": {"type": "string"},
            "summary": {"type": "string", "description": "The kind of failure; names nothing"},
            "cause": {"type": "string", "description": "Absent if the caller may not know it"}
          },
          "required": ["secondsAgo", "status", "route", "summary"]
        },
        "CASToken": {
          "type": "object",
          "properties": {
            "casUrl": {"type": "string"},
            "accessToken": {"type": "string"},
            "exp": {"$ref": "#/components/schemas/Count"}
          },
          "required": ["casUrl", "accessToken", "exp"]
        }
        """#
}

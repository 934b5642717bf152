extension OpenAPIDocument {
    /// What a CAS serves.
    static let casPaths = #"""
        "/v1/reconstructions/{fileHash}": {
          "get": {
            "operationId": "reconstructionV1",
            "tags": ["cas"],
            "summary": "How a file is put together",
            "description": "Signed addresses in the answer are addresses of the proxy.",
            "security": [{"casToken": []}],
            "parameters": [{"$ref": "#/components/parameters/FileHash"}, {"$ref": "#/components/parameters/Range"}],
            "responses": {
              "200": {"$ref": "#/components/responses/PassedJSON"},
              "400": {"$ref": "#/components/responses/BadRequest"},
              "401": {"$ref": "#/components/responses/Unauthorized"},
              "403": {"$ref": "#/components/responses/Forbidden"},
              "404": {"$ref": "#/components/responses/NotFound"},
              "416": {"$ref": "#/components/responses/RangeNotSatisfiable"},
              "429": {"$ref": "#/components/responses/TooManyRequests"},
              "502": {"$ref": "#/components/responses/BadGateway"},
              "503": {"$ref": "#/components/responses/Unavailable"},
              "504": {"$ref": "#/components/responses/GatewayTimeout"},
              "default": {"$ref": "#/components/responses/Passed"}
            }
          }
        },
        "/v2/reconstructions/{fileHash}": {
          "get": {
            "operationId": "reconstructionV2",
            "tags": ["cas"],
            "summary": "How a file is put together",
            "description": "Signed addresses in the answer are addresses of the proxy.",
            "security": [{"casToken": []}],
            "parameters": [{"$ref": "#/components/parameters/FileHash"}, {"$ref": "#/components/parameters/Range"}],
            "responses": {
              "200": {"$ref": "#/components/responses/PassedJSON"},
              "400": {"$ref": "#/components/responses/BadRequest"},
              "401": {"$ref": "#/components/responses/Unauthorized"},
              "403": {"$ref": "#/components/responses/Forbidden"},
              "404": {"$ref": "#/components/responses/NotFound"},
              "416": {"$ref": "#/components/responses/RangeNotSatisfiable"},
              "429": {"$ref": "#/components/responses/TooManyRequests"},
              "502": {"$ref": "#/components/responses/BadGateway"},
              "503": {"$ref": "#/components/responses/Unavailable"},
              "504": {"$ref": "#/components/responses/GatewayTimeout"},
              "default": {"$ref": "#/components/responses/Passed"}
            }
          }
        },
        "/v1/reconstructions": {
          "get": {
            "operationId": "reconstructions",
            "tags": ["cas"],
            "summary": "How several files are put together",
            "security": [{"casToken": []}],
            "parameters": [{"$ref": "#/components/parameters/FileIDs"}],
            "responses": {
              "200": {"$ref": "#/components/responses/PassedJSON"},
              "400": {"$ref": "#/components/responses/BadRequest"},
              "401": {"$ref": "#/components/responses/Unauthorized"},
              "403": {"$ref": "#/components/responses/Forbidden"},
              "404": {"$ref": "#/components/responses/NotFound"},
              "429": {"$ref": "#/components/responses/TooManyRequests"},
              "502": {"$ref": "#/components/responses/BadGateway"},
              "503": {"$ref": "#/components/responses/Unavailable"},
              "504": {"$ref": "#/components/responses/GatewayTimeout"},
              "default": {"$ref": "#/components/responses/Passed"}
            }
          },
          "post": {
            "operationId": "reconstructionsOf",
            "tags": ["cas"],
            "summary": "The same, for hashes in the body",
            "security": [{"casToken": []}],
            "requestBody": {
              "content": {
                "application/json": {
                  "schema": {
                    "type": "array",
                    "items": {
                      "type": "object",
                      "properties": {
                        "prefix": {"type": "string"},
                        "hash": {"type": "string", "pattern": "^[0-9a-fA-F]{64}$"}
                      },
                      "required": ["hash"]
                    }
                  }
                }
              }
            },
            "responses": {
              "200": {"$ref": "#/components/responses/PassedJSON"},
              "400": {"$ref": "#/components/responses/BadRequest"},
              "401": {"$ref": "#/components/responses/Unauthorized"},
              "403": {"$ref": "#/components/responses/Forbidden"},
              "404": {"$ref": "#/components/responses/NotFound"},
              "413": {"$ref": "#/components/responses/ContentTooLarge"},
              "429": {"$ref": "#/components/responses/TooManyRequests"},
              "502": {"$ref": "#/components/responses/BadGateway"},
              "503": {"$ref": "#/components/responses/Unavailable"},
              "504": {"$ref": "#/components/responses/GatewayTimeout"},
              "default": {"$ref": "#/components/responses/Passed"}
            }
          }
        },
        "/v1/chunks/{prefix}/{chunkHash}": {
          "get": {
            "operationId": "chunk",
            "tags": ["cas"],
            "summary": "Which xorb has a chunk",
            "security": [{"casToken": []}],
            "parameters": [{"$ref": "#/components/parameters/Prefix"}, {"$ref": "#/components/parameters/ChunkHash"}],
            "responses": {
              "200": {
                "description": "A shard",
                "content": {"application/octet-stream": {"schema": {"$ref": "#/components/schemas/Bytes"}}}
              },
              "400": {"$ref": "#/components/responses/BadRequest"},
              "401": {"$ref": "#/components/responses/Unauthorized"},
              "403": {"$ref": "#/components/responses/Forbidden"},
              "404": {"$ref": "#/components/responses/NotFound"},
              "429": {"$ref": "#/components/responses/TooManyRequests"},
              "502": {"$ref": "#/components/responses/BadGateway"},
              "503": {"$ref": "#/components/responses/Unavailable"},
              "504": {"$ref": "#/components/responses/GatewayTimeout"},
              "default": {"$ref": "#/components/responses/Passed"}
            }
          }
        },
        "/v1/xorbs/{prefix}/{xorbHash}": {
          "post": {
            "operationId": "uploadXorb",
            "tags": ["cas"],
            "summary": "Stores a xorb; needs --allow-writes",
            "security": [{"casToken": []}],
            "parameters": [{"$ref": "#/components/parameters/Prefix"}, {"$ref": "#/components/parameters/XorbHash"}],
            "requestBody": {"content": {"application/octet-stream": {"schema": {"$ref": \#
        "#/components/schemas/Bytes"}}}},
            "responses": {
              "400": {"$ref": "#/components/responses/BadRequest"},
              "401": {"$ref": "#/components/responses/Unauthorized"},
              "403": {"$ref": "#/components/responses/Forbidden"},
              "405": {"$ref": "#/components/responses/MethodNotAllowed"},
              "413": {"$ref": "#/components/responses/ContentTooLarge"},
              "default": {"$ref": "#/components/responses/Passed"}
            }
          }
        },
        "/v1/shards": {
          "post": {
            "operationId": "uploadShardV1",
            "tags": ["cas"],
            "summary": "Registers files; needs --allow-writes",
            "security": [{"casToken": []}],
            "requestBody": {"content": {"application/octet-stream": {"schema": {"$ref": \#
        "#/components/schemas/Bytes"}}}},
            "responses": {
              "400": {"$ref": "#/components/responses/BadRequest"},
              "401": {"$ref": "#/components/responses/Unauthorized"},
              "403": {"$ref": "#/components/responses/Forbidden"},
              "405": {"$ref": "#/components/responses/MethodNotAllowed"},
              "413": {"$ref": "#/components/responses/ContentTooLarge"},
              "default": {"$ref": "#/components/responses/Passed"}
            }
          }
        },
        "/v2/shards": {
          "post": {
            "operationId": "uploadShardV2",
            "tags": ["cas"],
            "summary": "Registers files; needs --allow-writes",
            "security": [{"casToken": []}],
            "requestBody": {"content": {"application/octet-stream": {"schema": {"$ref": \#
        "#/components/schemas/Bytes"}}}},
            "responses": {
              "400": {"$ref": "#/components/responses/BadRequest"},
              "401": {"$ref": "#/components/responses/Unauthorized"},
              "403": {"$ref": "#/components/responses/Forbidden"},
              "405": {"$ref": "#/components/responses/MethodNotAllowed"},
              "413": {"$ref": "#/components/responses/ContentTooLarge"},
              "default": {"$ref": "#/components/responses/Passed"}
            }
          }
        },
        "/v1/telemetry": {
          "post": {
            "operationId": "telemetry",
            "tags": ["cas"],
            "summary": "Taken and dropped",
            "security": [{}],
            "requestBody": {"content": {"application/json": {"schema": {}}}},
            "responses": {"200": {"description": "Dropped"}, "413": {"$ref": \#
        "#/components/responses/ContentTooLarge"}}
          }
        },
        "/xorbs/{xorbHash}/{capability}": {
          "get": {
            "operationId": "xorb",
            "tags": ["cas"],
            "summary": "Bytes of a xorb",
            "description": "The address comes from a reconstruction. 403 means that it has expired: ask for the \#
        reconstruction again.",
            "security": [],
            "parameters": [
              {"$ref": "#/components/parameters/XorbHash"},
              {"$ref": "#/components/parameters/Capability"},
              {"$ref": "#/components/parameters/Range"}
            ],
            "responses": {
              "200": {"$ref": "#/components/responses/Bytes"},
              "206": {"$ref": "#/components/responses/Bytes"},
              "400": {"$ref": "#/components/responses/BadRequest"},
              "403": {"$ref": "#/components/responses/Forbidden"},
              "404": {"$ref": "#/components/responses/NotFound"},
              "416": {"$ref": "#/components/responses/RangeNotSatisfiable"},
              "429": {"$ref": "#/components/responses/TooManyRequests"},
              "502": {"$ref": "#/components/responses/BadGateway"},
              "503": {"$ref": "#/components/responses/Unavailable"},
              "504": {"$ref": "#/components/responses/GatewayTimeout"}
            }
          },
          "head": {
            "operationId": "headXorb",
            "tags": ["cas"],
            "summary": "The head of the same answer, without its body",
            "security": [],
            "parameters": [
              {"$ref": "#/components/parameters/XorbHash"},
              {"$ref": "#/components/parameters/Capability"},
              {"$ref": "#/components/parameters/Range"}
            ],
            "responses": {
              "200": {"$ref": "#/components/responses/Bytes"},
              "206": {"$ref": "#/components/responses/Bytes"},
              "400": {"$ref": "#/components/responses/BadRequest"},
              "403": {"$ref": "#/components/responses/Forbidden"},
              "404": {"$ref": "#/components/responses/NotFound"},
              "416": {"$ref": "#/components/responses/RangeNotSatisfiable"},
              "429": {"$ref": "#/components/responses/TooManyRequests"},
              "502": {"$ref": "#/components/responses/BadGateway"},
              "503": {"$ref": "#/components/responses/Unavailable"},
              "504": {"$ref": "#/components/responses/GatewayTimeout"}
            }
          }
        }
        """#
}

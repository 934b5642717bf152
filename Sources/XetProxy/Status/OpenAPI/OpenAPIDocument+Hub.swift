extension OpenAPIDocument {
    /// What a Hub serves.
    static let hubPaths = #"""
        "/{owner}/{repository}/resolve/{revision}/{path}": {
          "get": {
            "operationId": "resolveModelFile",
            "tags": ["hub"],
            "summary": "A file of a model, as the Hub names it",
            "description": "A client that speaks XET gets the headers which lead to the CAS and a 302; any other \#
        client gets the bytes.",
            "security": [{"hubToken": []}, {}],
            "parameters": [
              {"$ref": "#/components/parameters/Owner"},
              {"$ref": "#/components/parameters/Repository"},
              {"$ref": "#/components/parameters/PathRevision"},
              {"$ref": "#/components/parameters/Path"},
              {"$ref": "#/components/parameters/Range"},
              {"$ref": "#/components/parameters/IfRange"},
              {"$ref": "#/components/parameters/IfMatch"},
              {"$ref": "#/components/parameters/IfUnmodifiedSince"},
              {"$ref": "#/components/parameters/IfModifiedSince"},
              {"$ref": "#/components/parameters/IfNoneMatch"}
            ],
            "responses": {
              "200": {"$ref": "#/components/responses/File"},
              "206": {"$ref": "#/components/responses/Part"},
              "301": {"$ref": "#/components/responses/Redirect"},
              "302": {"$ref": "#/components/responses/Redirect"},
              "304": {"$ref": "#/components/responses/NotModified"},
              "307": {"$ref": "#/components/responses/Redirect"},
              "308": {"$ref": "#/components/responses/Redirect"},
              "400": {"$ref": "#/components/responses/BadRequest"},
              "401": {"$ref": "#/components/responses/Unauthorized"},
              "403": {"$ref": "#/components/responses/Forbidden"},
              "404": {"$ref": "#/components/responses/NotFound"},
              "412": {"$ref": "#/components/responses/PreconditionFailed"},
              "416": {"$ref": "#/components/responses/RangeNotSatisfiable"},
              "429": {"$ref": "#/components/responses/TooManyRequests"},
              "502": {"$ref": "#/components/responses/BadGateway"},
              "503": {"$ref": "#/components/responses/Unavailable"},
              "504": {"$ref": "#/components/responses/GatewayTimeout"}
            }
          },
          "head": {
            "operationId": "headResolveModelFile",
            "tags": ["hub"],
            "summary": "The head of the same answer, without its body",
            "security": [{"hubToken": []}, {}],
            "parameters": [
              {"$ref": "#/components/parameters/Owner"},
              {"$ref": "#/components/parameters/Repository"},
              {"$ref": "#/components/parameters/PathRevision"},
              {"$ref": "#/components/parameters/Path"},
              {"$ref": "#/components/parameters/Range"},
              {"$ref": "#/components/parameters/IfRange"},
              {"$ref": "#/components/parameters/IfMatch"},
              {"$ref": "#/components/parameters/IfUnmodifiedSince"},
              {"$ref": "#/components/parameters/IfModifiedSince"},
              {"$ref": "#/components/parameters/IfNoneMatch"}
            ],
            "responses": {
              "200": {"$ref": "#/components/responses/File"},
              "206": {"$ref": "#/components/responses/Part"},
              "301": {"$ref": "#/components/responses/Redirect"},
              "302": {"$ref": "#/components/responses/Redirect"},
              "304": {"$ref": "#/components/responses/NotModified"},
              "307": {"$ref": "#/components/responses/Redirect"},
              "308": {"$ref": "#/components/responses/Redirect"},
              "400": {"$ref": "#/components/responses/BadRequest"},
              "401": {"$ref": "#/components/responses/Unauthorized"},
              "403": {"$ref": "#/components/responses/Forbidden"},
              "404": {"$ref": "#/components/responses/NotFound"},
              "412": {"$ref": "#/components/responses/PreconditionFailed"},
              "416": {"$ref": "#/components/responses/RangeNotSatisfiable"},
              "429": {"$ref": "#/components/responses/TooManyRequests"},
              "502": {"$ref": "#/components/responses/BadGateway"},
              "503": {"$ref": "#/components/responses/Unavailable"},
              "504": {"$ref": "#/components/responses/GatewayTimeout"}
            }
          }
        },
        "/datasets/{owner}/{repository}/resolve/{revision}/{path}": {
          "get": {
            "operationId": "resolveDatasetFile",
            "tags": ["hub"],
            "summary": "A file of a dataset, as the Hub names it",
            "description": "A client that speaks XET gets the headers which lead to the CAS and a 302; any other \#
        client gets the bytes.",
            "security": [{"hubToken": []}, {}],
            "parameters": [
              {"$ref": "#/components/parameters/Owner"},
              {"$ref": "#/components/parameters/Repository"},
              {"$ref": "#/components/parameters/PathRevision"},
              {"$ref": "#/components/parameters/Path"},
              {"$ref": "#/components/parameters/Range"},
              {"$ref": "#/components/parameters/IfRange"},
              {"$ref": "#/components/parameters/IfMatch"},
              {"$ref": "#/components/parameters/IfUnmodifiedSince"},
              {"$ref": "#/components/parameters/IfModifiedSince"},
              {"$ref": "#/components/parameters/IfNoneMatch"}
            ],
            "responses": {
              "200": {"$ref": "#/components/responses/File"},
              "206": {"$ref": "#/components/responses/Part"},
              "301": {"$ref": "#/components/responses/Redirect"},
              "302": {"$ref": "#/components/responses/Redirect"},
              "304": {"$ref": "#/components/responses/NotModified"},
              "307": {"$ref": "#/components/responses/Redirect"},
              "308": {"$ref": "#/components/responses/Redirect"},
              "400": {"$ref": "#/components/responses/BadRequest"},
              "401": {"$ref": "#/components/responses/Unauthorized"},
              "403": {"$ref": "#/components/responses/Forbidden"},
              "404": {"$ref": "#/components/responses/NotFound"},
              "412": {"$ref": "#/components/responses/PreconditionFailed"},
              "416": {"$ref": "#/components/responses/RangeNotSatisfiable"},
              "429": {"$ref": "#/components/responses/TooManyRequests"},
              "502": {"$ref": "#/components/responses/BadGateway"},
              "503": {"$ref": "#/components/responses/Unavailable"},
              "504": {"$ref": "#/components/responses/GatewayTimeout"}
            }
          },
          "head": {
            "operationId": "headResolveDatasetFile",
            "tags": ["hub"],
            "summary": "The head of the same answer, without its body",
            "security": [{"hubToken": []}, {}],
            "parameters": [
              {"$ref": "#/components/parameters/Owner"},
              {"$ref": "#/components/parameters/Repository"},
              {"$ref": "#/components/parameters/PathRevision"},
              {"$ref": "#/components/parameters/Path"},
              {"$ref": "#/components/parameters/Range"},
              {"$ref": "#/components/parameters/IfRange"},
              {"$ref": "#/components/parameters/IfMatch"},
              {"$ref": "#/components/parameters/IfUnmodifiedSince"},
              {"$ref": "#/components/parameters/IfModifiedSince"},
              {"$ref": "#/components/parameters/IfNoneMatch"}
            ],
            "responses": {
              "200": {"$ref": "#/components/responses/File"},
              "206": {"$ref": "#/components/responses/Part"},
              "301": {"$ref": "#/components/responses/Redirect"},
              "302": {"$ref": "#/components/responses/Redirect"},
              "304": {"$ref": "#/components/responses/NotModified"},
              "307": {"$ref": "#/components/responses/Redirect"},
              "308": {"$ref": "#/components/responses/Redirect"},
              "400": {"$ref": "#/components/responses/BadRequest"},
              "401": {"$ref": "#/components/responses/Unauthorized"},
              "403": {"$ref": "#/components/responses/Forbidden"},
              "404": {"$ref": "#/components/responses/NotFound"},
              "412": {"$ref": "#/components/responses/PreconditionFailed"},
              "416": {"$ref": "#/components/responses/RangeNotSatisfiable"},
              "429": {"$ref": "#/components/responses/TooManyRequests"},
              "502": {"$ref": "#/components/responses/BadGateway"},
              "503": {"$ref": "#/components/responses/Unavailable"},
              "504": {"$ref": "#/components/responses/GatewayTimeout"}
            }
          }
        },
        "/spaces/{owner}/{repository}/resolve/{revision}/{path}": {
          "get": {
            "operationId": "resolveSpaceFile",
            "tags": ["hub"],
            "summary": "A file of a space, as the Hub names it",
            "description": "A client that speaks XET gets the headers which lead to the CAS and a 302; any other \#
        client gets the bytes.",
            "security": [{"hubToken": []}, {}],
            "parameters": [
              {"$ref": "#/components/parameters/Owner"},
              {"$ref": "#/components/parameters/Repository"},
              {"$ref": "#/components/parameters/PathRevision"},
              {"$ref": "#/components/parameters/Path"},
              {"$ref": "#/components/parameters/Range"},
              {"$ref": "#/components/parameters/IfRange"},
              {"$ref": "#/components/parameters/IfMatch"},
              {"$ref": "#/components/parameters/IfUnmodifiedSince"},
              {"$ref": "#/components/parameters/IfModifiedSince"},
              {"$ref": "#/components/parameters/IfNoneMatch"}
            ],
            "responses": {
              "200": {"$ref": "#/components/responses/File"},
              "206": {"$ref": "#/components/responses/Part"},
              "301": {"$ref": "#/components/responses/Redirect"},
              "302": {"$ref": "#/components/responses/Redirect"},
              "304": {"$ref": "#/components/responses/NotModified"},
              "307": {"$ref": "#/components/responses/Redirect"},
              "308": {"$ref": "#/components/responses/Redirect"},
              "400": {"$ref": "#/components/responses/BadRequest"},
              "401": {"$ref": "#/components/responses/Unauthorized"},
              "403": {"$ref": "#/components/responses/Forbidden"},
              "404": {"$ref": "#/components/responses/NotFound"},
              "412": {"$ref": "#/components/responses/PreconditionFailed"},
              "416": {"$ref": "#/components/responses/RangeNotSatisfiable"},
              "429": {"$ref": "#/components/responses/TooManyRequests"},
              "502": {"$ref": "#/components/responses/BadGateway"},
              "503": {"$ref": "#/components/responses/Unavailable"},
              "504": {"$ref": "#/components/responses/GatewayTimeout"}
            }
          },
          "head": {
            "operationId": "headResolveSpaceFile",
            "tags": ["hub"],
            "summary": "The head of the same answer, without its body",
            "security": [{"hubToken": []}, {}],
            "parameters": [
              {"$ref": "#/components/parameters/Owner"},
              {"$ref": "#/components/parameters/Repository"},
              {"$ref": "#/components/parameters/PathRevision"},
              {"$ref": "#/components/parameters/Path"},
              {"$ref": "#/components/parameters/Range"},
              {"$ref": "#/components/parameters/IfRange"},
              {"$ref": "#/components/parameters/IfMatch"},
              {"$ref": "#/components/parameters/IfUnmodifiedSince"},
              {"$ref": "#/components/parameters/IfModifiedSince"},
              {"$ref": "#/components/parameters/IfNoneMatch"}
            ],
            "responses": {
              "200": {"$ref": "#/components/responses/File"},
              "206": {"$ref": "#/components/responses/Part"},
              "301": {"$ref": "#/components/responses/Redirect"},
              "302": {"$ref": "#/components/responses/Redirect"},
              "304": {"$ref": "#/components/responses/NotModified"},
              "307": {"$ref": "#/components/responses/Redirect"},
              "308": {"$ref": "#/components/responses/Redirect"},
              "400": {"$ref": "#/components/responses/BadRequest"},
              "401": {"$ref": "#/components/responses/Unauthorized"},
              "403": {"$ref": "#/components/responses/Forbidden"},
              "404": {"$ref": "#/components/responses/NotFound"},
              "412": {"$ref": "#/components/responses/PreconditionFailed"},
              "416": {"$ref": "#/components/responses/RangeNotSatisfiable"},
              "429": {"$ref": "#/components/responses/TooManyRequests"},
              "502": {"$ref": "#/components/responses/BadGateway"},
              "503": {"$ref": "#/components/responses/Unavailable"},
              "504": {"$ref": "#/components/responses/GatewayTimeout"}
            }
          }
        },
        "/api/{kind}/{owner}/{repository}/xet-read-token/{revision}": {
          "get": {
            "operationId": "readToken",
            "tags": ["hub"],
            "summary": "A token for the CAS",
            "security": [{"hubToken": []}, {}],
            "parameters": [
              {"$ref": "#/components/parameters/Kind"},
              {"$ref": "#/components/parameters/Owner"},
              {"$ref": "#/components/parameters/Repository"},
              {"$ref": "#/components/parameters/PathRevision"}
            ],
            "responses": {
              "200": {"$ref": "#/components/responses/CASToken"},
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
        "/api/{kind}/{owner}/{repository}/xet-write-token/{revision}": {
          "get": {
            "operationId": "writeToken",
            "tags": ["hub"],
            "summary": "A token for uploads to the CAS; needs --allow-writes",
            "security": [{"hubToken": []}, {}],
            "parameters": [
              {"$ref": "#/components/parameters/Kind"},
              {"$ref": "#/components/parameters/Owner"},
              {"$ref": "#/components/parameters/Repository"},
              {"$ref": "#/components/parameters/PathRevision"}
            ],
            "responses": {
              "200": {"$ref": "#/components/responses/CASToken"},
              "400": {"$ref": "#/components/responses/BadRequest"},
              "401": {"$ref": "#/components/responses/Unauthorized"},
              "403": {"$ref": "#/components/responses/Forbidden"},
              "404": {"$ref": "#/components/responses/NotFound"},
              "405": {"$ref": "#/components/responses/MethodNotAllowed"},
              "429": {"$ref": "#/components/responses/TooManyRequests"},
              "502": {"$ref": "#/components/responses/BadGateway"},
              "503": {"$ref": "#/components/responses/Unavailable"},
              "504": {"$ref": "#/components/responses/GatewayTimeout"},
              "default": {"$ref": "#/components/responses/Passed"}
            }
          }
        },
        "/api/{kind}/{owner}/{repository}": {
          "get": {
            "operationId": "repository",
            "tags": ["hub"],
            "summary": "What the Hub says of a repository",
            "security": [{"hubToken": []}, {}],
            "parameters": [
              {"$ref": "#/components/parameters/Kind"},
              {"$ref": "#/components/parameters/Owner"},
              {"$ref": "#/components/parameters/Repository"}
            ],
            "responses": {
              "200": {"$ref": "#/components/responses/PassedJSON"},
              "400": {"$ref": "#/components/responses/BadRequest"},
              "default": {"$ref": "#/components/responses/Passed"}
            }
          }
        },
        "/api/{kind}/{owner}/{repository}/tree/{revision}": {
          "get": {
            "operationId": "tree",
            "tags": ["hub"],
            "summary": "The files of a repository",
            "security": [{"hubToken": []}, {}],
            "parameters": [
              {"$ref": "#/components/parameters/Kind"},
              {"$ref": "#/components/parameters/Owner"},
              {"$ref": "#/components/parameters/Repository"},
              {"$ref": "#/components/parameters/PathRevision"}
            ],
            "responses": {
              "200": {"$ref": "#/components/responses/PassedJSON"},
              "400": {"$ref": "#/components/responses/BadRequest"},
              "default": {"$ref": "#/components/responses/Passed"}
            }
          }
        },
        "/api/{kind}/{owner}/{repository}/paths-info/{revision}": {
          "post": {
            "operationId": "pathsInfo",
            "tags": ["hub"],
            "summary": "Sizes and hashes of some files",
            "security": [{"hubToken": []}, {}],
            "parameters": [
              {"$ref": "#/components/parameters/Kind"},
              {"$ref": "#/components/parameters/Owner"},
              {"$ref": "#/components/parameters/Repository"},
              {"$ref": "#/components/parameters/PathRevision"}
            ],
            "requestBody": {
              "content": {
                "application/json": {
                  "schema": {
                    "type": "object",
                    "properties": {"paths": {"type": "array", "items": {"type": "string"}}, "expand": {"type": \#
        "boolean"}},
                    "required": ["paths"]
                  }
                }
              }
            },
            "responses": {
              "200": {"$ref": "#/components/responses/PassedJSON"},
              "400": {"$ref": "#/components/responses/BadRequest"},
              "413": {"$ref": "#/components/responses/ContentTooLarge"},
              "default": {"$ref": "#/components/responses/Passed"}
            }
          }
        },
        "/api/{rest}": {
          "get": {
            "operationId": "getHub",
            "tags": ["hub"],
            "summary": "Anything else of the Hub's API, passed on",
            "security": [{"hubToken": []}, {}],
            "parameters": [{"$ref": "#/components/parameters/Rest"}],
            "responses": {"default": {"$ref": "#/components/responses/Passed"}}
          },
          "post": {
            "operationId": "postHub",
            "tags": ["hub"],
            "summary": "Anything else of the Hub's API, passed on; needs --allow-writes",
            "security": [{"hubToken": []}, {}],
            "parameters": [{"$ref": "#/components/parameters/Rest"}],
            "responses": {
              "400": {"$ref": "#/components/responses/BadRequest"},
              "403": {"$ref": "#/components/responses/Forbidden"},
              "405": {"$ref": "#/components/responses/MethodNotAllowed"},
              "default": {"$ref": "#/components/responses/Passed"}
            }
          },
          "put": {
            "operationId": "putHub",
            "tags": ["hub"],
            "summary": "Anything else of the Hub's API, passed on; needs --allow-writes",
            "security": [{"hubToken": []}, {}],
            "parameters": [{"$ref": "#/components/parameters/Rest"}],
            "responses": {
              "400": {"$ref": "#/components/responses/BadRequest"},
              "403": {"$ref": "#/components/responses/Forbidden"},
              "405": {"$ref": "#/components/responses/MethodNotAllowed"},
              "default": {"$ref": "#/components/responses/Passed"}
            }
          },
          "patch": {
            "operationId": "patchHub",
            "tags": ["hub"],
            "summary": "Anything else of the Hub's API, passed on; needs --allow-writes",
            "security": [{"hubToken": []}, {}],
            "parameters": [{"$ref": "#/components/parameters/Rest"}],
            "responses": {
              "400": {"$ref": "#/components/responses/BadRequest"},
              "403": {"$ref": "#/components/responses/Forbidden"},
              "405": {"$ref": "#/components/responses/MethodNotAllowed"},
              "default": {"$ref": "#/components/responses/Passed"}
            }
          },
          "delete": {
            "operationId": "deleteHub",
            "tags": ["hub"],
            "summary": "Anything else of the Hub's API, passed on; needs --allow-writes",
            "security": [{"hubToken": []}, {}],
            "parameters": [{"$ref": "#/components/parameters/Rest"}],
            "responses": {
              "400": {"$ref": "#/components/responses/BadRequest"},
              "403": {"$ref": "#/components/responses/Forbidden"},
              "405": {"$ref": "#/components/responses/MethodNotAllowed"},
              "default": {"$ref": "#/components/responses/Passed"}
            }
          }
        },
        "/addresses/{capability}": {
          "get": {
            "operationId": "address",
            "tags": ["hub"],
            "summary": "Whatever the Hub or the CAS pointed at",
            "description": "The address comes from a Location, a Link, or the answer to an upload. 403 means that \#
        it has expired.",
            "security": [],
            "parameters": [{"$ref": "#/components/parameters/Capability"}],
            "responses": {
              "400": {"$ref": "#/components/responses/BadRequest"},
              "403": {"$ref": "#/components/responses/Forbidden"},
              "default": {"$ref": "#/components/responses/Passed"}
            }
          },
          "head": {
            "operationId": "headAddress",
            "tags": ["hub"],
            "summary": "The head of the same answer, without its body",
            "security": [],
            "parameters": [{"$ref": "#/components/parameters/Capability"}],
            "responses": {
              "400": {"$ref": "#/components/responses/BadRequest"},
              "403": {"$ref": "#/components/responses/Forbidden"},
              "default": {"$ref": "#/components/responses/Passed"}
            }
          }
        }
        """#
}

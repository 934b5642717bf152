extension OpenAPIDocument {
    /// Storage without Git.
    static let bucketPaths = #"""
        "/buckets/{owner}/{repository}/resolve/{path}": {
          "get": {
            "operationId": "resolveBucketFile",
            "tags": ["buckets"],
            "summary": "A file of a bucket, as the Hub names it",
            "description": "A client that speaks XET gets the headers which lead to the CAS and a 302; any other \#
        client gets the bytes.",
            "security": [{"hubToken": []}, {}],
            "parameters": [
              {"$ref": "#/components/parameters/Owner"},
              {"$ref": "#/components/parameters/Repository"},
              {"$ref": "#/components/parameters/Path"},
              {"$ref": "#/components/parameters/Range"},
              {"$ref": "#/components/parameters/IfRange"},
              {"$ref": "#/components/parameters/IfMatch"},
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
            "operationId": "headResolveBucketFile",
            "tags": ["buckets"],
            "summary": "The head of the same answer, without its body",
            "security": [{"hubToken": []}, {}],
            "parameters": [
              {"$ref": "#/components/parameters/Owner"},
              {"$ref": "#/components/parameters/Repository"},
              {"$ref": "#/components/parameters/Path"},
              {"$ref": "#/components/parameters/Range"},
              {"$ref": "#/components/parameters/IfRange"},
              {"$ref": "#/components/parameters/IfMatch"},
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
        "/download/buckets/{owner}/{repository}/{path}": {
          "get": {
            "operationId": "downloadBucketFile",
            "tags": ["buckets"],
            "summary": "A file of a bucket, rebuilt and verified",
            "description": "A whole file is checked against its hash before its last byte is sent; a failure after \#
        the head closes the connection. Slashes in the path need no encoding.",
            "security": [{"hubToken": []}, {}],
            "parameters": [
              {"$ref": "#/components/parameters/Owner"},
              {"$ref": "#/components/parameters/Repository"},
              {"$ref": "#/components/parameters/Path"},
              {"$ref": "#/components/parameters/Range"},
              {"$ref": "#/components/parameters/IfRange"},
              {"$ref": "#/components/parameters/IfMatch"},
              {"$ref": "#/components/parameters/IfNoneMatch"}
            ],
            "responses": {
              "200": {"$ref": "#/components/responses/File"},
              "206": {"$ref": "#/components/responses/Part"},
              "304": {"$ref": "#/components/responses/NotModified"},
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
            "operationId": "headDownloadBucketFile",
            "tags": ["buckets"],
            "summary": "The head of the same answer, without its body",
            "security": [{"hubToken": []}, {}],
            "parameters": [
              {"$ref": "#/components/parameters/Owner"},
              {"$ref": "#/components/parameters/Repository"},
              {"$ref": "#/components/parameters/Path"},
              {"$ref": "#/components/parameters/Range"},
              {"$ref": "#/components/parameters/IfRange"},
              {"$ref": "#/components/parameters/IfMatch"},
              {"$ref": "#/components/parameters/IfNoneMatch"}
            ],
            "responses": {
              "200": {"$ref": "#/components/responses/File"},
              "206": {"$ref": "#/components/responses/Part"},
              "304": {"$ref": "#/components/responses/NotModified"},
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
        "/api/buckets/{owner}": {
          "get": {
            "operationId": "buckets",
            "tags": ["buckets"],
            "summary": "The buckets of an owner",
            "security": [{"hubToken": []}, {}],
            "parameters": [
              {"$ref": "#/components/parameters/Owner"}
            ],
            "responses": {
              "200": {"$ref": "#/components/responses/PassedJSON"},
              "400": {"$ref": "#/components/responses/BadRequest"},
              "default": {"$ref": "#/components/responses/Passed"}
            }
          }
        },
        "/api/buckets/{owner}/{repository}": {
          "get": {
            "operationId": "bucket",
            "tags": ["buckets"],
            "summary": "What the Hub says of a bucket",
            "security": [{"hubToken": []}, {}],
            "parameters": [
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
        "/api/buckets/{owner}/{repository}/tree": {
          "get": {
            "operationId": "bucketTree",
            "tags": ["buckets"],
            "summary": "The files of a bucket",
            "security": [{"hubToken": []}, {}],
            "parameters": [
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
        "/api/buckets/{owner}/{repository}/paths-info": {
          "post": {
            "operationId": "bucketPathsInfo",
            "tags": ["buckets"],
            "summary": "Sizes and hashes of some files",
            "security": [{"hubToken": []}, {}],
            "parameters": [
              {"$ref": "#/components/parameters/Owner"},
              {"$ref": "#/components/parameters/Repository"}
            ],
            "requestBody": {
              "content": {
                "application/json": {
                  "schema": {"type": "object", "properties": {"paths": {"type": "array", "items": {"type": "string"}}}}
                }
              }
            },
            "responses": {
              "200": {"$ref": "#/components/responses/PassedJSON"},
              "400": {"$ref": "#/components/responses/BadRequest"},
              "default": {"$ref": "#/components/responses/Passed"}
            }
          }
        },
        "/api/buckets/{owner}/{repository}/xet-read-token": {
          "get": {
            "operationId": "bucketReadToken",
            "tags": ["buckets"],
            "summary": "A token for the CAS",
            "security": [{"hubToken": []}, {}],
            "parameters": [
              {"$ref": "#/components/parameters/Owner"},
              {"$ref": "#/components/parameters/Repository"}
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
        "/api/buckets/{owner}/{repository}/xet-write-token": {
          "get": {
            "operationId": "bucketWriteToken",
            "tags": ["buckets"],
            "summary": "A token for uploads to the CAS; needs --allow-writes",
            "security": [{"hubToken": []}, {}],
            "parameters": [
              {"$ref": "#/components/parameters/Owner"},
              {"$ref": "#/components/parameters/Repository"}
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
        "/api/buckets/{owner}/{repository}/batch": {
          "post": {
            "operationId": "bucketBatch",
            "tags": ["buckets"],
            "summary": "Adds, copies and deletes files, a line of JSON each; needs --allow-writes",
            "security": [{"hubToken": []}, {}],
            "parameters": [
              {"$ref": "#/components/parameters/Owner"},
              {"$ref": "#/components/parameters/Repository"}
            ],
            "responses": {
              "400": {"$ref": "#/components/responses/BadRequest"},
              "403": {"$ref": "#/components/responses/Forbidden"},
              "405": {"$ref": "#/components/responses/MethodNotAllowed"},
              "default": {"$ref": "#/components/responses/Passed"}
            }
          }
        }
        """#
}

extension OpenAPIDocument {
    /// Files for any HTTP client.
    static let filePaths = #"""
        "/download/{owner}/{repository}/{path}": {
          "get": {
            "operationId": "downloadModelFile",
            "tags": ["files"],
            "summary": "A file of a model, rebuilt and verified",
            "description": "A whole file is checked against its hash before its last byte is sent; a failure after \#
        the head closes the connection. Slashes in the path need no encoding.",
            "security": [{"hubToken": []}, {}],
            "parameters": [
              {"$ref": "#/components/parameters/Owner"},
              {"$ref": "#/components/parameters/Repository"},
              {"$ref": "#/components/parameters/Path"},
              {"$ref": "#/components/parameters/Revision"},
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
            "operationId": "headDownloadModelFile",
            "tags": ["files"],
            "summary": "The head of the same answer, without its body",
            "security": [{"hubToken": []}, {}],
            "parameters": [
              {"$ref": "#/components/parameters/Owner"},
              {"$ref": "#/components/parameters/Repository"},
              {"$ref": "#/components/parameters/Path"},
              {"$ref": "#/components/parameters/Revision"},
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
        "/download/datasets/{owner}/{repository}/{path}": {
          "get": {
            "operationId": "downloadDatasetFile",
            "tags": ["files"],
            "summary": "A file of a dataset, rebuilt and verified",
            "description": "A whole file is checked against its hash before its last byte is sent; a failure after \#
        the head closes the connection. Slashes in the path need no encoding.",
            "security": [{"hubToken": []}, {}],
            "parameters": [
              {"$ref": "#/components/parameters/Owner"},
              {"$ref": "#/components/parameters/Repository"},
              {"$ref": "#/components/parameters/Path"},
              {"$ref": "#/components/parameters/Revision"},
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
            "operationId": "headDownloadDatasetFile",
            "tags": ["files"],
            "summary": "The head of the same answer, without its body",
            "security": [{"hubToken": []}, {}],
            "parameters": [
              {"$ref": "#/components/parameters/Owner"},
              {"$ref": "#/components/parameters/Repository"},
              {"$ref": "#/components/parameters/Path"},
              {"$ref": "#/components/parameters/Revision"},
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
        "/download/spaces/{owner}/{repository}/{path}": {
          "get": {
            "operationId": "downloadSpaceFile",
            "tags": ["files"],
            "summary": "A file of a space, rebuilt and verified",
            "description": "A whole file is checked against its hash before its last byte is sent; a failure after \#
        the head closes the connection. Slashes in the path need no encoding.",
            "security": [{"hubToken": []}, {}],
            "parameters": [
              {"$ref": "#/components/parameters/Owner"},
              {"$ref": "#/components/parameters/Repository"},
              {"$ref": "#/components/parameters/Path"},
              {"$ref": "#/components/parameters/Revision"},
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
            "operationId": "headDownloadSpaceFile",
            "tags": ["files"],
            "summary": "The head of the same answer, without its body",
            "security": [{"hubToken": []}, {}],
            "parameters": [
              {"$ref": "#/components/parameters/Owner"},
              {"$ref": "#/components/parameters/Repository"},
              {"$ref": "#/components/parameters/Path"},
              {"$ref": "#/components/parameters/Revision"},
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
        "/download-hash/{fileHash}": {
          "get": {
            "operationId": "downloadHash",
            "tags": ["files"],
            "summary": "A file by its XET hash, with the rights of a repository",
            "description": "Without 'repo' the repository of --token-repo is used.",
            "security": [{"hubToken": []}, {}],
            "parameters": [
              {"$ref": "#/components/parameters/FileHash"},
              {"$ref": "#/components/parameters/RepositoryName"},
              {"$ref": "#/components/parameters/RepositoryType"},
              {"$ref": "#/components/parameters/Revision"},
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
            "operationId": "headDownloadHash",
            "tags": ["files"],
            "summary": "The head of the same answer, without its body",
            "security": [{"hubToken": []}, {}],
            "parameters": [
              {"$ref": "#/components/parameters/FileHash"},
              {"$ref": "#/components/parameters/RepositoryName"},
              {"$ref": "#/components/parameters/RepositoryType"},
              {"$ref": "#/components/parameters/Revision"},
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
        }
        """#
}

extension OpenAPIDocument {
    /// Files of kernels.
    static let kernelPaths = #"""
        "/kernels/{owner}/{repository}/resolve/{revision}/{path}": {
          "get": {
            "operationId": "resolveKernelFile",
            "tags": ["kernels"],
            "summary": "A file of a kernel, as the Hub names it",
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
            "operationId": "headResolveKernelFile",
            "tags": ["kernels"],
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
        "/download/kernels/{owner}/{repository}/{path}": {
          "get": {
            "operationId": "downloadKernelFile",
            "tags": ["kernels"],
            "summary": "A file of a kernel, rebuilt and verified",
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
            "operationId": "headDownloadKernelFile",
            "tags": ["kernels"],
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

extension OpenAPIDocument {
    /// Git and Git LFS.
    static let gitPaths = #"""
        "/{owner}/{repository}/info/refs": {
          "get": {
            "operationId": "gitReferences",
            "tags": ["git"],
            "summary": "The commits that Git may ask for, with .git behind the name or without",
            "security": [{"hubToken": []}, {}],
            "parameters": [
              {"$ref": "#/components/parameters/Owner"},
              {"$ref": "#/components/parameters/Repository"},
              {"$ref": "#/components/parameters/GitService"}
            ],
            "responses": {
              "400": {"$ref": "#/components/responses/BadRequest"},
              "403": {"$ref": "#/components/responses/Forbidden"},
              "404": {"$ref": "#/components/responses/NotFound"},
              "405": {"$ref": "#/components/responses/MethodNotAllowed"},
              "default": {"$ref": "#/components/responses/Passed"}
            }
          }
        },
        "/{owner}/{repository}/git-upload-pack": {
          "post": {
            "operationId": "gitUploadPack",
            "tags": ["git"],
            "summary": "What a clone or a fetch needs, as Git asks for it",
            "security": [{"hubToken": []}, {}],
            "parameters": [
              {"$ref": "#/components/parameters/Owner"},
              {"$ref": "#/components/parameters/Repository"}
            ],
            "responses": {
              "400": {"$ref": "#/components/responses/BadRequest"},
              "403": {"$ref": "#/components/responses/Forbidden"},
              "404": {"$ref": "#/components/responses/NotFound"},
              "default": {"$ref": "#/components/responses/Passed"}
            }
          }
        },
        "/{owner}/{repository}/git-receive-pack": {
          "post": {
            "operationId": "gitReceivePack",
            "tags": ["git"],
            "summary": "A push; needs --allow-writes",
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
        },
        "/{owner}/{repository}.git/info/lfs/objects/batch": {
          "post": {
            "operationId": "lfsBatch",
            "tags": ["git"],
            "summary": "Where objects of Git LFS are; an upload needs --allow-writes",
            "security": [{"hubToken": []}, {}],
            "parameters": [
              {"$ref": "#/components/parameters/Owner"},
              {"$ref": "#/components/parameters/Repository"}
            ],
            "requestBody": {
              "content": {
                "application/vnd.git-lfs+json": {
                  "schema": {
                    "type": "object",
                    "properties": {"operation": {"type": "string", "enum": ["download", "upload"]}}
                  }
                }
              }
            },
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

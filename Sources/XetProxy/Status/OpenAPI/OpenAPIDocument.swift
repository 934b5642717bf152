import XetCore

/// The description of all routes, served as `/openapi.json`.
///
/// Source of the form: OpenAPI Specification 3.1.
enum OpenAPIDocument {
    static let text = #"""
        {
          "openapi": "3.1.0",
          "info": {
            "title": "xet proxy",
            "version": "\#(XetVersion.current)",
            "license": {"name": "MIT", "identifier": "MIT"},
            "description": "Files that a Hub stores in XET over plain HTTP, and the paths of the Hub and of its \#
        CAS for clients that take the proxy for them. An error has a JSON body and keeps the Hub's status, \#
        X-Error-Code and X-Error-Message. A path that is none of these is 404; a method that a path does not have \#
        is 405. Every answer carries X-Request-Id."
          },
          "servers": [{"url": "."}],
          "tags": [
            {"name": "proxy", "description": "The proxy itself"},
            {"name": "files", "description": "Files for any HTTP client"},
            {"name": "hub", "description": "What a Hub serves"},
            {"name": "kernels", "description": "Files of kernels"},
            {"name": "buckets", "description": "Storage without Git"},
            {"name": "git", "description": "Git and Git LFS"},
            {"name": "cas", "description": "What a CAS serves"}
          ],
          "paths": {
        \#(proxyPaths),
        \#(filePaths),
        \#(hubPaths),
        \#(kernelPaths),
        \#(bucketPaths),
        \#(gitPaths),
        \#(casPaths)
          },
          "components": {
            "securitySchemes": {
              "hubToken": {
                "type": "http",
                "scheme": "bearer",
                "description": "The caller's Hub token. Needed unless the proxy runs with --allow-anonymous."
              },
              "casToken": {
                "type": "http",
                "scheme": "bearer",
                "description": "A token of this proxy, from xet-read-token or xet-write-token."
              },
              "operator": {
                "type": "http",
                "scheme": "basic",
                "description": "The token that --operator-token-file holds, as the password; as a bearer token too."
              }
            },
            "parameters": {
        \#(parameters)
            },
            "headers": {
        \#(headers)
            },
            "schemas": {
        \#(schemas)
            },
            "responses": {
        \#(responses)
            }
          }
        }
        """#
}

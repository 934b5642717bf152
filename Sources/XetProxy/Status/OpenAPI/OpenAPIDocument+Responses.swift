extension OpenAPIDocument {
    /// The answers that several paths have.
    static let responses = #"""
        "File": {
          "description": "The file",
          "headers": {
            "ETag": {"$ref": "#/components/headers/ETag"},
            "Accept-Ranges": {"$ref": "#/components/headers/AcceptRanges"},
            "Content-Disposition": {"$ref": "#/components/headers/ContentDisposition"},
            "Last-Modified": {"$ref": "#/components/headers/LastModified"},
            "X-Repo-Commit": {"$ref": "#/components/headers/RepoCommit"},
            "X-Xet-Hash": {"$ref": "#/components/headers/XetHash"},
            "X-Xet-Verified": {"$ref": "#/components/headers/Verified"},
            "X-Cache": {"$ref": "#/components/headers/Cache"},
            "Age": {"$ref": "#/components/headers/Age"},
            "Link": {"$ref": "#/components/headers/Link"}
          },
          "content": {"*/*": {"schema": {"$ref": "#/components/schemas/Anything"}}}
        },
        "Part": {
          "description": "The range",
          "headers": {
            "ETag": {"$ref": "#/components/headers/ETag"},
            "Accept-Ranges": {"$ref": "#/components/headers/AcceptRanges"},
            "Content-Disposition": {"$ref": "#/components/headers/ContentDisposition"},
            "Last-Modified": {"$ref": "#/components/headers/LastModified"},
            "X-Repo-Commit": {"$ref": "#/components/headers/RepoCommit"},
            "X-Xet-Hash": {"$ref": "#/components/headers/XetHash"},
            "X-Xet-Verified": {"$ref": "#/components/headers/Verified"},
            "X-Cache": {"$ref": "#/components/headers/Cache"},
            "Age": {"$ref": "#/components/headers/Age"},
            "Link": {"$ref": "#/components/headers/Link"},
            "Content-Range": {"$ref": "#/components/headers/ContentRange"}
          },
          "content": {"*/*": {"schema": {"$ref": "#/components/schemas/Anything"}}}
        },
        "Bytes": {
          "description": "The bytes",
          "headers": {"Content-Range": {"$ref": "#/components/headers/ContentRange"}},
          "content": {"*/*": {"schema": {"$ref": "#/components/schemas/Anything"}}}
        },
        "NotModified": {
          "description": "The client has it already",
          "headers": {"ETag": {"$ref": "#/components/headers/ETag"}}
        },
        "Redirect": {
          "description": "Elsewhere",
          "headers": {
            "Location": {"$ref": "#/components/headers/Location"},
            "Link": {"$ref": "#/components/headers/Link"},
            "X-Xet-Hash": {"$ref": "#/components/headers/XetHash"}
          }
        },
        "CASToken": {
          "description": "The token, in the body and in headers",
          "headers": {
            "X-Xet-Cas-Url": {"$ref": "#/components/headers/CASURL"},
            "X-Xet-Access-Token": {"$ref": "#/components/headers/AccessToken"},
            "X-Xet-Token-Expiration": {"$ref": "#/components/headers/TokenExpiration"}
          },
          "content": {"application/json": {"schema": {"$ref": "#/components/schemas/CASToken"}}}
        },
        "Passed": {
          "description": "What the Hub or the CAS answered; addresses in it are those of the proxy",
          "content": {"*/*": {"schema": {"$ref": "#/components/schemas/Anything"}}}
        },
        "PassedJSON": {
          "description": "What the Hub or the CAS answered; addresses in it are those of the proxy",
          "headers": {"Link": {"$ref": "#/components/headers/Link"}},
          "content": {"application/json": {"schema": {}}}
        },
        "BadRequest": {
          "description": "The request makes no sense; the body says why",
          "headers": {
            "X-Error-Code": {"$ref": "#/components/headers/ErrorCode"},
            "X-Error-Message": {"$ref": "#/components/headers/ErrorMessage"}
          },
          "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
        },
        "Unauthorized": {
          "description": "No token, or one that is not accepted",
          "headers": {
            "X-Error-Code": {"$ref": "#/components/headers/ErrorCode"},
            "X-Error-Message": {"$ref": "#/components/headers/ErrorMessage"},
            "WWW-Authenticate": {"$ref": "#/components/headers/Authenticate"}
          },
          "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
        },
        "Forbidden": {
          "description": "Not with this token, not from this proxy, or no longer at this address",
          "headers": {
            "X-Error-Code": {"$ref": "#/components/headers/ErrorCode"},
            "X-Error-Message": {"$ref": "#/components/headers/ErrorMessage"}
          },
          "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
        },
        "NotFound": {
          "description": "No such repository, revision or file",
          "headers": {
            "X-Error-Code": {"$ref": "#/components/headers/ErrorCode"},
            "X-Error-Message": {"$ref": "#/components/headers/ErrorMessage"},
            "X-Repo-Commit": {"$ref": "#/components/headers/RepoCommit"}
          },
          "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
        },
        "NoPage": {
          "description": "The proxy runs with --no-ui, or without what this needs",
          "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
        },
        "Challenge": {
          "description": "The credential is missing, or another",
          "headers": {"WWW-Authenticate": {"schema": {"type": "string"}}},
          "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
        },
        "MethodNotAllowed": {
          "description": "The proxy only reads, or the path has no such method",
          "headers": {
            "Allow": {"$ref": "#/components/headers/Allow"},
            "X-Error-Code": {"$ref": "#/components/headers/ErrorCode"},
            "X-Error-Message": {"$ref": "#/components/headers/ErrorMessage"}
          },
          "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
        },
        "PreconditionFailed": {
          "description": "The file is another version than If-Match or If-Unmodified-Since asks for",
          "headers": {"ETag": {"$ref": "#/components/headers/ETag"}}
        },
        "ContentTooLarge": {
          "description": "The body is larger than the path takes",
          "headers": {
            "X-Error-Code": {"$ref": "#/components/headers/ErrorCode"},
            "X-Error-Message": {"$ref": "#/components/headers/ErrorMessage"}
          },
          "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
        },
        "RangeNotSatisfiable": {
          "description": "The range begins after the end",
          "headers": {"Content-Range": {"$ref": "#/components/headers/ContentRange"}}
        },
        "TooManyRequests": {
          "description": "Too many downloads of this caller, or the Hub says so",
          "headers": {
            "X-Error-Code": {"$ref": "#/components/headers/ErrorCode"},
            "X-Error-Message": {"$ref": "#/components/headers/ErrorMessage"},
            "Retry-After": {"$ref": "#/components/headers/RetryAfter"}
          },
          "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
        },
        "BadGateway": {
          "description": "Hub, CAS or CDN failed, or sent what cannot be right",
          "headers": {
            "X-Error-Code": {"$ref": "#/components/headers/ErrorCode"},
            "X-Error-Message": {"$ref": "#/components/headers/ErrorMessage"}
          },
          "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
        },
        "Unavailable": {
          "description": "Too much runs already",
          "headers": {"Retry-After": {"$ref": "#/components/headers/RetryAfter"}},
          "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
        },
        "GatewayTimeout": {
          "description": "Hub, CAS or CDN did not answer in time",
          "headers": {
            "X-Error-Code": {"$ref": "#/components/headers/ErrorCode"},
            "X-Error-Message": {"$ref": "#/components/headers/ErrorMessage"}
          },
          "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
        }
        """#
}

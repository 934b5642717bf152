extension OpenAPIDocument {
    /// The headers of answers.
    static let headers = #"""
        "ETag": {"description": "Changes with the content", "schema": {"type": "string"}},
        "AcceptRanges": {"description": "bytes, if ranges are answered", "schema": {"const": "bytes"}},
        "ContentRange": {"description": "Which part this is, and the size of the whole", "schema": {"type": \#
        "string"}},
        "ContentDisposition": {"description": "The file's name", "schema": {"type": "string"}},
        "LastModified": {"description": "As the Hub gives it", "schema": {"type": "string"}},
        "Verified": {
          "description": "What the bytes are compared with before the last of them leaves; absent if with nothing",
          "schema": {"enum": ["file", "chunks"]}
        },
        "Cache": {
          "description": "Whether the first bytes were kept; absent without a cache",
          "schema": {"enum": ["HIT", "MISS"]}
        },
        "Age": {
          "description": "Seconds since the Hub said so, if that is remembered",
          "schema": {"type": "string", "pattern": "^[0-9]+$"}
        },
        "RepoCommit": {"description": "The commit that the revision stands for", "schema": {"type": "string"}},
        "XetHash": {
          "description": "The file's XET hash, if it has one",
          "schema": {"type": "string", "pattern": "^[0-9a-fA-F]{64}$"}
        },
        "Location": {
          "description": "An address of the proxy, unless it leads to a host of the Hub's website",
          "schema": {"type": "string"}
        },
        "Link": {
          "description": "Addresses of the proxy: the token route and the reconstruction",
          "schema": {"type": "string"}
        },
        "RetryAfter": {"description": "Seconds", "schema": {"type": "string", "pattern": "^[0-9]+$"}},
        "ErrorCode": {"description": "The Hub's code, such as RepoNotFound", "schema": {"type": "string"}},
        "ErrorMessage": {"description": "A sentence for people", "schema": {"type": "string"}},
        "Authenticate": {"description": "Bearer", "schema": {"type": "string", "pattern": "^Bearer"}},
        "Allow": {"description": "The methods that the path has", "schema": {"type": "string"}},
        "CASURL": {"description": "The proxy", "schema": {"type": "string"}},
        "AccessToken": {"description": "The token", "schema": {"type": "string"}},
        "TokenExpiration": {"description": "Unix seconds", "schema": {"type": "string", "pattern": "^[0-9]+$"}}
        """#
}

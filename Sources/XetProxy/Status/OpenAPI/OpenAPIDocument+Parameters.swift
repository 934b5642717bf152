extension OpenAPIDocument {
    /// The parameters that several paths have.
    static let parameters = #"""
        "Owner": {
          "name": "owner",
          "in": "path",
          "description": "Owner of the repository",
          "required": true,
          "schema": {"type": "string", "pattern": "^[0-9A-Za-z_.-]{1,96}$"}
        },
        "Repository": {
          "name": "repository",
          "in": "path",
          "description": "Its name",
          "required": true,
          "schema": {"type": "string", "pattern": "^[0-9A-Za-z_.-]{1,96}$"}
        },
        "Path": {
          "name": "path",
          "in": "path",
          "description": "Path of the file",
          "required": true,
          "schema": {"type": "string", "minLength": 1}
        },
        "Rest": {
          "name": "rest",
          "in": "path",
          "description": "The rest of the path",
          "required": true,
          "schema": {"type": "string", "minLength": 1}
        },
        "Kind": {
          "name": "kind",
          "in": "path",
          "description": "What kind of repository it is",
          "required": true,
          "schema": {"type": "string", "enum": ["models", "datasets", "spaces", "kernels"]}
        },
        "GitService": {
          "name": "service",
          "in": "query",
          "description": "Which side of Git's protocol; the latter needs --allow-writes",
          "required": true,
          "schema": {"type": "string", "enum": ["git-upload-pack", "git-receive-pack"]}
        },
        "Revision": {
          "name": "revision",
          "in": "query",
          "description": "Branch, tag or commit",
          "schema": {"type": "string", "minLength": 1, "default": "main"}
        },
        "PathRevision": {
          "name": "revision",
          "in": "path",
          "description": "Branch, tag or commit, as one segment",
          "required": true,
          "schema": {"type": "string", "minLength": 1}
        },
        "RepositoryName": {
          "name": "repo",
          "in": "query",
          "description": "Repository whose rights are used: owner/name",
          "schema": {"type": "string"}
        },
        "RepositoryType": {
          "name": "repo_type",
          "in": "query",
          "description": "What kind of repository it is",
          "schema": {"type": "string", "enum": ["model", "dataset", "space", "kernel", "bucket"], "default": "model"}
        },
        "FileHash": {
          "name": "fileHash",
          "in": "path",
          "description": "XET hash of the file",
          "required": true,
          "schema": {"type": "string", "pattern": "^[0-9a-fA-F]{64}$"}
        },
        "ChunkHash": {
          "name": "chunkHash",
          "in": "path",
          "description": "Hash of the chunk",
          "required": true,
          "schema": {"type": "string", "pattern": "^[0-9a-fA-F]{64}$"}
        },
        "XorbHash": {
          "name": "xorbHash",
          "in": "path",
          "description": "Hash of the xorb",
          "required": true,
          "schema": {"type": "string", "pattern": "^[0-9a-fA-F]{64}$"}
        },
        "Prefix": {
          "name": "prefix",
          "in": "path",
          "description": "Namespace",
          "required": true,
          "schema": {"type": "string", "enum": ["default", "default-merkledb"]}
        },
        "Capability": {
          "name": "capability",
          "in": "path",
          "description": "What the proxy signed",
          "required": true,
          "schema": {"type": "string", "minLength": 1}
        },
        "FileIDs": {
          "name": "file_id",
          "in": "query",
          "description": "XET hashes",
          "required": true,
          "schema": {"type": "array", "items": {"type": "string", "pattern": "^[0-9a-fA-F]{64}$"}, "minItems": 1}
        },
        "Range": {
          "name": "Range",
          "in": "header",
          "description": "One range: bytes=0-99; others are ignored, as HTTP has it",
          "schema": {"type": "string"}
        },
        "IfRange": {
          "name": "If-Range",
          "in": "header",
          "description": "The range holds only for this ETag or Last-Modified",
          "schema": {"type": "string"}
        },
        "IfMatch": {
          "name": "If-Match",
          "in": "header",
          "description": "412 if the file has none of these ETags",
          "schema": {"type": "string"}
        },
        "IfNoneMatch": {
          "name": "If-None-Match",
          "in": "header",
          "description": "304 if it has one of these ETags",
          "schema": {"type": "string"}
        },
        "IfModifiedSince": {
          "name": "If-Modified-Since",
          "in": "header",
          "description": "304 if it has not changed since; If-None-Match counts before it",
          "schema": {"type": "string"}
        },
        "IfUnmodifiedSince": {
          "name": "If-Unmodified-Since",
          "in": "header",
          "description": "412 if it has changed since; If-Match counts before it",
          "schema": {"type": "string"}
        }
        """#
}

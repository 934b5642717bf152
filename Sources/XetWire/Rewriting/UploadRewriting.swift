import HTTPTypes

/// Replaces the addresses in answers that tell a client where to upload; the rest stays byte for byte.
package enum UploadRewriting {
    /// An address, and how it is to be used.
    package struct Target: Hashable, Sendable {
        package let url: String
        package let method: String
        /// Headers that have to be sent along, in the order of the answer.
        package let headers: [Header]
    }

    /// A header.
    package struct Header: Hashable, Sendable {
        package let name: String
        package let value: String

        package init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    /// The answer of `/v1/xorb-grants/...`: `{"id", "method", "url", "headers": {}}`.
    ///
    /// Throws ``JSONReader/Failure`` if it is none, and what `replacement` throws.
    package static func rewriteGrant(_ json: [UInt8], replacement: (Target) throws -> String) throws -> [UInt8] {
        var edits = JSONEdits()
        var reader = JSONReader(json)
        var url: JSONReader.Text?
        var method = "PUT"
        var fields: [Header] = []
        try reader.members { name, reader in
            switch name {
            case "url":
                guard url == nil else { throw JSONReader.Failure(offset: 0) }
                url = try reader.string()
            case "method": method = try reader.string().value
            case "headers": fields = try headers(&reader)
            default: break
            }
        }
        try reader.end()
        guard let url else { throw JSONReader.Failure(offset: 0) }
        edits.replace(url, with: try replacement(Target(url: url.value, method: method, headers: fields)))
        return edits.applied(to: json)
    }

    /// The answer of `.../info/lfs/objects/batch`: each object has actions with an `href` and a `header`, which for a
    /// multipart upload holds the address of each part under its number, and for one to XET a CAS token.
    ///
    /// Throws ``JSONReader/Failure`` if it is none, and what `token` and `replacement` throw.
    package static func rewriteLFSBatch(
        _ json: [UInt8],
        token: (TokenBody) throws -> TokenBody,
        replacement: (Target) throws -> String
    ) throws -> [UInt8] {
        var edits = JSONEdits()
        var reader = JSONReader(json)
        try reader.members { name, reader in
            guard name == "objects", reader.isAtArray() else { return }
            try reader.elements { reader in
                try reader.members { name, reader in
                    guard name == "actions", reader.isAtObject() else { return }
                    try reader.members { action, reader in
                        guard reader.isAtObject() else { return }
                        try rewrite(action: action, &reader, &edits, token, replacement)
                    }
                }
            }
        }
        try reader.end()
        return edits.applied(to: json)
    }

    private static func rewrite(
        action: String,
        _ reader: inout JSONReader,
        _ edits: inout JSONEdits,
        _ token: (TokenBody) throws -> TokenBody,
        _ replacement: (Target) throws -> String
    ) throws {
        var address: JSONReader.Text?
        var parts: [JSONReader.Text] = []
        var fields: [(name: String, text: JSONReader.Text)] = []
        try reader.members { name, reader in
            switch name {
            case "href":
                guard address == nil else { throw JSONReader.Failure(offset: 0) }
                address = try reader.string()
            case "header" where reader.isAtObject():
                try reader.members { name, reader in
                    guard let text = try reader.stringIfPresent() else { return }
                    if name.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) {
                        parts.append(text)
                    } else {
                        fields.append((name, text))
                    }
                }
            default: break
            }
        }
        for part in parts {
            edits.replace(part, with: try replacement(Target(url: part.value, method: "PUT", headers: [])))
        }
        try rewriteToken(fields, &edits, token)
        guard let address else { return }
        let method =
            switch action {
            case "download": "GET"
            // With parts, what remains is to say that all of them are there.
            case "upload": parts.isEmpty ? "PUT" : "POST"
            default: "POST"
            }
        // A multipart upload's header says how to cut the file; it is not sent.
        let headers = parts.isEmpty ? fields.map { Header(name: $0.name, value: $0.text.value) } : []
        let target = Target(url: address.value, method: method, headers: headers)
        edits.replace(address, with: try replacement(target))
    }

    /// A CAS token in a header has the names that it has in the answer of the token route.
    private static func rewriteToken(
        _ fields: [(name: String, text: JSONReader.Text)],
        _ edits: inout JSONEdits,
        _ token: (TokenBody) throws -> TokenBody
    ) throws {
        func text(_ name: HTTPField.Name) throws -> JSONReader.Text? {
            let texts = fields.filter { $0.name.lowercased() == name.canonicalName }.map(\.text)
            guard texts.count <= 1 else { throw JSONReader.Failure(offset: texts[1].place.lowerBound) }
            return texts.first
        }
        let (address, secret) = (try text(.xetCASURL), try text(.xetAccessToken))
        guard let place = (address ?? secret)?.place else { return }
        guard let address, let secret, let expiration = try text(.xetTokenExpiration).flatMap({ UInt64($0.value) })
        else { throw JSONReader.Failure(offset: place.lowerBound) }
        let body = TokenBody(casURL: address.value, accessToken: secret.value, expiration: expiration)
        let replacement = try token(body)
        edits.replace(address, with: replacement.casURL)
        edits.replace(secret, with: replacement.accessToken)
    }

    private static func headers(_ reader: inout JSONReader) throws -> [Header] {
        var headers: [Header] = []
        try reader.members { name, reader in
            headers.append(Header(name: name, value: try reader.string().value))
        }
        return headers
    }
}

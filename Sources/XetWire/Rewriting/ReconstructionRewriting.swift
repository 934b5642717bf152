package import XetCore

/// Replaces the URLs in reconstructions of version 1 and 2 and in answers to batches; the rest stays byte for byte.
package enum ReconstructionRewriting {
    /// A URL and the byte ranges of a xorb that it is good for.
    package struct Fetch: Hashable, Sendable {
        package let xorb: XorbHash
        package let url: String
        package let parts: [Part]
    }

    /// A byte range of a xorb, and the chunks that are in it, if the answer says so.
    package struct Part: Hashable, Sendable {
        package let bytes: HTTPByteRange
        package let chunks: ChunkRange?

        package init(bytes: HTTPByteRange, chunks: ChunkRange? = nil) {
            self.bytes = bytes
            self.chunks = chunks
        }
    }

    /// Most ranges that one URL may be good for.
    package static let maximumRangeCount = 4096

    /// The JSON with the URLs that `replacement` gives.
    ///
    /// Throws ``JSONReader/Failure`` if it is no reconstruction, and what `replacement` throws.
    package static func rewrite(_ json: [UInt8], replacement: (Fetch) throws -> String) throws -> [UInt8] {
        var edits = JSONEdits()
        var reader = JSONReader(json)
        try reader.members { name, reader in
            guard name == "fetch_info" || name == "xorbs", reader.isAtObject() else { return }
            try reader.members { key, reader in
                let xorb = XorbHash(key)
                try reader.elements { reader in
                    guard let xorb else { throw JSONReader.Failure(offset: 0) }
                    let (text, parts) = try fetch(&reader)
                    edits.replace(text, with: try replacement(Fetch(xorb: xorb, url: text.value, parts: parts)))
                }
            }
        }
        try reader.end()
        return edits.applied(to: json)
    }

    private static func fetch(_ reader: inout JSONReader) throws -> (JSONReader.Text, [Part]) {
        var url: JSONReader.Text?
        var parts: [Part] = []
        var bytes: [HTTPByteRange] = []
        var chunks: ChunkRange?
        try reader.members { name, reader in
            switch name {
            case "url":
                // Another one would be handed on as it is.
                guard url == nil else { throw JSONReader.Failure(offset: 0) }
                url = try reader.string()
            case "url_range":
                bytes.append(try range(&reader))
            case "range":
                chunks = try chunkRange(&reader)
            case "ranges":
                try reader.elements { reader in
                    var (bytes, chunks): ([HTTPByteRange], ChunkRange?) = ([], nil)
                    try reader.members { name, reader in
                        if name == "bytes" { bytes.append(try range(&reader)) }
                        if name == "chunks" { chunks = try chunkRange(&reader) }
                    }
                    parts += bytes.map { Part(bytes: $0, chunks: bytes.count == 1 ? chunks : nil) }
                }
            default:
                break
            }
        }
        parts += bytes.map { Part(bytes: $0, chunks: bytes.count == 1 ? chunks : nil) }
        guard let url, !parts.isEmpty, parts.count <= maximumRangeCount else { throw JSONReader.Failure(offset: 0) }
        return (url, parts)
    }

    /// A range of chunks, or `nil` for anything else: whoever only hands it on need not understand it.
    private static func chunkRange(_ reader: inout JSONReader) throws -> ChunkRange? {
        guard reader.isAtObject() else { return nil }
        var (start, end): (UInt64?, UInt64?)
        try reader.members { name, reader in
            switch name {
            case "start": start = try reader.number()
            case "end": end = try reader.number()
            default: break
            }
        }
        guard let start = start.flatMap({ Int(exactly: $0) }), let end = end.flatMap({ Int(exactly: $0) }) else {
            return nil
        }
        return ChunkRange(start: start, end: end)
    }

    private static func range(_ reader: inout JSONReader) throws -> HTTPByteRange {
        var first: UInt64?
        var last: UInt64?
        try reader.members { name, reader in
            switch name {
            case "start": first = try reader.number()
            case "end": last = try reader.number()
            default: break
            }
        }
        guard let first, let last, let range = HTTPByteRange(first: first, last: last) else {
            throw JSONReader.Failure(offset: 0)
        }
        return range
    }
}

package import XetCore

/// Replaces the URLs in reconstructions of version 1 and 2 and in answers to batches; the rest stays byte for byte.
package enum ReconstructionRewriting {
    /// A URL and the byte ranges of a xorb that it is good for.
    package struct Fetch: Hashable, Sendable {
        package let xorb: XorbHash
        package let url: String
        package let ranges: [HTTPByteRange]
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
                    let (text, ranges) = try fetch(&reader)
                    edits.replace(text, with: try replacement(Fetch(xorb: xorb, url: text.value, ranges: ranges)))
                }
            }
        }
        try reader.end()
        return edits.applied(to: json)
    }

    private static func fetch(_ reader: inout JSONReader) throws -> (JSONReader.Text, [HTTPByteRange]) {
        var url: JSONReader.Text?
        var ranges: [HTTPByteRange] = []
        try reader.members { name, reader in
            switch name {
            case "url":
                // Another one would be handed on as it is.
                guard url == nil else { throw JSONReader.Failure(offset: 0) }
                url = try reader.string()
            case "url_range":
                ranges.append(try range(&reader))
            case "ranges":
                try reader.elements { reader in
                    try reader.members { name, reader in
                        if name == "bytes" { ranges.append(try range(&reader)) }
                    }
                }
            default:
                break
            }
        }
        guard let url, !ranges.isEmpty, ranges.count <= maximumRangeCount else { throw JSONReader.Failure(offset: 0) }
        return (url, ranges)
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

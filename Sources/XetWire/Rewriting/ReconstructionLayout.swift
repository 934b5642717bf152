package import XetCore

/// What a reconstruction that is passed on says of the file: the terms, without where they are to be had.
package struct ReconstructionLayout: Hashable, Sendable {
    /// Bytes to skip at the start of the first term.
    package let offsetIntoFirstTerm: UInt64
    /// The terms, in file order; at least one.
    package let terms: [Term]

    /// Reads the JSON of either version; `nil` if it is not what it should be.
    package init?(_ json: [UInt8]) {
        var offset: UInt64?
        var terms: [Term] = []
        do {
            var reader = JSONReader(json)
            try reader.members { name, reader in
                switch name {
                case "offset_into_first_range":
                    offset = try reader.number()
                case "terms":
                    try reader.elements { reader in
                        guard terms.count < Reconstruction.maximumTermCount else { throw JSONReader.Failure(offset: 0) }
                        terms.append(try Self.term(&reader))
                    }
                default:
                    break
                }
            }
        } catch {
            return nil
        }
        guard let offset, !terms.isEmpty else { return nil }
        offsetIntoFirstTerm = offset
        self.terms = terms
    }

    private static func term(_ reader: inout JSONReader) throws -> Term {
        var (xorb, byteCount, start, end): (XorbHash?, UInt64?, UInt64?, UInt64?)
        try reader.members { name, reader in
            switch name {
            case "hash":
                xorb = XorbHash(try reader.string().value)
            case "unpacked_length":
                byteCount = try reader.number()
            case "range":
                try reader.members { name, reader in
                    switch name {
                    case "start": start = try reader.number()
                    case "end": end = try reader.number()
                    default: break
                    }
                }
            default:
                break
            }
        }
        guard let xorb, let byteCount = byteCount.flatMap({ Int(exactly: $0) }), let start, let end else {
            throw JSONReader.Failure(offset: 0)
        }
        let chunks = try IndexRangeBody(start: start, end: end).chunks("terms")
        return try Term(xorb: xorb, chunks: chunks, unpackedByteCount: byteCount)
    }
}

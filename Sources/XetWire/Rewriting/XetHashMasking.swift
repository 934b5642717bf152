/// Takes the hashes of files in XET out of listings, whose readers would go to the CAS with them; everything else stays byte for byte.
package enum XetHashMasking {
    /// The JSON with asterisks in the place of each `xetHash`, as a Hub writes that keeps a hash to itself.
    ///
    /// What is no JSON stays as it is.
    package static func mask(_ json: [UInt8]) -> [UInt8] {
        var reader = JSONReader(json)
        var edits = JSONEdits()
        guard (try? visit(&reader, &edits, depth: 0)) != nil else { return json }
        return edits.applied(to: json)
    }

    /// Deeper than any answer of a Hub has one.
    private static let mostDepth = 8

    private static func visit(_ reader: inout JSONReader, _ edits: inout JSONEdits, depth: Int) throws {
        guard depth < mostDepth else { return try reader.skip() }
        if reader.isAtArray() {
            try reader.elements { try visit(&$0, &edits, depth: depth + 1) }
        } else if reader.isAtObject() {
            try reader.members { name, reader in
                guard name == "xetHash" else { return try visit(&reader, &edits, depth: depth + 1) }
                guard let text = try reader.stringIfPresent() else { return }
                edits.replace(text, with: String(repeating: "*", count: text.value.utf8.count))
            }
        } else {
            try reader.skip()
        }
    }
}

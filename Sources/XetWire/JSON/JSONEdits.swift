/// Strings of a JSON text that are to be others; everything else stays byte for byte.
package struct JSONEdits {
    private var edits: [(place: Range<Int>, text: [UInt8])] = []

    package init() {}

    /// Puts another value in the place of a string.
    ///
    /// Precondition: it has not been replaced before.
    package mutating func replace(_ text: JSONReader.Text, with value: String) {
        edits.append((text.place, JSONReader.quoted(value)))
    }

    /// The text with the edits.
    ///
    /// Precondition: `json` is what the strings were read from.
    package func applied(to json: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(json.count + edits.reduce(0) { $0 + $1.text.count })
        var position = 0
        for edit in edits.sorted(by: { $0.place.lowerBound < $1.place.lowerBound }) {
            result.append(contentsOf: json[position..<edit.place.lowerBound])
            result.append(contentsOf: edit.text)
            position = edit.place.upperBound
        }
        result.append(contentsOf: json[position...])
        return result
    }
}

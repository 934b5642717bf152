/// Replaces addresses among the strings of JSON that comes in pieces; everything else stays byte for byte.
///
/// It only finds where strings begin and end, so lines of JSON will do, and what is no JSON passes as it is. An address is
/// a whole string: one within a longer text is that text's content. No more is kept of a body than one string that may
/// yet be an address.
package struct AddressRewriter {
    private enum State {
        case outside
        /// Within a string that is kept, from its opening quote on.
        case collecting
        /// Within a string that is no address.
        case passing
    }

    /// Most bytes of a string that may be an address: each of its bytes may be an escape of six.
    private static let maximumStringByteCount = HTTPAddress.maximumByteCount * 6 + 2

    private let replacement: (String) -> String?
    private var state = State.outside
    private var isEscaped = false
    private var string: [UInt8] = []

    /// `replacement` gives what stands for a string, `nil` for one that stays.
    package init(replacement: @escaping (String) -> String?) {
        self.replacement = replacement
    }

    /// The whole of a body that is there.
    package static func rewrite(_ json: [UInt8], replacement: @escaping (String) -> String?) -> [UInt8] {
        var rewriter = AddressRewriter(replacement: replacement)
        var output: [UInt8] = []
        output.reserveCapacity(json.count)
        rewriter.consume(json[...], into: &output)
        rewriter.finish(into: &output)
        return output
    }

    /// Takes the next piece, and appends to `output` what is known to follow.
    package mutating func consume(_ piece: ArraySlice<UInt8>, into output: inout [UInt8]) {
        var rest = piece
        while !rest.isEmpty {
            switch state {
            case .outside:
                guard let quote = rest.firstIndex(of: UInt8(ascii: "\"")) else {
                    output.append(contentsOf: rest)
                    return
                }
                output.append(contentsOf: rest[..<quote])
                rest = rest[(quote + 1)...]
                state = .collecting
                string.append(UInt8(ascii: "\""))
            case .collecting, .passing:
                let end = endOfString(rest)
                let part = rest[..<(end ?? rest.endIndex)]
                rest = rest[part.endIndex...]
                take(part, into: &output)
                if end != nil { close(into: &output) }
            }
        }
    }

    /// Appends what is left of a body that ended within a string.
    package mutating func finish(into output: inout [UInt8]) {
        output.append(contentsOf: string)
        string.removeAll(keepingCapacity: true)
    }

    /// The index behind the quote that ends the string; `nil` if it goes on.
    private mutating func endOfString(_ bytes: ArraySlice<UInt8>) -> Int? {
        for index in bytes.indices {
            if isEscaped {
                isEscaped = false
            } else if bytes[index] == UInt8(ascii: "\\") {
                isEscaped = true
            } else if bytes[index] == UInt8(ascii: "\"") {
                return index + 1
            }
        }
        return nil
    }

    /// Keeps more of a string while it may be an address.
    private mutating func take(_ part: ArraySlice<UInt8>, into output: inout [UInt8]) {
        if state == .collecting, string.count + part.count <= Self.maximumStringByteCount {
            string.append(contentsOf: part)
            // An address begins with its scheme, perhaps written with escapes.
            if string.count < 2 || "hH\\".utf8.contains(string[1]) { return }
            output.append(contentsOf: string)
        } else {
            output.append(contentsOf: string)
            output.append(contentsOf: part)
        }
        string.removeAll(keepingCapacity: true)
        state = .passing
    }

    private mutating func close(into output: inout [UInt8]) {
        state = .outside
        guard !string.isEmpty else { return }
        var reader = JSONReader(string)
        if let text = try? reader.string(), let value = replacement(text.value) {
            output.append(contentsOf: JSONReader.quoted(value))
        } else {
            output.append(contentsOf: string)
        }
        string.removeAll(keepingCapacity: true)
    }
}

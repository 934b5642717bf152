/// One line of the log: fields in order, in either format.
///
/// No value can end the line or begin another field.
struct LogLine: Sendable {
    /// What a field holds.
    enum Value: Hashable, Sendable {
        case text(String)
        /// A number, or a truth value, as JSON writes it.
        case literal(String)
    }

    /// Most scalars of a value; the rest is cut off.
    static let maximumValueCount = 2048

    private var fields: [(name: String, value: Value)] = []

    mutating func append(_ name: String, _ value: Value) {
        fields.append((name, value))
    }

    /// The line without its end.
    func text(_ format: LogFormat) -> String {
        switch format {
        case .logfmt:
            fields.map { "\(Self.bare($0.name))=\(Self.logfmt($0.value))" }.joined(separator: " ")
        case .json:
            "{" + fields.map { "\(Self.quoted($0.name)):\(Self.json($0.value))" }.joined(separator: ",") + "}"
        }
    }

    private static func json(_ value: Value) -> String {
        switch value {
        case .text(let text): quoted(text)
        case .literal(let text): text
        }
    }

    private static func logfmt(_ value: Value) -> String {
        switch value {
        case .literal(let text): text
        case .text(let text):
            !text.isEmpty && text.unicodeScalars.count <= maximumValueCount && text.unicodeScalars.allSatisfy(isBare)
                ? text : quoted(text)
        }
    }

    /// A name with nothing in it that would end it.
    private static func bare(_ name: String) -> String {
        var bare = String.UnicodeScalarView()
        bare.append(contentsOf: name.unicodeScalars.map { isBare($0) ? $0 : "_" })
        return String(bare)
    }

    private static func isBare(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case " ", "\"", "=", "\\": false
        default: !isControl(scalar)
        }
    }

    /// Whether a scalar ends a line somewhere, is not to be seen, or turns the direction of what stands around it.
    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII { return scalar.value < 0x20 || scalar.value == 0x7F }
        return switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate, .unassigned: true
        default: false
        }
    }

    /// A string as JSON writes it, which logfmt takes too.
    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for (count, scalar) in text.unicodeScalars.enumerated() {
            if count == maximumValueCount {
                quoted += "..."
                break
            }
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "\r": quoted += "\\r"
            case "\t": quoted += "\\t"
            case _ where isControl(scalar):
                // Beyond the first 65,536 JSON has pairs of these.
                for unit in String(scalar).utf16 {
                    let digits = String(unit, radix: 16)
                    quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
                }
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}

extension ResolvedSettings {
    /// A configuration file that says the same, with where each value came from; secrets are left out.
    public func toml(title: String) -> String {
        let settings = registry.declarations.map { declaration in
            "\n# \(declaration.summary)\n" + Self.line(declaration, entry(declaration))
        }
        return "# \(title)\n" + settings.joined(separator: "\n") + "\n"
    }

    private static func line(_ declaration: SettingDeclaration, _ entry: Entry) -> String {
        let isUnset = entry.texts.isEmpty && entry.origin == .preset
        if isUnset {
            return "# \(declaration.name): not set\(declaration.presetNote.map { ", so \($0)" } ?? "")"
        }
        if declaration.isSecret { return "# \(declaration.name): hidden  # \(entry.origin)" }
        return "\(declaration.name) = \(value(declaration.shape, entry.texts))  # \(entry.origin)"
    }

    private static func value(_ shape: SettingShape, _ texts: [String]) -> String {
        guard shape != .list else { return "[" + texts.map(quoted).joined(separator: ", ") + "]" }
        let text = texts.first ?? ""
        switch shape {
        case .boolean: return ["1": "true", "0": "false"][text] ?? text
        case .number, .quantity: return WholeNumber.parse(text).map { "\($0)" } ?? quoted(text)
        case .text, .list: return quoted(text)
        }
    }

    /// A basic string of TOML.
    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "\t": quoted += "\\t"
            case _ where scalar.value < 0x20 || scalar.value == 0x7F:
                let digits = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}

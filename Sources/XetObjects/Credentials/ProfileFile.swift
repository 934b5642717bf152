/// A file of profiles, as the AWS command line keeps them: sections with `name = value` lines.
///
/// Source: "Shared config and credentials file format" in the AWS SDKs and Tools reference. What is no section and no
/// setting is passed over, as others do.
struct ProfileFile {
    /// The two kinds differ in how a section is named.
    enum Kind: Sendable {
        /// `[name]`.
        case credentials
        /// `[default]` and `[profile name]`; other sections are no profiles.
        case config
    }

    /// The settings of each profile, names of settings in lower case.
    private(set) var profiles: [String: [String: String]] = [:]

    /// Reads a file; what is not UTF-8 becomes text that is no key.
    init(_ bytes: [UInt8], _ kind: Kind) {
        var profile: String?
        for line in bytes.split(whereSeparator: { $0 == 0x0A || $0 == 0x0D }) {
            // A line that begins with a blank belongs to the setting before it, which is none that is needed here.
            guard let first = line.first, first != 0x20, first != 0x09 else { continue }
            let text = String(decoding: line, as: UTF8.self)
            if text.hasPrefix("#") || text.hasPrefix(";") { continue }
            if text.hasPrefix("[") {
                profile = text.firstIndex(of: "]").flatMap { Self.profile(text[..<$0].dropFirst(), kind) }
                if let profile, profiles[profile] == nil { profiles[profile] = [:] }
                continue
            }
            guard let profile, let equals = text.firstIndex(of: "=") else { continue }
            let name = Self.trimmed(text[..<equals]).lowercased()
            profiles[profile]?[name] = Self.value(text[text.index(after: equals)...])
        }
    }

    private static func profile(_ header: Substring, _ kind: Kind) -> String? {
        let name = trimmed(header)
        guard kind == .config, name != "default" else { return name }
        guard name.hasPrefix("profile"), name.dropFirst(7).first?.isWhitespace == true else { return nil }
        let rest = trimmed(name.dropFirst(7))
        let isQuoted = rest.count >= 2 && rest.first == rest.last && (rest.first == "\"" || rest.first == "'")
        return isQuoted ? String(rest.dropFirst().dropLast()) : rest
    }

    /// A value ends where a comment begins, before which there is a blank.
    private static func value(_ text: Substring) -> String {
        var end = text.endIndex
        var wasBlank = false
        for index in text.indices {
            if wasBlank, text[index] == "#" || text[index] == ";" {
                end = index
                break
            }
            wasBlank = text[index].isWhitespace
        }
        return trimmed(text[..<end])
    }

    private static func trimmed(_ text: some StringProtocol) -> String {
        let start = text.drop(while: \.isWhitespace)
        guard let last = start.lastIndex(where: { !$0.isWhitespace }) else { return "" }
        return String(start[...last])
    }
}

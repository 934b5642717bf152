import XetCore

/// A text in `Files`, which is part of the program.
///
/// A name in double braces, such as `{{hub}}`, stands for what is put there.
struct EmbeddedText: Sendable {
    /// The description of all routes; its form is that of the OpenAPI Specification 3.1.
    static let openAPI = EmbeddedText(PackageResources.openapi_json).filled(["version": XetVersion.current])
    static let style = String(decoding: PackageResources.ui_css, as: UTF8.self)
    /// It makes the same texts as ``AmountText`` and ``TransferText``, and sets them as text, never as markup.
    static let script = String(decoding: PackageResources.ui_js, as: UTF8.self)
    static let page = EmbeddedText(PackageResources.index_html)

    private enum Part {
        case text(String)
        case name(String)
    }

    private let parts: [Part]

    /// Braces around anything else than a name stand for themselves.
    init(_ bytes: [UInt8]) {
        var parts: [Part] = []
        var rest = Substring(String(decoding: bytes, as: UTF8.self))
        while let start = rest.firstRange(of: "{{") {
            let behind = rest[start.upperBound...]
            guard let end = behind.firstRange(of: "}}"), behind[..<end.lowerBound].allSatisfy(\.isLetter) else {
                parts.append(.text(String(rest[..<start.upperBound])))
                rest = behind
                continue
            }
            parts.append(.text(String(rest[..<start.lowerBound])))
            parts.append(.name(String(behind[..<end.lowerBound])))
            rest = behind[end.upperBound...]
        }
        parts.append(.text(String(rest)))
        self.parts = parts
    }

    /// The names that stand in it.
    var names: Set<String> {
        Set(
            parts.compactMap { part in
                if case .name(let name) = part { name } else { nil }
            }
        )
    }

    /// The text with `values` for its names, as they are; nothing for a name without one.
    func filled(_ values: [String: String]) -> String {
        parts.reduce(into: "") { text, part in
            switch part {
            case .text(let part): text += part
            case .name(let name): text += values[name] ?? ""
            }
        }
    }
}

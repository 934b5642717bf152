/// A pattern of paths as the official client takes it: that of Python's `fnmatch`.
///
/// `*` is any text, slashes included, `?` any character, `[abc]`, `[a-z]` and `[!a]` one of some characters; a bracket without an
/// end stands for itself. A pattern that ends with a slash means all that is below.
package struct GlobPattern: Hashable, Sendable {
    private enum Part: Hashable, Sendable {
        case anyText
        case anyCharacter
        case one(of: [ClosedRange<UInt32>], isNegated: Bool)
        case character(UInt32)
    }

    /// As it was given.
    package let text: String
    private let parts: [Part]

    /// Reads a pattern; every text is one.
    package init(_ text: String) {
        self.text = text
        let scalars = (text.hasSuffix("/") ? text + "*" : text).unicodeScalars.map(\.value)
        var parts: [Part] = []
        var index = 0
        while index < scalars.count {
            let scalar = scalars[index]
            index += 1
            switch scalar {
            case "*":
                if parts.last != .anyText { parts.append(.anyText) }
            case "?":
                parts.append(.anyCharacter)
            case "[":
                if let (part, end) = Self.set(in: scalars, from: index) {
                    parts.append(part)
                    index = end
                } else {
                    parts.append(.character(scalar))
                }
            default:
                parts.append(.character(scalar))
            }
        }
        self.parts = parts
    }

    /// Whether anything in it stands for more than itself.
    package var isLiteral: Bool {
        parts.allSatisfy { part in
            if case .character = part { true } else { false }
        }
    }

    /// Whether it means a path; in time that grows with the product of both lengths at most.
    package func matches(_ path: String) -> Bool {
        let path = path.unicodeScalars.map(\.value)
        var (part, place) = (0, 0)
        // After the last `*`, and what it took.
        var retry: (part: Int, place: Int)?
        while place < path.count {
            if part < parts.count, parts[part] == .anyText {
                retry = (part + 1, place)
                part += 1
            } else if part < parts.count, Self.matches(parts[part], path[place]) {
                part += 1
                place += 1
            } else if let last = retry {
                retry = (last.part, last.place + 1)
                (part, place) = (last.part, last.place + 1)
            } else {
                return false
            }
        }
        return parts[part...].allSatisfy { $0 == .anyText }
    }

    private static func matches(_ part: Part, _ scalar: UInt32) -> Bool {
        switch part {
        case .anyText, .anyCharacter: true
        case .one(let ranges, let isNegated): ranges.contains { $0.contains(scalar) } != isNegated
        case .character(let expected): expected == scalar
        }
    }

    /// The set after a bracket, and where it ends; `nil` if it does not.
    private static func set(in scalars: [UInt32], from start: Int) -> (part: Part, end: Int)? {
        var index = start
        let isNegated = index < scalars.count && scalars[index] == "!"
        if isNegated { index += 1 }
        var ranges: [ClosedRange<UInt32>] = []
        let first = index
        while index < scalars.count, scalars[index] != "]" || index == first {
            let lower = scalars[index]
            // A hyphen between two characters is a range, which may have nothing in it.
            if index + 2 < scalars.count, scalars[index + 1] == "-", scalars[index + 2] != "]" {
                if lower <= scalars[index + 2] { ranges.append(lower...scalars[index + 2]) }
                index += 3
            } else {
                ranges.append(lower...lower)
                index += 1
            }
        }
        guard index < scalars.count else { return nil }
        return (.one(of: ranges, isNegated: isNegated), index + 1)
    }
}

extension UInt32 {
    fileprivate static func ~= (pattern: Unicode.Scalar, value: UInt32) -> Bool { pattern.value == value }
    fileprivate static func == (value: UInt32, scalar: Unicode.Scalar) -> Bool { value == scalar.value }
    fileprivate static func != (value: UInt32, scalar: Unicode.Scalar) -> Bool { value != scalar.value }
}

/// Which files of a repository are meant.
package struct PathFilter: Hashable, Sendable {
    /// Paths and patterns that were named; all files if there are none.
    ///
    /// A path may have characters in it that mean something else.
    package var named: [GlobPattern] = []
    /// Of those, what one of these means; all if there are none.
    package var included: [GlobPattern] = []
    /// What is left out whatever else means it.
    package var excluded: [GlobPattern] = []

    package init() {}

    /// Whether one file is named, and nothing else is said.
    package var isOnePath: Bool { named.count == 1 && named[0].isLiteral && included.isEmpty && excluded.isEmpty }

    /// Whether a file is meant.
    package func matches(_ path: String) -> Bool {
        (named.isEmpty || named.contains { $0.text == path || $0.matches(path) })
            && (included.isEmpty || included.contains { $0.matches(path) })
            && !excluded.contains { $0.matches(path) }
    }
}

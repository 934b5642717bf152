public import XetCore

/// Terms of a file that follow one another.
///
/// They are the same for everybody, and for ever: a file is named by what it is made of.
public struct FilePart: Hashable, Sendable {
    /// Where in the file the first term begins.
    public let start: UInt64
    /// The terms, in file order.
    public let terms: [Term]

    /// Makes a part.
    public init(start: UInt64, terms: [Term]) {
        self.start = start
        self.terms = terms
    }

    /// Where in the file the last term ends.
    public var end: UInt64 { terms.reduce(start) { $0 + UInt64($1.unpackedByteCount) } }
}

/// Remembers how files are made of chunks.
public protocol TermStore: Sendable {
    /// Terms that hold a range of a file, and perhaps more; `nil` if they are not known.
    func part(of file: FileHash, holding range: FileByteRange) async throws -> FilePart?

    /// Remembers terms.
    func keep(_ part: FilePart, of file: FileHash) async throws

    /// All that is known of a file, by where it begins; parts may overlap.
    func parts(of file: FileHash) async throws -> [FilePart]

    /// Forgets a file.
    func forget(_ file: FileHash) async throws
}

public import XetCore

/// Asks how to rebuild files.
public protocol ReconstructionSource: Sendable {
    /// The reconstruction of a range of a file, or of the whole file.
    ///
    /// `nil` if the range begins at or after the end of the file. Throws ``XetError``.
    func reconstruction(of file: FileHash, range: FileByteRange?) async throws -> Reconstruction?

    /// The same source for somebody who repeats failed requests, and so knows for how long: it asks once.
    var unrepeated: any ReconstructionSource { get }
}

extension ReconstructionSource {
    public var unrepeated: any ReconstructionSource { self }
}

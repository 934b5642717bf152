import NIOCore
import XetBundle
import XetLocal

/// A bundle that is read: a file, or standard input.
struct BundleFile: Sendable {
    private static let pieceByteCount = 1 << 20

    private let file: ReadableFile

    /// Opens it.
    init(_ path: LocalPath) throws {
        file = try ReadableFile(argument: path)
    }

    /// Its length; `nil` for a pipe.
    var byteCount: UInt64? { file.byteCount }

    /// Its bytes, to be read once.
    func stream(trusted: [VerifyingKey] = []) -> BundleStream {
        let file = file
        return BundleStream(trusted: trusted) {
            try await Blocking.run { try file.readNext(count: Self.pieceByteCount) }
        }
    }

    /// Reads it whole, with what it builds on before it; `progress` is shown on a terminal.
    static func inspect(
        _ path: LocalPath,
        trusted: [VerifyingKey] = [],
        base: ChunkLedger = ChunkLedger(),
        isQuiet: Bool
    ) async throws -> BundleInspection {
        let file = try BundleFile(path)
        var bar = ProgressBar("\(path)", total: file.byteCount, isQuiet: isQuiet)
        defer { bar.finish() }
        return try await BundleInspection(file.stream(trusted: trusted), base: base) { bar.advance(to: $0) }
    }

    /// The chunks of bundles that another one builds on.
    static func ledger(of paths: [LocalPath], isQuiet: Bool) async throws -> ChunkLedger {
        var ledger = ChunkLedger()
        for path in paths {
            ledger = try await inspect(path, base: ledger, isQuiet: isQuiet).ledger
        }
        return ledger
    }
}

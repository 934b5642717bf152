import Crypto
import NIOCore
import Synchronization
import XetAccess
import XetClient
import XetCore
import XetUpload

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Sends xorbs and notes that they are there; sends nothing without a CAS.
struct NotingSink: XorbSink, ShardSink {
    let cas: CASWriter?
    let records: UploadRecords?

    func put(_ xorb: SerializedXorb) async throws -> Bool {
        guard let cas else { return true }
        let isNew = try await cas.put(xorb)
        if let records {
            let index = xorb.index
            // Without a record the next upload asks the CAS, or sends it again.
            try? await Blocking.run { try records.note(index) }
        }
        return isNew
    }

    func register(_ shard: Shard) async throws -> Bool {
        try await cas?.register(shard) ?? true
    }
}

/// What was told of an upload, whose reports may overtake each other.
final class UploadTally: Sendable {
    private struct State {
        var readByteCount: UInt64 = 0
        var newByteCount: UInt64 = 0
    }

    private let state = Mutex(State())

    var newByteCount: UInt64 { state.withLock { $0.newByteCount } }

    /// Takes a report; returns how many bytes were read since the one before.
    func note(_ now: UploadProgress) -> UInt64 {
        state.withLock { state in
            let before = state.readByteCount
            state.readByteCount = max(before, now.readByteCount)
            state.newByteCount = max(state.newByteCount, now.newByteCount)
            return state.readByteCount - before
        }
    }
}

/// The machine.
enum UploadClock {
    /// Unix seconds.
    static let seconds: @Sendable () -> UInt64 = { UInt64(max(0, Date().timeIntervalSince1970)) }
    static let coreCount = max(1, ProcessInfo.processInfo.activeProcessorCount)
}

/// The name that Git gives to the content of a file.
enum GitBlob {
    static func name(of content: UploadContent) async throws -> String {
        var hasher = Insecure.SHA1()
        hasher.update(data: Array("blob \(content.byteCount)\0".utf8))
        for try await piece in content.pieces() { hasher.update(data: Data(piece.readableBytesView)) }
        return hasher.finalize().map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }
}

extension UploadItem {
    private static let sampleByteCount = 512
    private static let mostTextByteCount: UInt64 = 1 << 20

    /// What the Hub is told of a file of `byteCount` bytes before it.
    func preuploadFile(byteCount: UInt64) async throws -> HubWriter.PreuploadFile {
        let content = content
        let count = Int(min(content.byteCount, UInt64(Self.sampleByteCount)))
        var sample: [UInt8] = []
        if count > 0 {
            for try await piece in content.pieces(of: 0..<UInt64(count)) { sample += piece.readableBytesView }
        }
        return HubWriter.PreuploadFile(path: path, sample: sample, byteCount: byteCount)
    }

    /// A small file as text.
    func text() async throws -> String? {
        guard byteCount <= Self.mostTextByteCount else { return nil }
        var bytes: [UInt8] = []
        for try await piece in content.pieces() { bytes += piece.readableBytesView }
        return String(validating: bytes, as: UTF8.self)
    }
}

extension Array {
    /// The elements in groups of at most `count`.
    func groups(of count: Int) -> [[Element]] {
        stride(from: 0, to: self.count, by: count).map { Array(self[$0..<Swift.min($0 + count, self.count)]) }
    }
}

import NIOCore
import XetAccess
import XetCore

/// Reads a range from a store that replicas share.
///
/// Of replicas that want the same range at the same time one fetches it, and the others wait for what it writes, as long as that
/// may be worth it.
struct SharedReader {
    /// How long a claim holds: what takes longer upstream, or was claimed by a process that is gone, is fetched by others too.
    static let claimTime = Duration.seconds(15)
    private static let firstPause = Duration.milliseconds(40)
    private static let longestPause = Duration.milliseconds(400)

    /// What came of looking for a piece.
    private enum Found {
        case all
        /// The store has it not.
        case missing
        /// The store cannot say, or what it has is of no use.
        case useless
    }

    private let shared: SharedBlocks
    private let range: Block
    private let bytes: HTTPByteRange
    private var rest: ArraySlice<BlockPiece>
    /// Bytes of the range that were handed over.
    private(set) var byteCount = 0

    init(_ shared: SharedBlocks, _ range: Block, _ bytes: HTTPByteRange) {
        self.shared = shared
        self.range = range
        self.bytes = bytes
        rest = BlockPiece.pieces(of: range.chunks, in: range.xorb)[...]
    }

    /// Whether all of the range was handed over.
    var isComplete: Bool { rest.isEmpty && byteCount == Int(bytes.count) }

    /// Hands over what the store has, from the start of the range on; returns the claim with which the rest is to be fetched, if
    /// there is one.
    mutating func read(_ body: (ByteBuffer) async throws -> Void) async throws -> Claim? {
        do {
            guard try await readAll(body) == .missing else { return nil }
            return try await waitOrClaim(body)
        } catch is ShelfError {
            return nil
        }
    }

    /// Claims the range, or waits for whoever has, and reads what that one writes.
    private mutating func waitOrClaim(_ body: (ByteBuffer) async throws -> Void) async throws -> Claim? {
        let start = shared.time.now()
        var pause = Self.firstPause
        var age: Duration?
        while true {
            switch try await shared.claim(range) {
            case .taken(let claim):
                // It may have been written and released since it was looked for.
                guard age != nil else { return claim }
                do {
                    if try await readAll(body) == .missing { return claim }
                } catch {
                    shared.giveUp(claim)
                    throw error
                }
                shared.giveUp(claim)
                return nil
            case .own:
                return nil
            case .others:
                break
            }
            if age == nil {
                age = try await shared.shelf.claimAge(range) ?? .zero
                try await shared.shelf.wait(for: range)
            }
            if let age, age + (shared.time.now() - start) >= Self.claimTime {
                shared.overrule(range)
                return nil
            }
            try await shared.time.sleep(pause)
            pause = min(Self.longestPause, pause * 2)
            guard try await readAll(body) == .missing else { return nil }
        }
    }

    /// Reads piece by piece as far as the store has them.
    private mutating func readAll(_ body: (ByteBuffer) async throws -> Void) async throws -> Found {
        while let piece = rest.first {
            let found = try await read(piece, body)
            guard case .all = found else { return found }
            rest = rest.dropFirst()
        }
        return .all
    }

    private mutating func read(_ piece: BlockPiece, _ body: (ByteBuffer) async throws -> Void) async throws -> Found {
        for block in piece.candidates {
            do {
                let header = try await shared.shelf.header(of: block) { shared.publisher.add(.touch(block)) }
                guard let header else { continue }
                guard header.place(of: piece.wanted.chunks.start) == bytes.first + UInt64(byteCount) else {
                    // What a data host sent wrong may stand at a wrong place.
                    return .useless
                }
                let isThere = try await shared.shelf.read(piece.wanted.chunks, header) { bytes in
                    try await body(bytes)
                    byteCount += bytes.readableBytes
                }
                if isThere { return .all }
            } catch ShelfError.wrong(let block) {
                shared.publisher.add(.remove(block))
                return .useless
            }
        }
        return .missing
    }
}

/// Says in the store that this replica fetches a range; it is released, or given up.
struct Claim: Hashable, Sendable {
    let range: Block
}

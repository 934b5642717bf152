import NIOCore
import XetAccess
import XetCore

/// Reads a range from a store that replicas share.
///
/// Of replicas that want the same range at the same time one fetches it, and the others wait for what it writes, as long as that
/// may be worth it.
struct SharedReader {
    /// Age of a claim of a replica that is gone: others renew theirs.
    private static let goneAge = SharedBlocks.renewalTime * 3
    /// How long another replica is waited for at most.
    private static let longestWait = Duration.seconds(30)
    /// How often a claim may end, or not be there at all, without anything having been written.
    private static let mostRoundCount = 3
    private static let firstPause = Duration.milliseconds(40)
    private static let longestPause = Duration.milliseconds(400)

    /// What came of looking for chunks.
    private enum Found {
        case all
        /// The store has them not.
        case missing
        /// What it has is of no use.
        case useless
    }

    private let shared: SharedBlocks
    private let range: SharedRange
    private let bytes: HTTPByteRange
    private var rest: ArraySlice<BlockPiece>
    /// Bytes of the range that were handed over.
    private(set) var byteCount = 0
    /// Whether the store has something of the rest that is not right.
    private var isDoubtful = false
    /// Whether something came from what was imported, which is in the store for good.
    private(set) var hasReadImports = false
    /// What the store failed with.
    private(set) var failure: ShelfError?

    /// Reads the chunks of `range`, which are `bytes` of the serialized xorb.
    init(_ shared: SharedBlocks, _ range: SharedRange, _ bytes: HTTPByteRange) {
        self.shared = shared
        self.range = range
        self.bytes = bytes
        rest = range.pieces[...]
    }

    /// Whether all of the range was handed over.
    var isComplete: Bool { rest.isEmpty && byteCount == Int(bytes.count) }

    /// The blocks of the rest, if what the store has of them is to be replaced.
    var doubted: Set<Block> { isDoubtful ? Set(rest.map(\.block)) : [] }

    /// Hands over what the store has, from the start of the range on; returns the claim with which the rest is to be fetched, if
    /// there is one.
    mutating func read(_ body: (XorbPiece) async throws -> Void) async throws -> Claim? {
        do {
            guard try await readAll(body) == .missing, !shared.isOffline else { return nil }
            return try await waitOrClaim(body)
        } catch let error as ShelfError {
            if case .wrong = error { isDoubtful = true }
            failure = error
            return nil
        }
    }

    /// Claims the range, or waits for whoever has, and reads what that one writes.
    private mutating func waitOrClaim(_ body: (XorbPiece) async throws -> Void) async throws -> Claim? {
        let start = shared.time.now()
        var hasWaited = false
        // One that is put after the claim has ended would stay otherwise.
        defer { if hasWaited { shared.add(.endWait(range)) } }
        for _ in 0..<Self.mostRoundCount {
            switch try await shared.claim(range) {
            case .own: return nil
            case .taken(let claim):
                // Another one may have written it and ended its claim since it was looked for.
                return try await readClaimed(claim, body) == .missing ? claim : nil
            case .others where shared.isWorthWaiting: break
            case .others: return nil
            }
            if !hasWaited {
                hasWaited = true
                try await shared.shelf.wait(for: range)
            }
            guard try await waitForRelease(since: start) else { break }
            guard try await readAll(body) == .missing else { return nil }
        }
        shared.noteVainWait()
        return nil
    }

    /// Reads what is there of a range that was claimed; the claim ends unless something is missing.
    private mutating func readClaimed(
        _ claim: Claim,
        _ body: (XorbPiece) async throws -> Void
    ) async throws -> Found {
        do {
            let found = try await readAll(body)
            if found != .missing { shared.giveUp(claim) }
            return found
        } catch {
            shared.giveUp(claim)
            throw error
        }
    }

    /// Waits until the claim of another replica is gone; `false` if it does not go, or is that of a process that is gone.
    private func waitForRelease(since start: ContinuousClock.Instant) async throws -> Bool {
        var pause = Self.firstPause
        while let age = try await shared.shelf.claimAge(range) {
            if age >= Self.goneAge {
                shared.add(.release(range))
                return false
            }
            guard shared.time.now() - start < Self.longestWait else { return false }
            try await shared.time.sleep(pause)
            pause = min(Self.longestPause, pause * 2)
        }
        return true
    }

    /// Reads piece by piece as far as the store has them.
    private mutating func readAll(_ body: (XorbPiece) async throws -> Void) async throws -> Found {
        while let piece = rest.first {
            let outcome = try await shared.shelf.read(
                piece,
                at: bytes.first + UInt64(byteCount),
                upTo: Int(bytes.count) - byteCount,
                onOld: { shared.add(.touch($0)) },
                { header, bytes in
                    try await body(XorbPiece(bytes, hashes: header))
                    byteCount += bytes.readableBytes
                }
            )
            switch outcome {
            case .missing: return .missing
            case .misplaced:
                // What a data host sent wrong may stand at a wrong place.
                isDoubtful = true
                return .useless
            case .read(let object, let end):
                hasReadImports = hasReadImports || object.isImported
                rest = rest.dropFirst()
                if let left = piece.rest(from: end) { rest = [left] + rest }
            }
        }
        return .all
    }
}

/// Says in the store that this replica fetches a range; it is released, or given up.
struct Claim: Hashable, Sendable {
    let range: SharedRange
}

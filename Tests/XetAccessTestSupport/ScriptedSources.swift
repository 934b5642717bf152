package import NIOCore
import Synchronization
package import XetAccess
package import XetCore
import XetTestSupport

/// A CAS that answers for one file.
///
/// Its URLs carry a generation, which grows with every call, so that a ``ScriptedXorbSource`` can refuse old ones.
package final class ScriptedReconstructionSource: ReconstructionSource {
    /// A call of the source.
    package struct Call: Sendable {
        /// Calls before this one.
        package let number: Int
        package let range: FileByteRange?
    }

    private let file: SampleFile
    private let cut: SampleFile.Cut
    private let isMerged: Bool
    private let firstGeneration: Int
    /// What happens before an answer.
    private let before: @Sendable (Call) async throws -> Void
    /// What becomes of an answer.
    private let changed: @Sendable (Call, Reconstruction?) throws -> Reconstruction?
    private let log = Mutex<[Call]>([])

    package init(
        _ file: SampleFile,
        cut: SampleFile.Cut = .chunks,
        isMerged: Bool = true,
        firstGeneration: Int = 0,
        before: @escaping @Sendable (Call) async throws -> Void = { _ in },
        changed: @escaping @Sendable (Call, Reconstruction?) throws -> Reconstruction? = { $1 }
    ) {
        self.file = file
        self.cut = cut
        self.isMerged = isMerged
        self.firstGeneration = firstGeneration
        self.before = before
        self.changed = changed
    }

    /// The calls so far.
    package var calls: [Call] { log.withLock { $0 } }

    package func reconstruction(of hash: FileHash, range: FileByteRange?) async throws -> Reconstruction? {
        let call = log.withLock { log in
            let call = Call(number: log.count, range: range)
            log.append(call)
            return call
        }
        try await before(call)
        guard hash == file.hash else { throw XetError(.notFound, "no file \(hash)") }
        let answer = try file.reconstruction(range ?? file.whole, cut: cut, isMerged: isMerged) { xorb in
            "https://cdn.example/\(xorb)?generation=\(firstGeneration + call.number)"
        }
        return try changed(call, answer)
    }
}

/// A CDN that holds the xorbs of files.
package final class ScriptedXorbSource: XorbSource {
    /// A GET.
    package struct Call: Sendable {
        /// GETs before this one.
        package let number: Int
        /// GETs of the same range of the same xorb before this one.
        package let repetition: Int
        package let xorb: XorbHash
        /// The ranges, of which there may be several if the source answers lists.
        package let infos: [FetchInfo]
        package var info: FetchInfo { infos[0] }
        /// The generation of the URL.
        package let generation: Int
    }

    /// What becomes of a GET.
    package struct Answer: Sendable {
        /// Thrown instead of an answer.
        package var refusal: XetError?
        /// Bytes after which the connection breaks.
        package var truncation: Int?
        /// Changes the bytes.
        package var damage: (@Sendable (inout [UInt8]) -> Void)?
        /// Bytes of a piece.
        package var pieceByteCount = 1000
        /// Waited for before each piece; gets the offset of the piece.
        package var before: (@Sendable (Int) async throws -> Void)?

        package init() {}
    }

    private struct State {
        var calls: [Call] = []
        var active = 0
        var mostActive = 0
        var cancelled = 0
        var byteCount = 0
    }

    private let xorbs: [XorbHash: SerializedXorb]
    private let answersLists: Bool
    private let script: @Sendable (Call) -> Answer
    private let state = Mutex(State())

    /// A source that answers a GET of several ranges with all of them if it `answersLists`.
    package init(
        _ files: [SampleFile],
        answersLists: Bool = false,
        script: @escaping @Sendable (Call) -> Answer = { _ in Answer() }
    ) {
        self.answersLists = answersLists
        xorbs = files.reduce(into: [:]) { $0.merge($1.xorbs) { first, _ in first } }
        self.script = script
    }

    package convenience init(
        _ file: SampleFile,
        answersLists: Bool = false,
        script: @escaping @Sendable (Call) -> Answer = { _ in Answer() }
    ) {
        self.init([file], answersLists: answersLists, script: script)
    }

    /// The GETs so far.
    package var calls: [Call] { state.withLock { $0.calls } }
    /// GETs under way.
    package var activeCount: Int { state.withLock { $0.active } }
    /// Most GETs under way at once.
    package var mostActiveCount: Int { state.withLock { $0.mostActive } }
    /// GETs that were cancelled.
    package var cancelledCount: Int { state.withLock { $0.cancelled } }
    /// Bytes that bodies have taken.
    package var byteCount: Int { state.withLock { $0.byteCount } }

    package func isOneRequest(_ fetches: [XorbFetch]) -> Bool {
        fetches.count == 1 || (answersLists && fetches.map(\.info).isSignedList)
    }

    package func fetch(_ fetch: XorbFetch, _ body: (XorbPiece) async throws -> Void) async throws {
        try await get([fetch.info]) { _, piece in try await body(XorbPiece(piece)) }
    }

    package func fetch(_ fetches: [XorbFetch], _ body: (Int, XorbPiece) async throws -> Void) async throws {
        if isOneRequest(fetches) {
            return try await get(fetches.map(\.info)) { try await body($0, XorbPiece($1)) }
        }
        for (index, fetch) in fetches.enumerated() {
            try await get([fetch.info]) { _, piece in try await body(index, XorbPiece(piece)) }
        }
    }

    private func get(_ fetches: [FetchInfo], _ body: (Int, ByteBuffer) async throws -> Void) async throws {
        let call = try begin(fetches)
        defer { state.withLock { $0.active -= 1 } }
        do {
            try await answer(call, body)
        } catch {
            if error is CancellationError { state.withLock { $0.cancelled += 1 } }
            throw error
        }
    }

    private func begin(_ fetches: [FetchInfo]) throws -> Call {
        guard let url = fetches.first?.url.secret, let slash = url.lastIndex(of: "/"),
            let mark = url.lastIndex(of: "?"),
            let xorb = XorbHash(String(url[url.index(after: slash)..<mark])),
            let generation = url.split(separator: "=").last.flatMap({ Int($0) })
        else { throw XetError(.notFound, "no xorb at \(fetches)") }
        return state.withLock { state in
            let call = Call(
                number: state.calls.count,
                repetition: state.calls.count { $0.xorb == xorb && $0.infos.map(\.bytes) == fetches.map(\.bytes) },
                xorb: xorb,
                infos: fetches,
                generation: generation
            )
            state.calls.append(call)
            state.active += 1
            state.mostActive = max(state.mostActive, state.active)
            return call
        }
    }

    private func answer(_ call: Call, _ body: (Int, ByteBuffer) async throws -> Void) async throws {
        let answer = script(call)
        try Task.checkCancellation()
        if let refusal = answer.refusal { throw refusal }
        var bytes: [UInt8] = []
        var ends: [Int] = []
        for info in call.infos {
            guard let xorb = xorbs[call.xorb], info.bytes.last < xorb.chunks.count else {
                throw XetError(.notFound, "no such bytes of xorb \(call.xorb)")
            }
            bytes += xorb.chunks[Int(info.bytes.first)...Int(info.bytes.last)]
            ends.append(bytes.count)
        }
        answer.damage?(&bytes)
        var (offset, range) = (0, 0)
        let end = min(bytes.count, answer.truncation ?? bytes.count)
        while offset < end {
            try await answer.before?(offset)
            try Task.checkCancellation()
            // Whatever the damage did to the length the last range has.
            let rangeEnd = range + 1 == ends.count ? bytes.count : ends[range]
            let piece = bytes[offset..<min(end, rangeEnd, offset + answer.pieceByteCount)]
            try await body(range, ByteBuffer(bytes: piece))
            state.withLock { $0.byteCount += piece.count }
            offset += piece.count
            if offset == rangeEnd { range += 1 }
        }
        if answer.truncation != nil {
            throw XetError(.connectionFailed, "the connection broke after \(end) bytes")
        }
    }
}

/// Keeps what is delivered.
package struct CollectingSink: DeliverySink {
    /// What all copies of the sink have taken.
    package final class Contents: Sendable {
        private let state = Mutex<[UInt8]>([])

        package var bytes: [UInt8] { state.withLock { $0 } }
        package var count: Int { state.withLock { $0.count } }

        package func append(_ bytes: ByteBuffer) {
            state.withLock { $0.append(contentsOf: bytes.readableBytesView) }
        }
    }

    package let contents = Contents()

    package init(
        before: (@Sendable (Int) async throws -> Void)? = nil,
        room: (@Sendable (Int) async throws -> Void)? = nil
    ) {
        self.before = before
        self.room = room
    }

    /// Waited for before each delivery; gets what was delivered so far.
    package var before: (@Sendable (Int) async throws -> Void)?
    /// Waited for until there is room; gets what was delivered so far.
    package var room: (@Sendable (Int) async throws -> Void)?

    package mutating func deliver(_ bytes: ByteBuffer) async throws {
        try await before?(contents.count)
        contents.append(bytes)
    }

    package mutating func waitForRoom() async throws { try await room?(contents.count) }
}

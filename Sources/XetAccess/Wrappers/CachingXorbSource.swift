import NIOCore
public import XetCore

/// Serves chunks that are kept, joins GETs that bring what is missing, and keeps what they bring.
///
/// Nothing that a store does wrong ends a fetch: what cannot be had from there comes from upstream. ``run()`` has to run; until
/// then, and afterwards, everything comes from upstream and nothing is kept.
public struct CachingXorbSource<Upstream: XorbSource, Store: ChunkStore>: XorbSource {
    /// How often a fetch may find what is kept damaged or gone, before it goes upstream alone.
    private static var mostSetbackCount: Int { 4 }

    let upstream: Upstream
    let store: Store
    private let deck: FlightDeck
    private let events: any CacheEvents
    /// What is to be had anew, and is known.
    let lost: LostProofs

    /// A cache in front of `upstream`; `onKept` gets chunks that a GET brought, when its readers have left.
    public init(
        _ upstream: Upstream,
        store: Store,
        events: any CacheEvents = NoCacheEvents(),
        onKept: @escaping @Sendable (XorbHash, ChunkRange) -> Void = { _, _ in }
    ) {
        self.upstream = upstream
        self.store = store
        self.events = events
        lost = LostProofs()
        deck = FlightDeck(onKept: onKept)
    }

    /// Runs the GETs that readers share, until it is cancelled.
    public func run() async { await deck.run(upstream, store) }

    /// Bytes that are held in memory of GETs that readers share.
    var heldByteCount: Int { deck.board.heldByteCount }

    /// Returns when what is on its way now of some xorbs is kept, or lost.
    func waitForFlights(of xorbs: Set<XorbHash>) async throws { try await deck.board.wait(for: xorbs) }

    /// Several ranges come one by one: each may be kept, or on its way, already.
    public func isOneRequest(_ fetches: [XorbFetch]) -> Bool { fetches.count == 1 }

    public func fetch(_ fetch: XorbFetch, _ body: (XorbPiece) async throws -> Void) async throws {
        var position = ReadPosition(chunk: fetch.info.chunks.start)
        let isShared =
            switch fetch.origin {
            case .any, .beside: true
            case .anew: try await keepOnlyProven(fetch)
            }
        if isShared, deck.isOpen {
            try await readShared(fetch, &position, body)
            if fetch.origin == .beside { try await readRescue(fetch, &position, body) }
        }
        if position.chunk < fetch.info.chunks.end {
            try await readUpstream(fetch, from: position, body)
        } else if position.byteCount != Int(fetch.info.bytes.count) {
            throw XetError(
                .corrupt,
                "chunks \(fetch.info.chunks) of xorb \(fetch.xorb) have \(position.byteCount) bytes, not \(fetch.info.bytes.count)"
            )
        }
    }

    public func reach(_ fetch: XorbFetch) async throws -> XorbReach? {
        guard deck.isOpen else { return nil }
        do {
            switch try await nextPart(fetch, fetch.info.chunks.start) {
            case nil: return nil
            case .kept: return XorbReach(isKept: true)
            case .flight(let seat):
                try await seat.flight.begin()
                return XorbReach(isKept: false, holding: seat)
            }
        } catch is FlightError {
            return nil
        }
    }

    /// Reads from what is kept and from flights, as far as that goes.
    private func readShared(
        _ fetch: XorbFetch,
        _ position: inout ReadPosition,
        _ body: (XorbPiece) async throws -> Void
    ) async throws {
        let end = fetch.info.chunks.end
        // Beside a GET that stalls only what is there already is worth having.
        let waits = fetch.origin != .beside
        var setbackCount = 0
        var seats: [FlightSeat]?
        var hasFailed = false
        while position.chunk < end, setbackCount < Self.mostSetbackCount {
            var isFirst = true
            do {
                guard let part = try await nextPart(fetch, position.chunk, mayBegin: waits) else { return }
                if waits, seats == nil { seats = try await takeSeats(fetch, from: part.end) }
                switch part {
                case .kept(let run):
                    try await read(run, fetch, &position, body)
                case .flight(let seat):
                    isFirst = seat.isFirst || seats?.contains { $0.isFirst && $0.flight === seat.flight } == true
                    let before = position
                    defer {
                        noteServed(position, since: before, from: .flight)
                        if !isFirst { CacheTally.current?.noteShared(position.byteCount - before.byteCount) }
                    }
                    let partEnd = min(part.end, end)
                    try await follow(seat, fetch, &position, to: partEnd, waiting: waits, body)
                    if position.chunk < partEnd { return }
                }
            } catch is ChunkStoreError {
                setbackCount += 1
                events.noteHealed()
            } catch let failure as FlightFailure {
                // What a GET of somebody else met with may be over. What may pass anyway is repeated by the reader, later.
                guard !isFirst, !hasFailed, !failure.cause.isTransient else { throw failure.cause }
                hasFailed = true
                seats = nil
            } catch is FlightError {
                return
            }
        }
    }

    /// Reads from the one flight that is begun beside those that stall, as far as that goes.
    private func readRescue(
        _ fetch: XorbFetch,
        _ position: inout ReadPosition,
        _ body: (XorbPiece) async throws -> Void
    ) async throws {
        let end = fetch.info.chunks.end
        while position.chunk < end {
            try Self.checkHasAddress(fetch, from: position.chunk)
            let (flight, isNew) = deck.board.rescue(fetch, from: position.chunk)
            let seat = FlightSeat(flight, isFirst: isNew)
            if isNew { deck.start(flight) }
            let before = position
            defer { noteServed(position, since: before, from: .flight) }
            do {
                try await follow(seat, fetch, &position, to: min(flight.chunks.end, end), waiting: true, body)
            } catch is ChunkStoreError {
                return events.noteHealed()
            } catch let failure as FlightFailure {
                throw failure.cause
            } catch is FlightError {
                return
            }
        }
    }

    private func follow(
        _ seat: FlightSeat,
        _ fetch: XorbFetch,
        _ position: inout ReadPosition,
        to end: Int,
        waiting waits: Bool,
        _ body: (XorbPiece) async throws -> Void
    ) async throws {
        let expected = try await expected(fetch, from: position.chunk, to: end)
        try await seat.flight.follow(&position, to: end, waiting: waits, store: store) { piece in
            try await body(Self.piece(piece, expected))
        }
    }

    /// Begins all GETs that the rest of a range needs, and joins those that others have begun: none is to wait until what
    /// comes before it has been read.
    private func takeSeats(_ fetch: XorbFetch, from start: Int) async throws -> [FlightSeat] {
        var seats: [FlightSeat] = []
        // What has no address is kept, or was: that is found when it is read.
        guard fetch.info.url != .kept else { return seats }
        var next = start
        while next < fetch.info.chunks.end, let part = try await nextPart(fetch, next) {
            if case .flight(let seat) = part { seats.append(seat) }
            next = part.end
        }
        return seats
    }

    private enum Part {
        case kept(ChunkRun)
        case flight(FlightSeat)

        /// The chunk after its last.
        var end: Int {
            switch self {
            case .kept(let run): run.chunks.end
            case .flight(let seat): seat.flight.chunks.end
            }
        }
    }

    /// Where a chunk comes from; begins a flight if it comes from nowhere else, or returns `nil` if it may not.
    private func nextPart(_ fetch: XorbFetch, _ chunk: Int, mayBegin: Bool = true) async throws -> Part? {
        var staleCount = 0
        while true {
            // Beside a flight that stalls, what another one has brought meanwhile counts first.
            if mayBegin, let seat = seat(chunk, of: fetch.xorb) { return .flight(seat) }
            let moment = deck.board.endedCount
            let rest = ChunkRange(start: chunk, end: fetch.info.chunks.end) ?? fetch.info.chunks
            let runs = try await runs(of: fetch, in: rest)
            let holding = runs.filter { $0.chunks.start <= rest.start && rest.start < $0.chunks.end }
            if let run = holding.max(by: { $0.chunks.end < $1.chunks.end }) { return .kept(run) }
            guard mayBegin else { return seat(chunk, of: fetch.xorb).map { .flight($0) } }
            try Self.checkHasAddress(fetch, from: rest.start)
            let missing = Self.missing(in: rest, runs)
            switch deck.board.begin(fetch, missing: missing, since: staleCount < 3 ? moment : nil) {
            case .joined(let flight): return .flight(FlightSeat(flight, isFirst: false))
            case .new(let flight):
                deck.start(flight)
                return .flight(FlightSeat(flight, isFirst: true))
            case .stale: staleCount += 1
            }
        }
    }

    /// A place in the flight that brings a chunk.
    private func seat(_ chunk: Int, of xorb: XorbHash) -> FlightSeat? {
        deck.board.join(chunk, of: xorb).map { FlightSeat($0, isFirst: false) }
    }

    /// What is kept of a range; nothing if the store cannot say.
    private func runs(of fetch: XorbFetch, in chunks: ChunkRange) async throws -> [ChunkRun] {
        do {
            return try await store.runs(of: fetch.xorb, in: chunks)
        } catch let error where !(error is CancellationError) {
            throw FlightError.notKept
        }
    }

    /// From the first chunk of a range, which is missing, to its last that is.
    private static func missing(in rest: ChunkRange, _ runs: [ChunkRun]) -> ChunkRange {
        var end = rest.end
        for run in runs.sorted(by: { $0.chunks.end > $1.chunks.end }) where run.chunks.end >= end {
            end = min(end, run.chunks.start)
        }
        return ChunkRange(start: rest.start, end: max(end, rest.start + 1)) ?? rest
    }

    /// Reads what a run has of a fetch, from a position in it on.
    private func read(
        _ run: ChunkRun,
        _ fetch: XorbFetch,
        _ position: inout ReadPosition,
        _ body: (XorbPiece) async throws -> Void
    ) async throws {
        guard let part = Self.part(of: run, fetch, position) else {
            // One of two runs stands at a wrong place. A proven one does not, so then it is the other.
            if !run.contents.records.allSatisfy(\.isProven) { try? await store.remove(run.id) }
            throw ChunkStoreError.damaged(xorb: fetch.xorb, chunk: position.chunk)
        }
        // A client that takes chunks as they are shall not get what cannot be unpacked a second time.
        let run = try await ChunkHasher(store, lost).hashed(run, in: part)
        let hashes = KeptHashes(run)
        let before = position
        defer { noteServed(position, since: before, from: .cache) }
        do {
            for step in RunSteps(run.contents, part) {
                let bytes = try await KeptBytes.read(step.records, firstChunk: step.firstChunk, of: fetch.xorb) {
                    try await store.read(step.bytes, of: run.id)
                }
                try await body(XorbPiece(bytes, hashes: hashes))
                position.chunk += step.records.count
                position.byteCount += step.bytes.count
            }
        } catch let error as ChunkStoreError {
            lost.note(run.contents)
            try? await store.remove(run.id)
            throw error
        }
        try? await hashes.flush(to: store)
    }

    /// What a run has of a fetch, from a position in it on; `nil` if it has its first chunk at another place of the xorb.
    private static func part(of run: ChunkRun, _ fetch: XorbFetch, _ position: ReadPosition) -> ChunkRange? {
        let end = min(run.chunks.end, fetch.info.chunks.end)
        guard let part = ChunkRange(start: position.chunk, end: end), run.chunks.contains(part),
            run.contents.firstByte + UInt64(run.contents.bytes(of: part).lowerBound)
                == fetch.info.bytes.first + UInt64(position.byteCount)
        else { return nil }
        return part
    }

    private func noteServed(_ position: ReadPosition, since before: ReadPosition, from origin: CacheOrigin) {
        let byteCount = position.byteCount - before.byteCount
        events.noteServed(byteCount, chunkCount: position.chunk - before.chunk, from: origin)
        CacheTally.current?.note(byteCount, from: origin)
    }

    /// Drops what is kept of a range and was never proven; returns whether all of the range is left.
    private func keepOnlyProven(_ fetch: XorbFetch) async throws -> Bool {
        let chunks = fetch.info.chunks
        var next = chunks.start
        do {
            for run in try await store.runs(of: fetch.xorb, in: chunks) {
                guard run.contents.records(in: chunks).allSatisfy(\.isProven) else {
                    events.noteHealed()
                    try await store.remove(run.id)
                    continue
                }
                if run.chunks.start <= next { next = max(next, run.chunks.end) }
            }
        } catch let error where !(error is CancellationError) {
            return false
        }
        return next >= chunks.end
    }

    /// Reads the range from upstream, without its first bytes.
    private func readUpstream(
        _ fetch: XorbFetch,
        from position: ReadPosition,
        _ body: (XorbPiece) async throws -> Void
    ) async throws {
        try Self.checkHasAddress(fetch, from: position.chunk)
        let expected = try await expected(fetch, from: position.chunk, to: fetch.info.chunks.end)
        var reached = position
        defer { noteServed(reached, since: position, from: .upstream) }
        try await upstream.fetch(fetch, skipping: position.byteCount) { piece in
            reached.byteCount += piece.bytes.readableBytes
            try await body(Self.piece(piece, expected))
        }
        reached.chunk = fetch.info.chunks.end
    }

    /// What was planned from what is kept has no address.
    private static func checkHasAddress(_ fetch: XorbFetch, from chunk: Int) throws(XetError) {
        guard fetch.info.url == .kept else { return }
        throw XetError(.expired, "chunk \(chunk) of xorb \(fetch.xorb) is no longer kept")
    }

    /// The hashes that chunks must have which come from upstream.
    ///
    /// Throws `.notFound` if only proven chunks may be read and nobody knows the hash of one.
    private func expected(_ fetch: XorbFetch, from start: Int, to end: Int) async throws -> [Int: ChunkHash] {
        guard let chunks = ChunkRange(start: start, end: end) else { return [:] }
        var expected = lost.hashes(of: fetch.xorb, in: chunks)
        guard CacheTally.current?.isOnlyProven == true else { return expected }
        for run in try await store.runs(of: fetch.xorb, in: chunks) {
            guard let common = run.chunks.intersection(chunks) else { continue }
            for chunk in common.start..<common.end {
                let record = run.contents.record(of: chunk)
                if record.isProven { expected[chunk] = record.hash }
            }
        }
        guard expected.count == chunks.count else {
            throw XetError(.notFound, "\(chunks) of xorb \(fetch.xorb) was proven and is no longer kept: ask again")
        }
        return expected
    }

    private static func piece(_ piece: XorbPiece, _ expected: [Int: ChunkHash]) -> XorbPiece {
        expected.isEmpty ? piece : XorbPiece(piece.bytes, hashes: ExpectedHashes(piece.hashes, expected))
    }
}

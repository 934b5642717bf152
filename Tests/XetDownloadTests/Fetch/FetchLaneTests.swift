import Testing
import XetAccess
import XetAccessTestSupport
import XetTestSupport

@testable import XetDownload

@Suite struct FetchLaneTests {
    private let executor = StepExecutor()
    private let clock = ManualClock()
    private let budget = FetchBudget(byteCount: 10_000, firstByteCount: 10_000, placeByteCount: 10)

    private struct Broken: Error {}

    private func lane(
        _ fetch: SampleFetch,
        room: Int = 1 << 20,
        least: Int = 100,
        ordinal: Int = 0,
        of account: FetchAccount
    ) -> FetchLane {
        FetchLane(
            fetch.plan,
            ordinal: ordinal,
            room: FetchLane.Room(byteCount: room, leastByteCount: least),
            account: account,
            watch: Stopwatch(clock)
        )
    }

    private func started<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) -> Started<Value> {
        let started = executor.start(body)
        executor.runUntilIdle()
        return started
    }

    /// A GET that puts in one chunk after the other, once there is memory for them.
    private func bring(_ chunks: Range<Int>, of fetch: SampleFetch, to lane: FetchLane) -> Started<Void> {
        started {
            for chunk in chunks {
                try await lane.open()
                try await lane.put(fetch.batch(chunk..<chunk + 1))
            }
        }
    }

    /// A reader that takes all uses of some chunks.
    private func read(_ uses: some Collection<Int> & Sendable, from lane: FetchLane) -> Started<[UInt8]> {
        started { try await Self.read(uses, from: lane) }
    }

    private static func read(_ uses: some Collection<Int>, from lane: FetchLane) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        for use in uses {
            while true {
                if let chunk = try lane.chunk(use) {
                    bytes += chunk.bytes
                    lane.leave(use, byteCount: chunk.byteCount)
                    break
                }
                try await lane.waitForChunk(use)
            }
        }
        return bytes
    }

    private func settle(_ event: () -> Void) {
        event()
        executor.runUntilIdle()
    }

    // MARK: Memory

    @Test func `it has a place before the GET, and memory when the head has come`() throws {
        let fetch = try SampleFetch()
        let lane = lane(fetch, of: budget.account())
        #expect(started { try await lane.takePlace() }.value != nil)
        #expect(budget.reservedByteCount == 10)
        #expect(started { try await lane.open() }.value != nil)
        #expect(budget.reservedByteCount == 1210)
        // What it has is enough.
        #expect(started { try await lane.open() }.value != nil)
        #expect(budget.reservedByteCount == 1210)
        lane.endPlace()
        #expect(budget.reservedByteCount == 1200)
        lane.close()
        #expect(budget.reservedByteCount == 0)
    }

    @Test func `it takes no more than its room, unless its chunks are kept`() throws {
        for (ranges, byteCount) in [([0..<12], 250), ([0..<12, 0..<12], 1200)] {
            let fetch = try SampleFetch(ranges)
            let lane = lane(fetch, room: 250, of: budget.account())
            #expect(started { try await lane.open() }.value != nil)
            #expect(budget.reservedByteCount == byteCount)
            lane.close()
            #expect(budget.reservedByteCount == 0)
        }
    }

    @Test func `when memory is used up its reader gets a few chunks at a time`() throws {
        let budget = FetchBudget(byteCount: 1000, firstByteCount: 1000)
        let hog = budget.account()
        _ = started { try await hog.bytes(for: .init(ordinal: 0, byteCount: 1000, leastByteCount: 1000)) }
        let fetch = try SampleFetch()
        let lane = lane(fetch, least: 120, of: budget.account())
        let get = bring(0..<12, of: fetch, to: lane)
        #expect(get.isWaiting)
        #expect(budget.reservedByteCount == 1000)
        let reader = read(0..<12, from: lane)
        #expect(reader.value == fetch.file.bytes)
        #expect(get.value != nil)
        #expect(budget.reservedByteCount == 1000)
    }

    @Test(arguments: [(1, 4), (8, 4), (9, 1)])
    func `a fetch of at most a mebibyte counts a fourth`(chunkCount: Int, mostPlaceCount: Int) throws {
        let budget = FetchBudget(byteCount: 1 << 30, firstByteCount: 1 << 30, firstFetchCount: 1)
        let account = budget.account()
        let fetch = try SampleFetch([0..<chunkCount], chunkCount: chunkCount, chunkByteCount: 128 << 10)
        // One request for a place waits at a time.
        var placeCount = 0
        while placeCount < 6 {
            let lane = lane(fetch, ordinal: placeCount, of: account)
            let place = started { try await lane.takePlace() }
            guard place.value != nil else { break }
            placeCount += 1
        }
        #expect(placeCount == mostPlaceCount)
        account.close()
        executor.runUntilIdle()
    }

    @Test func `a GET that fails gives memory back, and the next one asks again`() throws {
        let fetch = try SampleFetch()
        let account = budget.account()
        let lane = lane(fetch, of: account)
        _ = bring(0..<3, of: fetch, to: lane)
        #expect(budget.reservedByteCount == 1200)
        lane.pause()
        #expect(budget.reservedByteCount == 300)
        let reader = read(0..<12, from: lane)
        #expect(reader.isWaiting)
        #expect(bring(3..<12, of: fetch, to: lane).value != nil)
        #expect(reader.value == fetch.file.bytes)
        #expect(budget.reservedByteCount == 0)
    }

    /// Others take the memory meanwhile, those among them that wait for the same reader.
    @Test func `a GET that fails while its reader waits gets memory again`() throws {
        let budget = FetchBudget(byteCount: 1500, firstByteCount: 10_000, mostFetchCount: 9)
        let account = budget.account()
        let fetch = try SampleFetch()
        let (lane, later) = (lane(fetch, of: account), lane(fetch, ordinal: 1, of: account))
        // The reader comes when there is memory, so it asks for none.
        _ = started { try await lane.open() }
        let reader = read(0..<12, from: lane)
        #expect(reader.isWaiting)
        let other = started { try await later.open() }
        #expect(other.isWaiting)
        settle { lane.pause() }
        #expect(other.value != nil)
        #expect(budget.reservedByteCount == 1200)
        let second = bring(0..<12, of: fetch, to: lane)
        #expect(second.value != nil)
        #expect(reader.value == fetch.file.bytes)
    }

    @Test func `a reader that comes between two GETs gets memory for the second`() throws {
        let budget = FetchBudget(byteCount: 1500, firstByteCount: 10_000)
        let account = budget.account()
        let fetch = try SampleFetch()
        let (lane, later) = (lane(fetch, of: account), lane(fetch, ordinal: 1, of: account))
        _ = started { try await lane.open() }
        lane.pause()
        _ = started { try await later.open() }
        let reader = read(0..<12, from: lane)
        #expect(reader.isWaiting)
        #expect(bring(0..<12, of: fetch, to: lane).value != nil)
        #expect(reader.value == fetch.file.bytes)
    }

    // MARK: Waiting

    @Test func `a GET waits while the lane is full`() throws {
        let fetch = try SampleFetch()
        let lane = lane(fetch, room: 250, of: budget.account())
        let get = bring(0..<12, of: fetch, to: lane)
        #expect(get.isWaiting)
        #expect(lane.next == 3)
        #expect(read([0], from: lane).value != nil)
        #expect(lane.next == 4)
        #expect(read([1, 2, 3], from: lane).value != nil)
        #expect(lane.next == 7)
        #expect(read(4..<12, from: lane).value?.count == 800)
        #expect(get.value != nil)
        #expect(budget.reservedByteCount == 0)
    }

    /// Else as few fetches would lie ahead of a reader as there are places, however small they are.
    @Test(arguments: [[0..<12], [0..<12, 0..<12], [2..<12]])
    func `a GET that has brought everything waits for nobody`(ranges: [Range<Int>]) throws {
        let fetch = try SampleFetch(ranges)
        let lane = lane(fetch, of: budget.account())
        #expect(bring(0..<12, of: fetch, to: lane).value != nil)
        let reader = read(fetch.uses, from: lane)
        #expect(reader.value == fetch.file.bytes)
    }

    @Test func `a reader waits for what comes`() throws {
        let fetch = try SampleFetch()
        let lane = lane(fetch, of: budget.account())
        let reader = read(0..<12, from: lane)
        for chunk in 0..<12 {
            #expect(reader.isWaiting)
            _ = bring(chunk..<chunk + 1, of: fetch, to: lane)
        }
        #expect(reader.value == fetch.file.bytes)
    }

    @Test func `two GETs put in at the same time, each chunk comes once`() throws {
        let fetch = try SampleFetch()
        let lane = lane(fetch, room: 250, of: budget.account())
        let gets = [bring(0..<12, of: fetch, to: lane), bring(0..<12, of: fetch, to: lane)]
        // Both wait for the same room.
        #expect(gets.allSatisfy { $0.isWaiting })
        #expect(read(0..<12, from: lane).value == fetch.file.bytes)
        #expect(gets.allSatisfy { $0.value != nil })
        #expect(budget.reservedByteCount == 0)
    }

    @Test func `two GETs share the memory that the first of them asked for`() throws {
        let budget = FetchBudget(byteCount: 1500, firstByteCount: 1500)
        let (hog, account) = (budget.account(), budget.account())
        _ = started { try await hog.bytes(for: .init(ordinal: 0, byteCount: 1500, leastByteCount: 1500)) }
        let fetch = try SampleFetch()
        let lane = lane(fetch, of: account)
        let (first, second) = (started { try await lane.open() }, started { try await lane.open() })
        #expect(first.isWaiting && second.isWaiting)
        settle { hog.release(held: 1500) }
        #expect(first.value != nil && second.value != nil)
        #expect(budget.reservedByteCount == 1200)
        // One that goes while it waits leaves the other its turn.
        lane.pause()
        _ = started { try await hog.bytes(for: .init(ordinal: 1, byteCount: 1500, leastByteCount: 1500)) }
        let (third, fourth) = (started { try await lane.open() }, started { try await lane.open() })
        settle { third.cancel() }
        #expect(third.error is CancellationError)
        #expect(fourth.isWaiting)
        settle { hog.release(held: 1500) }
        #expect(fourth.value != nil)
        #expect(budget.reservedByteCount == 1200)
    }

    @Test func `it tells how long it has waited for the budget, now and before`() throws {
        let budget = FetchBudget(byteCount: 1300, firstByteCount: 1300, placeByteCount: 650)
        let (hog, account) = (budget.account(), budget.account())
        let fetch = try SampleFetch()
        let (first, lane) = (lane(fetch, of: hog), lane(fetch, of: account))
        _ = started { try await first.takePlace() }
        let place = started { try await lane.takePlace() }
        clock.advance(by: .seconds(3))
        #expect(lane.budgetWait == .seconds(3))
        settle { first.endPlace() }
        #expect(place.value != nil)
        clock.advance(by: .seconds(10))
        #expect(lane.budgetWait == .seconds(3))
        let bytes = started { try await lane.open() }
        clock.advance(by: .seconds(2))
        #expect(lane.budgetWait == .seconds(5))
        settle { lane.endPlace() }
        #expect(bytes.value != nil)
        clock.advance(by: .seconds(10))
        #expect(lane.budgetWait == .seconds(5))
        // One that was cancelled has waited too.
        lane.pause()
        _ = started { try await hog.bytes(for: .init(ordinal: 5, byteCount: 1300, leastByteCount: 1300)) }
        let again = started { try await lane.open() }
        clock.advance(by: .seconds(1))
        settle { again.cancel() }
        clock.advance(by: .seconds(1))
        #expect(lane.budgetWait == .seconds(6))
    }

    // MARK: Ends

    @Test func `the reader sees the end, or the failure, after what is there`() throws {
        let fetch = try SampleFetch()
        for isFailure in [false, true] {
            let lane = lane(fetch, of: budget.account())
            _ = bring(0..<2, of: fetch, to: lane)
            let reader = read(0..<3, from: lane)
            #expect(reader.isWaiting)
            settle { lane.finish(isFailure ? .failure(Broken()) : .success(())) }
            if isFailure {
                #expect(reader.error is Broken)
            } else {
                #expect((reader.error as? XetError)?.code == .corrupt)
            }
        }
    }

    @Test func `closing wakes the GETs that wait, and gives all back`() throws {
        let fetch = try SampleFetch()
        let lane = lane(fetch, room: 250, of: budget.account())
        _ = started { try await lane.takePlace() }
        let gets = [bring(0..<12, of: fetch, to: lane), bring(0..<12, of: fetch, to: lane)]
        let reader = read([0], from: lane)
        #expect(reader.value == fetch.bytes(of: 0))
        #expect(gets.allSatisfy { $0.isWaiting })
        settle { lane.close() }
        #expect(gets.allSatisfy { $0.value != nil })
        #expect(!lane.isGETUseful)
        #expect(read([1], from: lane).error is LaneClosedError)
        lane.endPlace()
        lane.close()
        #expect(budget.reservedByteCount == 0)
    }

    @Test func `a reader that waits for an empty lane learns that it is closed`() throws {
        let fetch = try SampleFetch()
        let lane = lane(fetch, of: budget.account())
        let reader = read(0..<12, from: lane)
        #expect(reader.isWaiting)
        settle { lane.close() }
        #expect(reader.error is LaneClosedError)
    }

    @Test func `memory that comes after it was closed goes back at once`() throws {
        let budget = FetchBudget(byteCount: 1500, firstByteCount: 1500)
        let (hog, account) = (budget.account(), budget.account())
        _ = started { try await hog.bytes(for: .init(ordinal: 0, byteCount: 1500, leastByteCount: 1500)) }
        let fetch = try SampleFetch()
        let lane = lane(fetch, of: account)
        let get = bring(0..<12, of: fetch, to: lane)
        lane.close()
        settle { hog.release(held: 1500) }
        #expect(get.value != nil)
        #expect(budget.reservedByteCount == 0)
    }

    /// When a lane gets its place.
    enum Placing: CaseIterable {
        case never, beforeClosing, afterClosing
    }

    @Test(arguments: Placing.allCases)
    func `one that is closed leaves nothing ahead, and frees nothing that it had not`(placing: Placing) throws {
        let budget = FetchBudget(byteCount: 10_000, firstByteCount: 2400, firstFetchCount: 9)
        let account = budget.account()
        let fetch = try SampleFetch()
        let closed = lane(fetch, of: account)
        if placing == .beforeClosing { _ = started { try await closed.takePlace() } }
        closed.close()
        if placing == .afterClosing { _ = started { try await closed.takePlace() } }
        if placing != .never { closed.endPlace() }
        let lanes = (1...3).map { lane(fetch, ordinal: $0, of: account) }
        let places = lanes.map { lane in started { try await lane.takePlace() } }
        #expect(places.map(\.isWaiting) == [false, false, true])
        settle { lanes[0].close() }
        #expect(!places[2].isWaiting)
    }

    @Test func `cancelling ends each wait, and nothing stays behind`() throws {
        let fetch = try SampleFetch()
        let lane = lane(fetch, room: 250, of: budget.account())
        let reader = started { try await lane.waitForChunk(0) }
        settle { reader.cancel() }
        #expect(reader.error is CancellationError)
        let (get, other) = (bring(0..<12, of: fetch, to: lane), bring(0..<12, of: fetch, to: lane))
        settle { get.cancel() }
        #expect(get.error is CancellationError)
        #expect(other.isWaiting)
        #expect(read(0..<12, from: lane).value == fetch.file.bytes)
        #expect(other.value != nil)
        #expect(budget.reservedByteCount == 0)
    }

    // MARK: Any order

    /// One or two GETs, that fail now and then and come again, against a reader, cancellation and closing.
    @Test(arguments: 0..<300 as Range<UInt64>)
    func `in any order of events every chunk comes once and in order, and nobody waits for ever`(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let executor = StepExecutor(seed: seed)
        let byteCount = Int.random(in: 100...3000, using: &random)
        let budget = FetchBudget(byteCount: byteCount, firstByteCount: 3000, placeByteCount: 7)
        let account = budget.account()
        let ranges = [[0..<12], [2..<5, 7..<9], [0..<12, 3..<8], [6..<9, 0..<4, 6..<9]]
        let fetch = try SampleFetch(try #require(ranges.randomElement(using: &random)))
        let room = FetchLane.Room(
            byteCount: Int.random(in: 1...1500, using: &random),
            leastByteCount: Int.random(in: 1...300, using: &random)
        )
        let lane = FetchLane(fetch.plan, ordinal: 0, room: room, account: account, watch: Stopwatch(ManualClock()))
        let getCount = Int.random(in: 1...2, using: &random)
        let runner = executor.start { await Self.run(lane, of: fetch, getCount: getCount, seed: seed) }
        let uses = fetch.uses
        let reader = executor.start { try await Self.read(uses, from: lane) }
        executor.run(Int.random(in: 0...200, using: &random))
        let end = Int.random(in: 0..<4, using: &random)
        switch end {
        case 0: lane.close()
        case 1: reader.cancel()
        case 2: runner.cancel()
        default: break
        }
        executor.runUntilIdle()
        #expect(!reader.isWaiting)
        if let value = reader.value { #expect(value == fetch.file.bytes) }
        if end == 3 { #expect(reader.error == nil) }
        // A download that fails, or is over, cancels the others and closes what it has.
        runner.cancel()
        lane.close()
        executor.runUntilIdle()
        #expect(!runner.isWaiting)
        #expect(budget.reservedByteCount == 0)
    }

    /// GETs side by side, again and again until everything has come.
    private static func run(_ lane: FetchLane, of fetch: SampleFetch, getCount: Int, seed: UInt64) async {
        var random = SplitMix64(seed: seed)
        do {
            try await lane.takePlace()
            defer { lane.endPlace() }
            var attempt = 0
            while lane.isGETUseful, !lane.isComplete {
                attempt += 1
                try Task.checkCancellation()
                let sizes = (0..<getCount).map { _ in Int.random(in: 1...4, using: &random) }
                let count = 5 * attempt
                await withTaskGroup { group in
                    for size in sizes {
                        group.addTask { try? await get(count, by: size, of: fetch, to: lane) }
                    }
                }
                // What has not come will be asked for again.
                lane.pause()
                await Task.yield()
            }
            lane.finish()
        } catch {
            lane.finish(.failure(error))
        }
    }

    /// A GET that puts in so many chunks at a time, and breaks after some.
    private static func get(_ count: Int, by size: Int, of fetch: SampleFetch, to lane: FetchLane) async throws {
        for start in stride(from: 0, to: min(count, 12), by: size) {
            try await lane.open()
            try await lane.put(fetch.batch(start..<min(12, start + size)))
            guard lane.isGETUseful else { return }
        }
    }
}

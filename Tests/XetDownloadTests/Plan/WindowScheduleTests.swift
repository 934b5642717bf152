import Testing
import XetCore
import XetTestSupport

@testable import XetDownload

@Suite struct WindowScheduleTests {
    private func range(_ start: UInt64, _ end: UInt64) throws -> FileByteRange {
        try #require(FileByteRange(start: start, end: end))
    }

    /// Windows from `least` to `most`, of ranges up to `range`.
    private func schedule(
        first: UInt64 = 100,
        least: UInt64 = 100,
        resumption: UInt64 = 10,
        range: UInt64 = 1000,
        most: UInt64 = 1000
    ) -> WindowSchedule {
        WindowSchedule(
            firstByteCount: first,
            leastByteCount: least,
            leastResumptionByteCount: resumption,
            mostRangeByteCount: range,
            mostByteCount: most
        )
    }

    @Test func `the first window is small`() throws {
        let schedule = schedule()
        #expect(schedule.first(of: try range(7, 5000)) == (try range(7, 107)))
        #expect(schedule.first(of: try range(7, 107)) == (try range(7, 107)))
        #expect(schedule.first(of: try range(7, 50)) == (try range(7, 50)))
        #expect(schedule.first(of: try range(7, 7)) == nil)
        #expect(schedule.first(of: FileByteRange(count: 0)) == nil)
    }

    @Test(arguments: [
        (0, 100), (99, 100), (100, 100), (101, 101), (999, 999), (1000, 1000), (1001, 1000), (Int.max / 4, 1000),
    ])
    func `later windows follow how far the download may run ahead`(runAhead: Int, count: Int) throws {
        let window = schedule().next(from: 10, in: try range(0, 100_000), byteLimit: 4 * runAhead, fetchLimit: 4)
        #expect(window == (try range(10, 10 + UInt64(count))))
    }

    @Test func `a negative run-ahead counts as none`() throws {
        #expect(schedule().next(from: 10, in: try range(0, 500), byteLimit: -5, fetchLimit: 1) == (try range(10, 110)))
        #expect(schedule().next(from: 10, in: try range(0, 500), byteLimit: 9, fetchLimit: -1) == (try range(10, 110)))
    }

    @Test func `two windows fit, and one for each fetch`() throws {
        let file = try range(0, 100_000)
        let counts = [1, 2, 3, 8, 90].map { schedule().next(from: 0, in: file, byteLimit: 1800, fetchLimit: $0)?.count }
        #expect(counts == [900, 900, 600, 225, 100])
    }

    /// What a slow reader has is about a chunk.
    @Test func `the least is for the others, not for the first`() throws {
        let schedule = schedule(first: 700, least: 30)
        let file = try range(0, 100_000)
        #expect(schedule.first(of: file)?.count == 700)
        #expect(schedule.next(from: 0, in: file, byteLimit: 0, fetchLimit: 1)?.count == 30)
        #expect(schedule.next(from: 0, in: file, byteLimit: 80, fetchLimit: 1)?.count == 40)
    }

    // MARK: Files in pieces

    @Test(arguments: [(0.0, 250), (0.5, 250), (1, 250), (1.5, 375), (3, 750), (4, 1000), (100, 1000), (1e300, 1000)])
    func `windows are longer where ranges are short anyway`(spread: Double, count: Int) throws {
        let schedule = schedule(most: 5000)
        let window = schedule.next(
            from: 0,
            in: try range(0, 100_000),
            byteLimit: 2000,
            fetchLimit: 8,
            spread: spread
        )
        #expect(window?.count == UInt64(count))
    }

    @Test func `they keep to the most, and two of them fit`() throws {
        let file = try range(0, 1 << 40)
        let schedule = schedule(range: 800, most: 5000)
        for byteLimit in [100, 2000, 9000, 1 << 30] {
            for fetchLimit in [1, 2, 16, 64] {
                for spread in [1.0, 2, 50, 1e9] {
                    let window = try #require(
                        schedule.next(from: 3, in: file, byteLimit: byteLimit, fetchLimit: fetchLimit, spread: spread)
                    )
                    #expect(window.count <= 5000)
                    #expect(window.count <= max(100, UInt64(byteLimit / 2)))
                }
            }
        }
    }

    @Test func `the most is never passed`() throws {
        let schedule = schedule(range: 8000, most: 500)
        let window = schedule.next(from: 0, in: try range(0, 100_000), byteLimit: 1 << 20, fetchLimit: 1)
        #expect(window?.count == 500)
    }

    // MARK: After a pause

    @Test(arguments: [(-1, 10), (0, 10), (10, 10), (11, 11), (999, 999), (1001, 1000), (Int.max, 1000)])
    func `a reader that had paused gets what it is likely to take`(byteLimit: Int, count: Int) throws {
        let window = schedule(most: 5000).resumption(from: 7, in: try range(0, 100_000), byteLimit: byteLimit)
        #expect(window == (try range(7, 7 + UInt64(count))))
    }

    @Test func `it gets nothing after the end`() throws {
        #expect(schedule().resumption(from: 95, in: try range(0, 100), byteLimit: 500) == (try range(95, 100)))
        #expect(schedule().resumption(from: 100, in: try range(0, 100), byteLimit: 500) == nil)
        #expect(schedule().resumption(from: .max, in: try range(0, 100), byteLimit: .max) == nil)
    }

    // MARK: The end

    @Test func `nothing comes after the end`() throws {
        let schedule = schedule()
        #expect(schedule.next(from: 500, in: try range(0, 500), byteLimit: 9, fetchLimit: 1) == nil)
        #expect(schedule.next(from: 501, in: try range(0, 500), byteLimit: 9, fetchLimit: 1) == nil)
        #expect(schedule.next(from: 499, in: try range(0, 500), byteLimit: 9, fetchLimit: 1) == (try range(499, 500)))
    }

    @Test func `offsets near the largest do not overflow`() throws {
        let schedule = schedule(first: .max, least: .max, range: .max, most: .max)
        let range = try range(.max - 10, .max)
        #expect(schedule.first(of: range) == range)
        for spread in [1, 1e9] {
            let window = schedule.next(from: .max - 1, in: range, byteLimit: .max, fetchLimit: 1, spread: spread)
            #expect(window == (try self.range(.max - 1, .max)))
        }
    }

    @Test(arguments: 0..<50 as Range<UInt64>)
    func `windows cover a range without gaps`(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let range = try range(UInt64.random(in: 0...500, using: &random), UInt64.random(in: 501...9000, using: &random))
        let schedule = schedule(
            first: UInt64.random(in: 1...200, using: &random),
            least: UInt64.random(in: 0...200, using: &random),
            range: UInt64.random(in: 1...2000, using: &random),
            most: UInt64.random(in: 1...2000, using: &random)
        )
        var position = range.start
        var window = schedule.first(of: range)
        while let current = window {
            #expect(current.start == position)
            #expect(!current.isEmpty)
            #expect(current.end <= range.end)
            position = current.end
            window = schedule.next(
                from: position,
                in: range,
                byteLimit: Int.random(in: 0...9000, using: &random),
                fetchLimit: Int.random(in: 1...5, using: &random),
                spread: Double.random(in: 0...20, using: &random)
            )
        }
        #expect(position == range.end)
    }
}

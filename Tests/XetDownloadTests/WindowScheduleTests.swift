import Testing
import XetCore
import XetTestSupport

@testable import XetDownload

@Suite struct WindowScheduleTests {
    private func range(_ start: UInt64, _ end: UInt64) throws -> FileByteRange {
        try #require(FileByteRange(start: start, end: end))
    }

    @Test func `the first window is small`() throws {
        let schedule = WindowSchedule(firstByteCount: 100, mostByteCount: 1000)
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
        let schedule = WindowSchedule(firstByteCount: 100, mostByteCount: 1000)
        let window = schedule.next(from: 10, in: try range(0, 100_000), byteLimit: 4 * runAhead, fetchLimit: 4)
        #expect(window == (try range(10, 10 + UInt64(count))))
    }

    @Test func `a negative run-ahead counts as none`() throws {
        let schedule = WindowSchedule(firstByteCount: 100, mostByteCount: 1000)
        #expect(schedule.next(from: 10, in: try range(0, 500), byteLimit: -5, fetchLimit: 1) == (try range(10, 110)))
    }

    @Test func `two windows fit, and one for each fetch`() throws {
        let schedule = WindowSchedule(firstByteCount: 100, mostByteCount: 1000)
        let file = try range(0, 100_000)
        let counts = [1, 2, 3, 8, 90].map { schedule.next(from: 0, in: file, byteLimit: 1800, fetchLimit: $0)?.count }
        #expect(counts == [900, 900, 600, 225, 100])
    }

    @Test func `nothing comes after the end`() throws {
        let schedule = WindowSchedule(firstByteCount: 100, mostByteCount: 1000)
        #expect(schedule.next(from: 500, in: try range(0, 500), byteLimit: 9, fetchLimit: 1) == nil)
        #expect(schedule.next(from: 501, in: try range(0, 500), byteLimit: 9, fetchLimit: 1) == nil)
        #expect(schedule.next(from: 499, in: try range(0, 500), byteLimit: 9, fetchLimit: 1) == (try range(499, 500)))
    }

    @Test func `offsets near the largest do not overflow`() throws {
        let schedule = WindowSchedule(firstByteCount: .max, mostByteCount: .max)
        let range = try range(.max - 10, .max)
        #expect(schedule.first(of: range) == range)
        #expect(
            schedule.next(from: .max - 1, in: range, byteLimit: .max, fetchLimit: 1) == (try self.range(.max - 1, .max))
        )
    }

    @Test(arguments: 0..<50 as Range<UInt64>)
    func `windows cover a range without gaps`(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let range = try range(UInt64.random(in: 0...500, using: &random), UInt64.random(in: 501...9000, using: &random))
        let schedule = WindowSchedule(
            firstByteCount: UInt64.random(in: 1...200, using: &random),
            mostByteCount: UInt64.random(in: 1...2000, using: &random)
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
                fetchLimit: Int.random(in: 1...5, using: &random)
            )
        }
        #expect(position == range.end)
    }
}

import Testing

@testable import XetDownload

@Suite struct PaceTests {
    private static let limits: Pace.Limits = {
        var limits = Pace.Limits()
        limits.leastByteCount = 200
        limits.firstByteCount = 1600
        limits.mostByteCount = 6000
        limits.firstFetchCount = 2
        limits.mostFetchCount = 7
        return limits
    }()

    /// A download that is measured again and again.
    private struct Course {
        var pace = Pace(PaceTests.limits)
        var time = Duration.seconds(100)

        init() {
            _ = pace.noteDelivery(of: 1, at: time)
        }

        /// Measures a reader that gets `rate` bytes in a second and waits for a part of the time.
        mutating func measure(rate: Int, waiting part: Double = 0.5) {
            let duration = max(.milliseconds(50), Duration.seconds(1) * (Double(pace.byteLimit) / Double(rate)))
            pace.noteWait(of: duration * part)
            time += duration
            _ = pace.noteDelivery(of: Int((Double(rate) * (duration / .seconds(1))).rounded(.up)), at: time)
        }

        var limits: [Int] { [pace.byteLimit, pace.fetchLimit] }
    }

    @Test func `it grows while that is faster, up to the most`() {
        var course = Course()
        #expect(course.limits == [1600, 2])
        course.measure(rate: 1000)
        #expect(course.limits == [3200, 4])
        course.measure(rate: 2000)
        #expect(course.limits == [6000, 7])
        // There is no more to try, so nothing is taken back for being no faster.
        for _ in 0..<300 {
            course.measure(rate: 3000)
            #expect(course.limits == [6000, 7])
        }
    }

    @Test func `taking back means what it had before`() {
        var course = Course()
        course.measure(rate: 1000)
        course.measure(rate: 2000)
        #expect(course.limits == [6000, 7])
        course.measure(rate: 2100)
        #expect(course.limits == [3200, 4])
    }

    @Test func `what brings nothing is taken back, and tried again much later`() {
        var course = Course()
        // The wait doubles with every attempt.
        for holdingCount in [8, 16, 32, 64, 128, 128] {
            course.measure(rate: 1000)
            #expect(course.limits == [3200, 4])
            course.measure(rate: 1100)
            #expect(course.limits == [1600, 2])
            for _ in 0..<holdingCount {
                course.measure(rate: 1000)
                #expect(course.limits == [1600, 2])
            }
        }
    }

    @Test func `a reader that does not wait keeps what it has`() {
        var course = Course()
        for _ in 0..<5 {
            course.measure(rate: 1000, waiting: 0)
            #expect(course.limits == [1600, 2])
        }
    }

    @Test func `a slow reader keeps little`() {
        var course = Course()
        var seen: [[Int]] = []
        for _ in 0..<5 {
            course.measure(rate: 10, waiting: 0)
            seen.append(course.limits)
        }
        #expect(seen == [[800, 1], [400, 1], [200, 1], [200, 1], [200, 1]])
        // And gets more once it waits.
        course.measure(rate: 100)
        #expect(course.limits == [400, 2])
    }

    @Test func `a slow reader is found out within a second`() {
        var course = Course()
        course.time += .seconds(1)
        let isChanged = course.pace.noteDelivery(of: 3, at: course.time)
        #expect(isChanged)
        #expect(course.limits == [800, 1])
    }

    @Test func `nothing is judged before there is something to measure`() {
        var pace = Pace(Self.limits)
        pace.noteWait(of: .seconds(10))
        // The time before the first byte does not count.
        let isEarly = pace.noteDelivery(of: 10_000, at: .seconds(10))
        #expect(!isEarly)
        pace.noteWait(of: .milliseconds(49))
        let isShort = pace.noteDelivery(of: 10_000, at: .milliseconds(10_049))
        #expect(!isShort)
        pace.noteWait(of: .milliseconds(900))
        let isLong = pace.noteDelivery(of: 10_000, at: .milliseconds(10_999))
        #expect(isLong)
        #expect(pace.byteLimit == 3200)
        #expect(pace.rate > 20_000 && pace.rate < 20_100)
    }

    @Test func `congestion halves the fetches, and no more are tried for a while`() {
        var course = Course()
        course.measure(rate: 1000)
        course.pace.noteCongestion()
        #expect(course.limits == [3200, 2])
        course.pace.noteCongestion()
        course.pace.noteCongestion()
        #expect(course.limits == [3200, 1])
        for _ in 0..<8 {
            course.measure(rate: 9000)
            #expect(course.limits == [3200, 1])
        }
        course.measure(rate: 9000)
        #expect(course.limits == [6000, 2])
    }
}

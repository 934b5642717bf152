import Testing

@testable import XetDownload

@Suite struct PaceTests {
    private static let limits: Pace.Limits = {
        var limits = Pace.Limits()
        limits.leastByteCount = 200
        limits.firstByteCount = 1600
        limits.distantByteCount = 4800
        limits.mostByteCount = 6000
        limits.firstFetchCount = 2
        limits.distantFetchCount = 6
        limits.nearMostFetchCount = 5
        limits.mostFetchCount = 7
        limits.proximity = .milliseconds(10)
        limits.distance = .milliseconds(50)
        limits.leastByteCountPerFetch = 800
        return limits.bounded(by: 6000)
    }()

    /// A download that is measured again and again.
    private struct Course {
        var pace: Pace
        var time = Duration.seconds(100)

        init(latency: Duration = .zero) {
            pace = Pace(PaceTests.limits, latency: latency)
            _ = pace.noteDelivery(of: 1, at: time)
        }

        /// Measures a reader that gets `rate` bytes in a second and waits for a part of the time, until it has `bytes`, or all
        /// that it may have at a time.
        mutating func measure(rate: Int, bytes: Int? = nil, waiting part: Double = 0.5) {
            let count = Double(bytes ?? pace.wish.byteCount)
            let duration = max(.milliseconds(50), Duration.seconds(1) * (count / Double(rate)))
            pace.noteWait(of: duration * part)
            time += duration
            _ = pace.noteDelivery(of: Int((Double(rate) * (duration / .seconds(1))).rounded(.up)), at: time)
        }

        /// What comes first after the start, or after more was given, is no measure of it.
        mutating func settle() {
            let before = wish
            measure(rate: 100_000)
            #expect(wish == before)
        }

        var wish: [Int] { [pace.wish.byteCount, pace.wish.fetchCount] }
    }

    // MARK: The start

    @Test(arguments: [(0, 8, 64), (1, 8, 64), (8, 64, 128), (64, 192, 192)])
    func `with a grid it begins with several windows`(mebibytes: Int, first: Int, most: Int) {
        var limits = Pace.Limits()
        limits.firstByteCount = 8 << 20
        let held = limits.holdingCells(of: mebibytes << 20).bounded(by: 192 << 20)
        #expect(held.firstByteCount == first << 20)
        #expect(held.nearMostByteCount == most << 20)
        #expect(held.firstFetchCount == 8)
        #expect(limits.holdingCells(of: 0).nearMostByteCount == limits.nearMostByteCount)
    }

    @Test(arguments: [
        (0, [1600, 2]), (9, [1600, 2]), (10, [1600, 2]), (20, [2400, 3]), (30, [3200, 4]), (50, [4800, 6]),
        (51, [4800, 6]), (60_000, [4800, 6]),
    ])
    func `it begins with as much as the distance suggests`(milliseconds: Int, wish: [Int]) {
        #expect(Course(latency: .milliseconds(milliseconds)).wish == wish)
    }

    @Test func `the further, the more`() {
        let wishes = (0...60).map { Course(latency: .milliseconds($0)).wish }
        for (near, far) in zip(wishes, wishes.dropFirst()) { #expect(near[0] <= far[0] && near[1] <= far[1]) }
    }

    @Test func `limits keep to what there is for all`() {
        let limits = Pace.Limits().bounded(by: 5000)
        #expect(Pace(limits).wish.byteCount == 5000)
        #expect(Pace(limits, latency: .seconds(1)).wish.byteCount == 5000)
        #expect(limits.mostByteCount == 5000)
        #expect(limits.leastByteCount == 5000)
        #expect(Pace.Limits().bounded(by: .max) == Pace.Limits())
    }

    // MARK: A reader that waits

    @Test func `it grows while that is faster, up to the most`() {
        var course = Course()
        #expect(course.wish == [1600, 2])
        course.settle()
        course.measure(rate: 1000)
        #expect(course.wish == [3200, 4])
        course.settle()
        course.measure(rate: 2000)
        #expect(course.wish == [6000, 5])
        // There is no more to try, so nothing is taken back for being no faster.
        for _ in 0..<300 {
            course.measure(rate: 3000)
            #expect(course.wish == [6000, 5])
        }
    }

    @Test func `taking back means what it had before`() {
        var course = Course()
        course.settle()
        course.measure(rate: 1000)
        course.settle()
        course.measure(rate: 2000)
        #expect(course.wish == [6000, 5])
        course.settle()
        course.measure(rate: 2100)
        #expect(course.wish == [3200, 4])
    }

    /// It was asked for before.
    @Test(arguments: [1600, 100_000])
    func `what comes first after more was given says nothing of it`(rate: Int) {
        for (later, wish) in [(1100, [1600, 2]), (1200, [4800, 5])] {
            var course = Course()
            course.settle()
            course.measure(rate: 1000)
            course.measure(rate: rate, bytes: 1600)
            #expect(course.wish == [3200, 4])
            course.measure(rate: later)
            #expect(course.wish == wish)
        }
    }

    @Test func `what brings nothing is taken back, and tried again much later`() {
        var course = Course()
        course.settle()
        // The wait doubles with every attempt.
        for holdingCount in [8, 16, 32, 64, 128, 128] {
            course.measure(rate: 1000)
            #expect(course.wish == [3200, 4])
            course.settle()
            course.measure(rate: 1100)
            #expect(course.wish == [1600, 2])
            for _ in 0..<holdingCount {
                course.measure(rate: 1000)
                #expect(course.wish == [1600, 2])
            }
        }
    }

    // MARK: A reader that does not

    /// It takes bytes for a while to come, and longer from far away.
    @Test(arguments: [
        (0, 10_000, [1600, 2]), (0, 6500, [1600, 2]), (0, 4000, [1000, 1]), (100, 4000, [2600, 3]),
        (100, 1000, [650, 1]),
        (5000, 1000, [4000, 5]), (60_000, 500, [2000, 2]),
    ])
    func `a reader that does not wait keeps what it takes meanwhile`(milliseconds: Int, rate: Int, wish: [Int]) {
        var course = Course(latency: .milliseconds(milliseconds))
        course.measure(rate: rate, waiting: 0)
        #expect(abs(course.wish[0] - wish[0]) <= 1)
        #expect(course.wish[1] == wish[1])
    }

    @Test func `a slow reader keeps little, and has the usual again once it waits`() {
        var course = Course()
        for _ in 0..<2 {
            course.measure(rate: 10, waiting: 0)
            #expect(course.wish == [200, 1])
        }
        // What everybody begins with needs no reason.
        course.measure(rate: 1000)
        #expect(course.wish == [800, 2])
        course.measure(rate: 1000)
        #expect(course.wish == [1600, 2])
    }

    @Test func `nobody has more than comes in a few seconds`() {
        var course = Course()
        course.measure(rate: 100)
        #expect(course.wish[0] <= 400 && course.wish[0] >= 399)
        #expect(course.wish[1] == 1)
    }

    @Test func `a slow reader is found out within a second`() {
        var course = Course()
        course.time += .seconds(1)
        let isChanged = course.pace.noteDelivery(of: 1000, at: course.time)
        #expect(isChanged)
        #expect(course.wish == [250, 1])
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
        #expect(!isLong)
        #expect(pace.rate > 20_000 && pace.rate < 20_100)
        pace.noteWait(of: .milliseconds(900))
        let isSecond = pace.noteDelivery(of: 10_000, at: .milliseconds(11_500))
        #expect(isSecond)
        #expect(pace.wish.byteCount == 3200)
    }

    // MARK: Less

    @Test func `congestion halves the fetches, and no more are tried for a while`() {
        var course = Course()
        course.settle()
        course.measure(rate: 1000)
        course.pace.noteCongestion()
        #expect(course.wish == [3200, 2])
        course.pace.noteCongestion()
        course.pace.noteCongestion()
        #expect(course.wish == [3200, 1])
        for _ in 0..<8 {
            course.measure(rate: 9000)
            #expect(course.wish == [3200, 1])
        }
        course.measure(rate: 9000)
        #expect(course.wish == [6000, 2])
    }

    // MARK: After a pause

    @Test(arguments: [(0, 200), (199, 200), (500, 500), (1600, 1600), (100_000, 1600)])
    func `a reader that is slow gets as much as it took`(taken: Int, byteCount: Int) {
        var course = Course(latency: .seconds(1))
        course.measure(rate: 1000)
        let isQuick = course.pace.noteWindow(of: taken, isSlow: true)
        #expect(!isQuick)
        #expect(course.wish == [byteCount, 1])
        #expect(course.pace.rate == 0)
        // The pause is no measure.
        let isChanged = course.pace.noteDelivery(of: 1, at: course.time + .seconds(1000))
        #expect(!isChanged)
        #expect(course.pace.rate == 0)
        // One that then waits has more at once.
        course.time += .seconds(1000)
        course.measure(rate: 1000)
        #expect(course.wish[0] > byteCount)
    }

    @Test func `one that takes all at once gets four times as much, until it is quick`() {
        var course = Course()
        var seen: [[Int]] = []
        var taken = 20
        while !course.pace.noteWindow(of: taken, isSlow: false) {
            seen.append(course.wish)
            taken = min(course.wish[0], taken * 4)
        }
        #expect(seen == [[800, 1], [800, 1], [1280, 1]])
        #expect(course.wish == [1600, 2])
        let isQuick = course.pace.noteWindow(of: .max, isSlow: false)
        #expect(isQuick)
        #expect(course.wish == [1600, 2])
    }
}

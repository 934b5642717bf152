import Testing
import XetAccess
import XetTestSupport

@Suite struct RetrySeriesTests {
    private static let outages: [XetError.Code] = [.rateLimited, .unavailable, .connectionFailed, .timedOut]
    private static let faults: [XetError.Code] = [.expired, .corrupt]

    private static func error(_ code: XetError.Code, retryAfter: Int? = nil) -> XetError {
        XetError(code, "no", response: UpstreamFailure(status: 503, retryAfter: retryAfter))
    }

    /// When attempts begin that all fail at once, until the series gives up.
    private func attempts(
        _ policy: RetryPolicy,
        lasting duration: Duration = .zero,
        seed: UInt64 = 1,
        failure: (Int) -> XetError
    ) -> [Duration] {
        var random = SplitMix64(seed: seed)
        var series = RetrySeries(policy)
        var now = Duration.zero
        var attempts = [now]
        while true {
            now += duration
            guard let delay = series.delay(after: failure(attempts.count - 1), at: now, using: &random) else {
                return attempts
            }
            now += delay
            attempts.append(now)
        }
    }

    // MARK: Outages

    @Test(arguments: outages, 0..<10 as Range<UInt64>)
    func `an outage is waited for as long as it may last, however many attempts that takes`(
        code: XetError.Code,
        seed: UInt64
    ) {
        let attempts = attempts(.outlasting(.seconds(300)), seed: seed) { _ in Self.error(code) }
        #expect(attempts.last == .seconds(300))
        #expect(attempts.count > 60 && attempts.count < 600)
        // Whoever is back is found a few seconds later.
        for (earlier, later) in zip(attempts, attempts.dropFirst()) { #expect(later - earlier <= .seconds(5)) }
    }

    @Test func `it counts from the end of the first failure, and attempts that take long count`() {
        // A server that is silent for ten seconds each time.
        let attempts = attempts(.outlasting(.seconds(60)), lasting: .seconds(10)) { _ in Self.error(.timedOut) }
        #expect(attempts.last.map { $0 <= .seconds(70) } == true)
        #expect(attempts.count <= 8)
    }

    @Test func `one kind of failure may follow another`() {
        let attempts = attempts(.outlasting(.seconds(100))) { Self.error(Self.outages[$0 % Self.outages.count]) }
        #expect(attempts.last == .seconds(100))
    }

    @Test func `the first waits are short`() {
        var random = SplitMix64(seed: 3)
        var series = RetrySeries(.outlasting())
        let most: [Duration] = [.milliseconds(200), .milliseconds(400), .milliseconds(800), .milliseconds(1600)]
        for most in most {
            #expect(series.delay(after: Self.error(.unavailable), at: .zero, using: &random).map { $0 < most } == true)
        }
    }

    @Test func `what an attempt brings makes a failure the first again`() {
        var random = SplitMix64(seed: 2)
        var series = RetrySeries(.outlasting(.seconds(10)))
        for minute in 0..<100 {
            let now = Duration.seconds(60 * minute)
            #expect(series.delay(after: Self.error(.connectionFailed), at: now, using: &random) != nil)
            let end = now + .seconds(10)
            #expect(series.delay(after: Self.error(.connectionFailed), at: end, using: &random) == nil)
            series.noteProgress()
        }
    }

    @Test(arguments: outages)
    func `no time means no attempt`(code: XetError.Code) {
        #expect(attempts(.outlasting(.zero)) { _ in Self.error(code) }.count == 1)
    }

    @Test(arguments: outages)
    func `without a time of its own an outage is counted`(code: XetError.Code) {
        #expect(attempts(RetryPolicy(maximumAttempts: 3)) { _ in Self.error(code) }.count == 3)
    }

    // MARK: What a server asks for

    @Test func `it is left alone as long as it asks for, within the time that is left`() {
        let asking = attempts(.outlasting(.seconds(100))) { _ in Self.error(.rateLimited, retryAfter: 40) }
        #expect(asking.count == 3)
        #expect(asking[1] >= .seconds(40) && asking[1] < .seconds(41))
        #expect(asking[2] >= .seconds(80) && asking[2] < .seconds(82))
    }

    @Test(arguments: [101, 3600, .max])
    func `who asks for more than there is gets no attempt, and nobody waits for nothing`(seconds: Int) {
        #expect(attempts(.outlasting(.seconds(100))) { _ in Self.error(.rateLimited, retryAfter: seconds) }.count == 1)
    }

    @Test func `exactly what is left will do`() {
        let asking = attempts(.outlasting(.seconds(100))) { _ in Self.error(.unavailable, retryAfter: 100) }
        #expect(asking == [.zero, .seconds(100)])
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func `many who are asked to wait do not come back together`(seed: UInt64) {
        let first = attempts(.outlasting(), seed: seed) { _ in Self.error(.rateLimited, retryAfter: 5) }
        let second = attempts(.outlasting(), seed: seed + 100) { _ in Self.error(.rateLimited, retryAfter: 5) }
        #expect(first[1] != second[1])
    }

    // MARK: What is no outage

    @Test(arguments: faults)
    func `wrong bytes and ended addresses are counted, however long an outage may last`(code: XetError.Code) {
        #expect(attempts(.outlasting()) { _ in Self.error(code) }.count == RetryPolicy().maximumAttempts)
        #expect(attempts(.outlasting(.zero)) { _ in Self.error(code) }.count == RetryPolicy().maximumAttempts)
    }

    @Test func `an outage between them does not start their count anew`() {
        var codes: [XetError.Code] = []
        let attempts = attempts(.outlasting()) { number in
            codes.append(number % 2 == 0 ? .corrupt : .unavailable)
            return Self.error(codes[number])
        }
        #expect(codes.count { $0 == .corrupt } == RetryPolicy().maximumAttempts)
        #expect(attempts.count == 2 * RetryPolicy().maximumAttempts - 1)
    }

    @Test func `the count can be told, so that the first is answered at once`() {
        var random = SplitMix64(seed: 2)
        var series = RetrySeries(.outlasting())
        for _ in 0..<3 { _ = series.delay(after: Self.error(.unavailable), at: .zero, using: &random) }
        #expect(series.failureCount == 0)
        _ = series.delay(after: Self.error(.expired), at: .zero, using: &random)
        #expect(series.failureCount == 1)
        series.noteProgress()
        #expect(series.failureCount == 0)
    }

    @Test(arguments: [
        XetError.Code.invalidRequest, .unauthorized, .forbidden, .notFound, .rangeNotSatisfiable, .unreachable,
        .invalidResponse,
    ])
    func `what cannot pass is final, in the middle of an outage too`(code: XetError.Code) {
        #expect(attempts(.outlasting()) { _ in Self.error(code) }.count == 1)
        #expect(attempts(.outlasting()) { Self.error($0 < 5 ? .unavailable : code) }.count == 6)
    }

    /// Failures of all kinds in any order end, within what time and counts allow.
    @Test(arguments: 0..<100 as Range<UInt64>)
    func `every series ends`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let outage = Duration.seconds(Int.random(in: 0...600, using: &random))
        let codes = Self.outages + Self.faults
        let attempts = attempts(.outlasting(outage), seed: seed) { _ in
            let asked = Bool.random(using: &random) ? Int.random(in: 0...20, using: &random) : nil
            return Self.error(codes.randomElement(using: &random) ?? .corrupt, retryAfter: asked)
        }
        // A fault waits for what the server asks for, 20 s at most, and 5 s of our own.
        #expect(attempts.last.map { $0 <= outage + .seconds(25 * RetryPolicy().maximumAttempts) } == true)
    }
}

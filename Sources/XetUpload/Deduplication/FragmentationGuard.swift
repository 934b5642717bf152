/// Keeps a file from being made of very many short pieces of xorbs, each of which has to be fetched by itself.
///
/// Over the last terms of a file there are to be ``leastAverage`` chunks in each; when there are less than half of that,
/// chunks that are known are stored anew unless as many follow one another, until the average is right again.
/// Source: the reference client's numbers.
struct FragmentationGuard: Sendable {
    private static let termCount = 128
    private static let leastAverage = 8

    /// Chunks of the last terms; the last one may grow.
    private var counts: [Int] = []
    private var next = 0
    private var sum = 0
    private var isStrict = false

    /// A term of so many chunks begins.
    mutating func noteTerm(of count: Int) {
        if counts.count < Self.termCount {
            counts.append(count)
            next = counts.count % Self.termCount
        } else {
            sum -= counts[next]
            counts[next] = count
            next = (next + 1) % Self.termCount
        }
        sum += count
    }

    /// The last term has so many chunks more.
    mutating func noteContinuation(of count: Int) {
        guard !counts.isEmpty else { return noteTerm(of: count) }
        counts[(next + counts.count - 1) % counts.count] += count
        sum += count
    }

    /// Whether `count` chunks that are known elsewhere may become a term.
    mutating func allows(_ count: Int) -> Bool {
        guard counts.count == Self.termCount else { return true }
        if sum >= Self.leastAverage * Self.termCount {
            isStrict = false
        } else if 2 * sum < Self.leastAverage * Self.termCount {
            isStrict = true
        }
        return !isStrict || count >= Self.leastAverage
    }
}

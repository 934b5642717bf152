/// Work of which the results are wanted in order.
enum OrderedJobs {
    /// Does `count` jobs, at most `limit` of them at once or done and not taken; `take` gets the results in order.
    ///
    /// The first failure ends all.
    static func run<Value: Sendable>(
        _ count: Int,
        atOnce limit: Int,
        _ job: @escaping @Sendable (Int) async throws -> Value,
        take: (Int, Value) async throws -> Void
    ) async throws {
        try await withThrowingTaskGroup(of: (Int, Value).self) { group in
            var done: [Int: Value] = [:]
            var begun = 0
            for index in 0..<count {
                while begun < min(count, index + limit) {
                    let next = begun
                    begun += 1
                    group.addTask { (next, try await job(next)) }
                }
                while done[index] == nil, let (other, value) = try await group.next() { done[other] = value }
                if let value = done.removeValue(forKey: index) { try await take(index, value) }
            }
        }
    }
}

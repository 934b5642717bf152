extension Collection where Self: Sendable, Element: Sendable, SubSequence: Sendable {
    /// Calls `body` with each element, in order, and with at most `count` at once; the first failure ends all.
    func forEach(atOnce count: Int, _ body: @escaping @Sendable (Element) async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            var rest = self[...]
            for element in rest.prefix(count) { group.addTask { try await body(element) } }
            rest = rest.dropFirst(count)
            while try await group.next() != nil {
                guard let element = rest.popFirst() else { continue }
                group.addTask { try await body(element) }
            }
        }
    }
}

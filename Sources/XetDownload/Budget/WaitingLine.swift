/// Who waits, in the order of arrival, each at most once; every step takes constant time.
struct WaitingLine<Element: Hashable & Sendable>: Sendable {
    private struct Neighbours {
        var before: Element?
        var after: Element?
    }

    private var neighbours: [Element: Neighbours] = [:]
    private(set) var first: Element?
    private var last: Element?

    init() {}

    var count: Int { neighbours.count }

    func contains(_ element: Element) -> Bool { neighbours[element] != nil }

    /// Adds an element at the end; one that waits already keeps its place.
    mutating func append(_ element: Element) {
        guard !contains(element) else { return }
        neighbours[element] = Neighbours(before: last, after: nil)
        if let last { neighbours[last]?.after = element } else { first = element }
        last = element
    }

    /// Takes an element out, wherever it is; nothing happens if it does not wait.
    mutating func remove(_ element: Element) {
        guard let found = neighbours.removeValue(forKey: element) else { return }
        if let before = found.before { neighbours[before]?.after = found.after } else { first = found.after }
        if let after = found.after { neighbours[after]?.before = found.before } else { last = found.before }
    }
}

public import XetAccess

/// What a store is asked.
public enum StoreOperation: String, CaseIterable, Sendable {
    case get
    case list
    case put
    case remove
    case touch

    /// Whether it changes nothing.
    var isReading: Bool { self == .get || self == .list }
}

/// How a request to a store ended.
public enum StoreResult: String, CaseIterable, Sendable {
    /// It was done.
    case done
    /// There is no such object, or there was one already.
    case none
    /// It failed.
    case failed
    /// The store was not asked, since it failed a moment ago.
    case spared
}

/// What is told about a store that replicas share.
public protocol SharedStoreEvents: Sendable {
    /// A request has ended.
    func noteRequest(_ operation: StoreOperation, _ result: StoreResult)

    /// Bytes of chunks came from the store, and were right.
    func noteRead(_ byteCount: Int)

    /// An object was written.
    func noteWritten(_ byteCount: Int)

    /// An object was not what its name says.
    func noteWrong()

    /// What was fetched is not written: too much waits already.
    func noteLeftOut()

    /// The store is not asked for a while; `isReading` tells what.
    func noteAway(isReading: Bool, _ error: ObjectStoreError)

    /// It does what it is asked again.
    func noteBack(isReading: Bool)
}

/// Tells nobody.
public struct NoSharedStoreEvents: SharedStoreEvents {
    public init() {}
    public func noteRequest(_ operation: StoreOperation, _ result: StoreResult) {}
    public func noteRead(_ byteCount: Int) {}
    public func noteWritten(_ byteCount: Int) {}
    public func noteWrong() {}
    public func noteLeftOut() {}
    public func noteAway(isReading: Bool, _ error: ObjectStoreError) {}
    public func noteBack(isReading: Bool) {}
}

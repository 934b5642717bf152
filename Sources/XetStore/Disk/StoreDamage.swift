/// Something in the folder of a store that cannot be used.
///
/// The store goes on without it. What held other bytes than its name says is moved to the folder `damaged`.
public struct StoreDamage: Error, Sendable, CustomStringConvertible {
    /// Where it was found.
    public let path: String
    /// What is wrong with it.
    public let reason: String

    /// What is wrong, and with what.
    public var description: String { "\(path): \(reason)" }
}

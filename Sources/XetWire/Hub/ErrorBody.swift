/// The JSON that goes with an error status.
public struct ErrorBody: Codable, Hashable, Sendable {
    /// One sentence.
    public let error: String

    /// Makes a body.
    public init(_ error: String) {
        self.error = error
    }
}

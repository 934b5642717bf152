/// Whoever looks at what the proxy does.
enum Viewer: Hashable, Sendable {
    /// Somebody without a token.
    case anyone
    /// Somebody with a token of the Hub, which may be any.
    case caller(CallerMark)
    /// The operator, who may know everything.
    case theOperator

    /// Whether this is who asked.
    func isSame(as caller: CallerMark?) -> Bool {
        switch self {
        case .anyone: false
        case .caller(let mark): mark == caller
        case .theOperator: true
        }
    }
}

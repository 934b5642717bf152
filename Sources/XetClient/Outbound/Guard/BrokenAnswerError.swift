/// How an answer breaks HTTP, or what is taken of it.
enum BrokenAnswerError: Error, Hashable, CustomStringConvertible {
    /// A status that is none.
    case status(Int)
    /// Another protocol, which nobody asked for.
    case switchedProtocols
    /// More bytes that are no content, of heads, trailers and the sizes of chunks, than are taken.
    case overhead(byteCount: Int)
    /// A part of a message that cannot come there.
    case order

    var description: String {
        switch self {
        case .status(let status): "the status is \(status)"
        case .switchedProtocols: "the status is 101, and nobody asked for another protocol"
        case .overhead(let byteCount): "more than \(byteCount) bytes came that are no content"
        case .order: "the parts of a message come in no order"
        }
    }
}

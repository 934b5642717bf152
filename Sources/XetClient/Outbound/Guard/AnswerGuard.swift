package import NIOCore
import NIOHTTP1

/// Stands around the decoder of answers, so that no byte of a server reaches what it could harm.
package enum AnswerGuard {
    /// Adds the guard to a connection that has its decoder.
    ///
    /// Throws if there is none.
    package static func add(to pipeline: ChannelPipeline.SynchronousOperations) throws {
        let decoder = try pipeline.handler(type: ByteToMessageHandler<HTTPResponseDecoder>.self)
        let overhead = AnswerOverhead()
        try pipeline.addHandler(AnswerOverheadHandler(overhead), position: .before(decoder))
        try pipeline.addHandler(AnswerOrderHandler(overhead), position: .after(decoder))
    }
}

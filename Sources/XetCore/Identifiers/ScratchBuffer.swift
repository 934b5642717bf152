/// Room for bytes that is kept from one use to the next.
@safe struct ScratchBuffer: ~Copyable, Sendable {
    /// Zeroed once, when more room is needed than before.
    private var storage: [UInt8] = []
    private var byteCount = 0

    /// What was written last.
    var bytes: RawSpan {
        @_lifetime(borrow self)
        get { storage.rawSpan.extracting(0..<byteCount) }
    }

    /// Replaces the content by what `body` writes into room for `capacity` bytes.
    mutating func replace<Failure: Error>(
        capacity: Int,
        _ body: (inout OutputRawSpan) throws(Failure) -> Void
    ) throws(Failure) {
        byteCount = 0
        if storage.count < capacity {
            storage = [UInt8](repeating: 0, count: capacity)
        }
        var failure: Failure?
        byteCount = unsafe storage.withUnsafeMutableBytes { buffer in
            let room = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[..<capacity])
            // SAFETY: the span covers the buffer, which is not touched otherwise before `finalize`.
            var output = unsafe OutputRawSpan(buffer: room, initializedCount: 0)
            do throws(Failure) {
                try body(&output)
            } catch {
                failure = error
            }
            return unsafe output.finalize(for: room)
        }
        if let failure { throw failure }
    }
}

extension OutputRawSpan {
    /// Appends the bytes of `source`.
    ///
    /// Precondition: there is room for them (checked).
    public mutating func append(copying source: RawSpan) {
        precondition(freeCapacity >= source.byteCount)
        unsafe withUnsafeMutableBytes { target, initialized in
            // SAFETY: the room was checked above; source and target cannot overlap, since `self` is exclusive.
            unsafe source.withUnsafeBytes { bytes in
                unsafe UnsafeMutableRawBufferPointer(rebasing: target[initialized...]).copyMemory(from: bytes)
            }
            initialized += source.byteCount
        }
    }
}

extension [UInt8] {
    /// Replaces the content by what `body` writes into room for `capacity` bytes.
    package mutating func replace<Failure: Error>(
        capacity: Int,
        _ body: (inout OutputRawSpan) throws(Failure) -> Void
    ) throws(Failure) {
        var failure: Failure?
        self = unsafe [UInt8](unsafeUninitializedCapacity: capacity) { buffer, initialized in
            // SAFETY: the span covers the buffer, which is not touched otherwise before `finalize`.
            let room = UnsafeMutableRawBufferPointer(buffer)
            var output = unsafe OutputRawSpan(buffer: room, initializedCount: 0)
            do throws(Failure) {
                try body(&output)
            } catch {
                failure = error
            }
            initialized = unsafe output.finalize(for: room)
        }
        if let failure { throw failure }
    }
}

package import XetCore

/// Chunks of a run, in steps that are read at once.
package struct RunSteps: Sequence {
    package struct Step: Sendable {
        package let firstChunk: Int
        package let records: ArraySlice<ChunkRecord>
        /// Counted from the start of the run.
        package let bytes: Range<Int>
    }

    /// Most bytes of a step that has several chunks.
    private static let byteCount = 1 << 20

    private let steps: [Step]

    /// The steps through `part`, which lies in the run.
    package init(_ contents: ChunkRunContents, _ part: ChunkRange) {
        let records = contents.records(in: part)
        var offset = contents.bytes(of: part).lowerBound
        var steps: [Step] = []
        var first = records.startIndex
        while first < records.endIndex {
            var last = first
            var byteCount = records[first].serializedByteCount
            while last + 1 < records.endIndex,
                byteCount + records[last + 1].serializedByteCount <= Self.byteCount
            {
                last += 1
                byteCount += records[last].serializedByteCount
            }
            steps.append(
                Step(
                    firstChunk: contents.chunks.start + first,
                    records: records[first...last],
                    bytes: offset..<offset + byteCount
                )
            )
            offset += byteCount
            first = last + 1
        }
        self.steps = steps
    }

    package func makeIterator() -> Array<Step>.Iterator { steps.makeIterator() }
}

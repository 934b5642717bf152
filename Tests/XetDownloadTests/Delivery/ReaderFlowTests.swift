import Testing

@testable import XetDownload

@Suite struct ReaderFlowTests {
    private static let quick = ReaderFlow.longWait - .nanoseconds(1)

    @Test func `a reader of which nothing is known gets small pieces`() {
        #expect(ReaderFlow().pieceByteCount == ReaderFlow.firstPieceByteCount)
    }

    @Test func `one that took a lot without waiting gets whole batches`() {
        var flow = ReaderFlow()
        for _ in 0..<7 { flow.note(1 << 20, within: Self.quick) }
        #expect(flow.pieceByteCount == ReaderFlow.firstPieceByteCount)
        flow.note((1 << 20) - 1, within: Self.quick)
        #expect(flow.pieceByteCount == ReaderFlow.firstPieceByteCount)
        flow.note(1, within: .zero)
        #expect(flow.pieceByteCount == nil)
        for _ in 0..<1000 { flow.note(1 << 20, within: Self.quick) }
        #expect(flow.pieceByteCount == nil)
    }

    /// What it took before does not count.
    @Test func `one that makes somebody wait is not quick, until it has shown it again`() {
        var flow = ReaderFlow()
        flow.note(1 << 30, within: .zero)
        flow.note(1, within: ReaderFlow.longWait)
        #expect(flow.pieceByteCount == ReaderFlow.firstPieceByteCount)
        flow.note(ReaderFlow.quickByteCount - 1, within: .zero)
        #expect(flow.pieceByteCount == ReaderFlow.firstPieceByteCount)
        flow.note(1, within: .zero)
        #expect(flow.pieceByteCount == nil)
    }

    @Test func `one that makes somebody wait for long gets tiny pieces, until it is quick`() {
        var flow = ReaderFlow()
        flow.note(1, within: ReaderFlow.slowWait - .nanoseconds(1))
        #expect(flow.pieceByteCount == ReaderFlow.firstPieceByteCount)
        flow.note(1, within: ReaderFlow.slowWait)
        #expect(flow.pieceByteCount == ReaderFlow.slowPieceByteCount)
        flow.note(ReaderFlow.quickByteCount - 1, within: .zero)
        #expect(flow.pieceByteCount == ReaderFlow.slowPieceByteCount)
        flow.note(1, within: .zero)
        #expect(flow.pieceByteCount == nil)
        // It has been forgiven.
        flow.note(1, within: ReaderFlow.longWait)
        #expect(flow.pieceByteCount == ReaderFlow.firstPieceByteCount)
    }

    @Test func `a slow reader stays slow`() {
        var flow = ReaderFlow()
        flow.note(1, within: ReaderFlow.slowWait)
        for _ in 0..<10_000 {
            flow.note(ReaderFlow.slowPieceByteCount, within: .milliseconds(800))
            #expect(flow.pieceByteCount == ReaderFlow.slowPieceByteCount)
        }
    }

    @Test func `bytes without end do not overflow`() {
        var flow = ReaderFlow()
        for _ in 0..<3 { flow.note(Int.max / 2, within: .zero) }
        #expect(flow.pieceByteCount == nil)
    }
}

import NIOCore
import Testing
import XetAccess

@testable import XetClient

@Suite(.timeLimit(.minutes(5))) struct BodyRelayTests {
    private func piece(_ index: Int) -> ByteBuffer { ByteBuffer(integer: index) }

    @Test func `pieces in order, to the end`() async throws {
        let relay = BodyRelay()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for index in 0..<1000 {
                    try await relay.push(self.piece(index))
                    try await relay.push(ByteBuffer())
                }
                relay.finish()
            }
            var expected = 0
            for try await piece in relay {
                #expect(piece == self.piece(expected))
                expected += 1
            }
            #expect(expected == 1000)
            try await group.waitForAll()
        }
    }

    @Test func `a failure comes after what was handed over`() async throws {
        let relay = BodyRelay()
        try await relay.push(piece(0))
        relay.finish(throwing: XetError(.connectionFailed, "gone"))
        relay.finish()
        let pieces = relay.makeAsyncIterator()
        #expect(try await pieces.next() == piece(0))
        await #expect(throws: XetError.self) { try await pieces.next() }
    }

    /// The sender has gone: nobody waits for it.
    @Test func `what is discarded holds nobody up`() async throws {
        let relay = BodyRelay()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for index in 0..<100 { try await relay.push(self.piece(index)) }
                relay.finish()
            }
            group.addTask { relay.discard() }
            try await group.waitForAll()
        }
        let pieces = relay.makeAsyncIterator()
        await #expect(throws: CancellationError.self) { try await pieces.next() }
    }

    @Test func `a sender that waits is told`() async throws {
        let relay = BodyRelay()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                let pieces = relay.makeAsyncIterator()
                await #expect(throws: CancellationError.self) { try await pieces.next() }
            }
            relay.discard()
            try await group.waitForAll()
        }
    }

    @Test func `a reader that waits can be cancelled`() async throws {
        let relay = BodyRelay()
        try await relay.push(piece(0))
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                await #expect(throws: CancellationError.self) { try await relay.push(self.piece(1)) }
            }
            group.cancelAll()
        }
    }
}

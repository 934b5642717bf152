import NIOCore
import Testing
import XetTestSupport

@testable import XetClient

/// A reader and a sender of one body, of whom each may stop, fail or be cancelled at any step, in an order that follows from
/// a seed.
@Suite struct BodyRelayInterleavingTests {
    private struct Broken: Error {}

    private enum Event: Hashable, Sendable {
        case pushed(Int), took(Int), readerEnded, senderEnded
    }

    private final class Body {
        let pieceCount: Int
        private let failsAt: Int?
        private let stopsAt: Int?
        private let relay = BodyRelay()
        private let executor: StepExecutor
        private var random: SplitMix64
        private let events = Watched<[Event]>([])
        private var reader: Started<Void>?
        private var sender: Started<Void>?
        private var isCancelled = false
        /// Given up while somebody had something to do.
        private var isDiscarded = false
        private var isGivenUp = false

        init(seed: UInt64) {
            random = SplitMix64(seed: seed)
            executor = StepExecutor(seed: seed)
            pieceCount = Int.random(in: 0...12, using: &random)
            failsAt = Int.random(in: 0..<4, using: &random) == 0 ? Int.random(in: 0...pieceCount, using: &random) : nil
            stopsAt = Int.random(in: 0..<3, using: &random) == 0 ? Int.random(in: 0...pieceCount, using: &random) : nil
        }

        var trace: [Event] { events.value }
        private var taken: [Int] { trace.compactMap { if case .took(let index) = $0 { index } else { nil } } }
        private var pushedCount: Int { trace.count { if case .pushed = $0 { true } else { false } } }

        private static func piece(_ index: Int) -> ByteBuffer { ByteBuffer(integer: index) }

        /// Pushes as ``UpstreamHTTP`` does: whatever ends it ends the relay.
        private func startReader() {
            reader = executor.start { [relay, events, pieceCount, failsAt] in
                defer { events.change { $0.append(.readerEnded) } }
                do {
                    for index in 0..<pieceCount {
                        if index == failsAt { throw Broken() }
                        if index.isMultiple(of: 3) { try await relay.push(ByteBuffer()) }
                        try await relay.push(Self.piece(index))
                        events.change { $0.append(.pushed(index)) }
                    }
                    if failsAt == pieceCount { throw Broken() }
                    relay.finish()
                } catch {
                    relay.finish(throwing: error)
                    throw error
                }
            }
        }

        private func startSender() {
            sender = executor.start { [relay, events, stopsAt] in
                defer { events.change { $0.append(.senderEnded) } }
                var index = 0
                guard stopsAt != 0 else { return }
                for try await piece in relay {
                    #expect(piece == Self.piece(index))
                    events.change { [index] in $0.append(.took(index)) }
                    index += 1
                    if index == stopsAt { return }
                    await Task.yield()
                }
            }
        }

        /// Lets both work; `isDisturbed`: and somebody cancels the reader or gives the body up.
        func run(isDisturbed: Bool) {
            if Bool.random(using: &random) {
                startReader()
                startSender()
            } else {
                startSender()
                startReader()
            }
            for _ in 0..<30 {
                executor.run(Int.random(in: 0...3, using: &random))
                #expect(isGivenUp || pushedCount <= taken.count + 2, "one piece waits, one is on its way")
                guard isDisturbed else { continue }
                switch Int.random(in: 0..<40, using: &random) {
                case 0:
                    isCancelled = isCancelled || reader?.isWaiting == true
                    reader?.cancel()
                case 1: discard()
                case 2:
                    executor.runUntilIdle()
                    checkWaiting()
                default: break
                }
            }
            executor.runUntilIdle()
            checkWaiting()
        }

        private func discard() {
            isDiscarded = isDiscarded || sender?.isWaiting == true || reader?.isWaiting == true
            isGivenUp = true
            relay.discard()
        }

        /// When nothing moves, nobody waits for what is there.
        private func checkWaiting() {
            guard let reader, let sender else { return }
            #expect(!(reader.isWaiting && sender.isWaiting), "both wait for each other")
            if reader.isWaiting { #expect(!isDiscarded && !isCancelled, "the reader waits for nobody") }
            if sender.isWaiting { #expect(!isDiscarded, "the sender waits for nobody") }
        }

        func checkEnd() {
            guard let reader, let sender else { return }
            #expect(taken == Array(0..<taken.count), "in order, each once")
            let stopped = stopsAt.map { taken.count == $0 } ?? false
            if !isCancelled, !isDiscarded {
                if let failsAt, !stopped {
                    #expect(taken.count == failsAt && sender.error is Broken && reader.error is Broken)
                } else if !stopped {
                    #expect(taken.count == pieceCount && sender.value != nil && reader.value != nil)
                }
            }
            #expect(!sender.isWaiting, "the sender waits for ever")
            // A sender that stopped says nothing: whoever sent the request does.
            relay.discard()
            executor.runUntilIdle()
            #expect(!reader.isWaiting, "the reader waits for ever")
        }
    }

    @Test(arguments: 0..<300 as Range<UInt64>)
    func `every piece once, to the end or the failure`(seed: UInt64) {
        let body = Body(seed: seed)
        body.run(isDisturbed: false)
        body.checkEnd()
    }

    @Test(arguments: 0..<600 as Range<UInt64>)
    func `nobody waits for ever, whoever stops`(seed: UInt64) {
        let body = Body(seed: seed)
        body.run(isDisturbed: true)
        body.checkEnd()
    }

    @Test(arguments: 0..<3 as Range<UInt64>)
    func `a seed gives one order`(seed: UInt64) {
        let bodies = (0..<2).map { _ in Body(seed: seed) }
        for body in bodies { body.run(isDisturbed: true) }
        #expect(bodies[0].trace == bodies[1].trace)
    }
}

import Synchronization
import Testing
import XetAccess
import XetTestSupport

/// Tasks that come, end, fail and are cancelled in an order that follows from a seed.
@Suite struct TaskGateInterleavingTests {
    private struct Broken: Error {}

    /// A gate and the tasks that want to pass it, driven by a generator.
    private final class Crowd {
        enum Event: Hashable, Sendable {
            case came(Int), entered(Int), left(Int)
        }

        let width: Int
        private let gate: TaskGate
        private let executor: StepExecutor
        private var random: SplitMix64
        private let events = Watched<[Event]>([])
        private var tasks: [(started: Started<Int>, end: Watched<Bool>)] = []
        private var cancelled: Set<Int> = []

        init(seed: UInt64) {
            random = SplitMix64(seed: seed)
            width = Int.random(in: 1...4, using: &random)
            gate = TaskGate(width: width)
            executor = StepExecutor(seed: seed)
        }

        var trace: [Event] { events.value }
        private var here: [Int] { trace.compactMap { if case .came(let number) = $0 { number } else { nil } } }
        private var entered: [Int] { trace.compactMap { if case .entered(let number) = $0 { number } else { nil } } }
        private var left: [Int] { trace.compactMap { if case .left(let number) = $0 { number } else { nil } } }
        private var insideCount: Int { entered.count - left.count }

        func run(_ stepCount: Int) {
            for _ in 0..<stepCount {
                step()
                #expect(insideCount <= width)
            }
            for task in tasks { task.end.change { $0 = true } }
            executor.runUntilIdle()
        }

        private func step() {
            switch Int.random(in: 0..<10, using: &random) {
            case 0...2: start()
            case 3...4: tasks.randomElement(using: &random)?.end.change { $0 = true }
            case 5...6:
                guard let number = tasks.indices.randomElement(using: &random) else { return }
                if tasks[number].started.isWaiting { cancelled.insert(number) }
                tasks[number].started.cancel()
            case 7...8: executor.run(Int.random(in: 1...6, using: &random))
            default:
                executor.runUntilIdle()
                // Nobody sleeps beside a free place.
                let waiting = here.filter { !entered.contains($0) && tasks[$0].started.isWaiting }
                #expect(waiting.isEmpty || insideCount == width)
            }
        }

        private func start() {
            let number = tasks.count
            let end = Watched(false)
            let isBroken = Int.random(in: 0..<4, using: &random) == 0
            let started = executor.start { [gate, events] in
                events.change { $0.append(.came(number)) }
                return try await gate.withTurn {
                    events.change { $0.append(.entered(number)) }
                    defer { events.change { $0.append(.left(number)) } }
                    await Task.yield()
                    try await end.wait { $0 }
                    if isBroken { throw Broken() }
                    return number
                }
            }
            tasks.append((started, end))
        }

        /// When all may go on: everybody has ended, who was not cancelled in its turn, and every place is free.
        func checkEnd() {
            #expect(!tasks.isEmpty && here.count == tasks.count)
            #expect(Set(entered) == Set(left) && Set(entered).count == entered.count)
            for (number, task) in tasks.enumerated() {
                #expect(!task.started.isWaiting, "\(number) waits for ever")
                if !cancelled.contains(number) {
                    #expect(entered.contains(number))
                    #expect(task.started.value == number || task.started.error is Broken)
                }
            }
            if width == 1 {
                #expect(entered == here.filter(Set(entered).contains), "one is through at a time, so in order")
            }
            let inside = Watched(0)
            let last = (0..<width).map { _ in
                executor.start { [gate, width] in
                    try await gate.withTurn {
                        inside.change { $0 += 1 }
                        try await inside.wait { $0 == width }
                    }
                }
            }
            executor.runUntilIdle()
            #expect(last.allSatisfy { $0.value != nil }, "as many as before get through at a time")
        }
    }

    @Test(arguments: 0..<300 as Range<UInt64>)
    func `nobody waits beside a free place, and all get through`(seed: UInt64) {
        let crowd = Crowd(seed: seed)
        crowd.run(120)
        crowd.checkEnd()
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func `a seed gives one order`(seed: UInt64) {
        let crowds = (0..<2).map { _ in Crowd(seed: seed) }
        for crowd in crowds { crowd.run(120) }
        #expect(crowds[0].trace == crowds[1].trace)
        #expect(crowds[0].trace.count > 20)
    }
}

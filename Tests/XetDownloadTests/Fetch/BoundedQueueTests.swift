import Synchronization
import Testing
import XetTestSupport

@testable import XetDownload

@Suite struct BoundedQueueTests {
    private struct Broken: Error {}

    @Test func `elements come in order, then the end`() throws {
        let executor = StepExecutor()
        let queue = BoundedQueue<Int>(capacity: 100)
        let producer = executor.start {
            for number in 0..<10 { try await queue.push(number, cost: 1) }
            queue.finish()
        }
        executor.runUntilIdle()
        try #require(producer.error == nil)
        #expect(!producer.isWaiting)
        let consumer = executor.start {
            var numbers: [Int] = []
            while let number = try await queue.next() { numbers.append(number) }
            return numbers
        }
        executor.runUntilIdle()
        #expect(consumer.value == Array(0..<10))
    }

    @Test func `the producer waits after the element that fills the queue`() {
        let executor = StepExecutor()
        let queue = BoundedQueue<Int>(capacity: 10)
        let pushed = Mutex(0)
        let producer = executor.start {
            for number in 0..<6 {
                try await queue.push(number, cost: 4)
                pushed.withLock { $0 += 1 }
            }
        }
        executor.runUntilIdle()
        // 4, 8, 12: the third fills it.
        #expect(pushed.withLock { $0 } == 2)
        #expect(producer.isWaiting)

        for taken in 1...6 {
            let consumer = executor.start { try await queue.next() }
            executor.runUntilIdle()
            #expect(consumer.value == taken - 1)
            #expect(pushed.withLock { $0 } == min(6, 2 + taken), "after \(taken)")
        }
        #expect(!producer.isWaiting)
    }

    @Test func `an element larger than the queue passes alone`() {
        let executor = StepExecutor()
        let queue = BoundedQueue<Int>(capacity: 10)
        let producer = executor.start {
            try await queue.push(1, cost: 1000)
            try await queue.push(2, cost: 1000)
            queue.finish()
        }
        executor.runUntilIdle()
        #expect(producer.isWaiting)
        let consumer = executor.start {
            var sum = 0
            while let number = try await queue.next() { sum += number }
            return sum
        }
        executor.runUntilIdle()
        #expect(consumer.value == 3)
        #expect(!producer.isWaiting)
    }

    @Test func `the consumer waits for an element`() {
        let executor = StepExecutor()
        let queue = BoundedQueue<Int>(capacity: 10)
        let consumer = executor.start { try await queue.next() }
        executor.runUntilIdle()
        #expect(consumer.isWaiting)
        #expect(queue.isStarved)
        let producer = executor.start { try await queue.push(7, cost: 100) }
        executor.runUntilIdle()
        #expect(consumer.value == 7)
        // It was handed over and fills nothing.
        #expect(!producer.isWaiting)
    }

    @Test func `starved means empty and not ended`() {
        let executor = StepExecutor()
        let queue = BoundedQueue<Int>(capacity: 10)
        #expect(queue.isStarved)
        _ = executor.start { try await queue.push(7, cost: 1) }
        executor.runUntilIdle()
        #expect(!queue.isStarved)
        _ = executor.start { try await queue.next() }
        executor.runUntilIdle()
        #expect(queue.isStarved)
        queue.finish()
        #expect(!queue.isStarved)
    }

    @Test func `a failure comes after the elements`() {
        let executor = StepExecutor()
        let queue = BoundedQueue<Int>(capacity: 10)
        _ = executor.start {
            try await queue.push(1, cost: 1)
            try await queue.push(2, cost: 1)
            queue.finish(.failure(Broken()))
        }
        executor.runUntilIdle()
        for expected in [1, 2] {
            let consumer = executor.start { try await queue.next() }
            executor.runUntilIdle()
            #expect(consumer.value == expected)
        }
        // Each time it is asked.
        for _ in 0..<2 {
            let consumer = executor.start { try await queue.next() }
            executor.runUntilIdle()
            #expect(consumer.error is Broken)
        }
    }

    @Test func `the first end holds`() {
        let executor = StepExecutor()
        let queue = BoundedQueue<Int>(capacity: 10)
        queue.finish()
        queue.finish(.failure(Broken()))
        let consumer = executor.start { try await queue.next() }
        executor.runUntilIdle()
        #expect(consumer.value == .some(nil))
    }

    @Test func `a waiting consumer sees the end`() {
        for end in [Result<Void, any Error>.success(()), .failure(Broken())] {
            let executor = StepExecutor()
            let queue = BoundedQueue<Int>(capacity: 10)
            let consumer = executor.start { try await queue.next() }
            executor.runUntilIdle()
            queue.finish(end)
            executor.runUntilIdle()
            switch end {
            case .success: #expect(consumer.value == .some(nil))
            case .failure: #expect(consumer.error is Broken)
            }
        }
    }

    @Test func `cancelling a waiting consumer ends its wait and loses nothing`() {
        let executor = StepExecutor()
        let queue = BoundedQueue<Int>(capacity: 10)
        let cancelled = executor.start { try await queue.next() }
        executor.runUntilIdle()
        cancelled.cancel()
        executor.runUntilIdle()
        #expect(cancelled.error is CancellationError)

        _ = executor.start { try await queue.push(5, cost: 1) }
        let consumer = executor.start { try await queue.next() }
        executor.runUntilIdle()
        #expect(consumer.value == 5)
    }

    @Test func `cancelling before the wait begins ends it too`() {
        let executor = StepExecutor()
        let queue = BoundedQueue<Int>(capacity: 1)
        let consumer = executor.start { try await queue.next() }
        consumer.cancel()
        executor.runUntilIdle()
        #expect(consumer.error is CancellationError)

        let producer = executor.start { try await queue.push(1, cost: 1) }
        producer.cancel()
        executor.runUntilIdle()
        #expect(producer.error is CancellationError)
    }

    @Test func `cancelling a waiting producer ends its wait`() {
        let executor = StepExecutor()
        let queue = BoundedQueue<Int>(capacity: 1)
        let producer = executor.start { try await queue.push(1, cost: 1) }
        executor.runUntilIdle()
        #expect(producer.isWaiting)
        producer.cancel()
        executor.runUntilIdle()
        #expect(producer.error is CancellationError)
    }

    @Test(arguments: 0..<40 as Range<UInt64>)
    func `nothing is lost and the cost stays bounded in any order of events`(seed: UInt64) throws {
        let executor = StepExecutor(seed: seed)
        var random = SplitMix64(seed: seed)
        let costs = (0..<200).map { _ in Int.random(in: 0...9, using: &random) }
        let capacity = Int.random(in: 1...20, using: &random)
        let queue = BoundedQueue<Int>(capacity: capacity)
        let held = Mutex((now: 0, most: 0))
        let producer = executor.start {
            for (number, cost) in costs.enumerated() {
                held.withLock { $0 = ($0.now + cost, max($0.most, $0.now + cost)) }
                try await queue.push(number, cost: cost)
            }
            queue.finish()
        }
        let consumer = executor.start {
            var numbers: [Int] = []
            while let number = try await queue.next() {
                held.withLock { $0.now -= costs[number] }
                numbers.append(number)
                await Task.yield()
            }
            return numbers
        }
        executor.runUntilIdle()
        #expect(!producer.isWaiting)
        #expect(consumer.value == Array(costs.indices))
        // One that overfills, one that the consumer holds, one that the producer is about to push.
        #expect(held.withLock { $0.most } < capacity + 27)
    }
}

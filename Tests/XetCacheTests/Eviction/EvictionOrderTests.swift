import Testing
import XetTestSupport

@testable import XetCache

@Suite struct EvictionOrderTests {
    @Test func `what nobody used again goes first, in the order in which it came`() {
        var order = EvictionOrder<Int>()
        for id in 0..<5 { order.insert(id, byteCount: 10, key: id) }
        #expect(order.byteCount == 50 && order.count == 5)
        order.use(0)
        order.use(3)
        #expect([order.next()?.id, order.next()?.id, order.next()?.id] == [1, 2, 4])
        #expect(order.byteCount == 20)
        // Now only what was used is left.
        #expect([order.next()?.id, order.next()?.id] == [0, 3])
        #expect(order.next() == nil && order.byteCount == 0 && order.count == 0)
    }

    @Test func `a pass over what nobody wants twice leaves what is wanted`() {
        var order = EvictionOrder<Int>()
        for id in 0..<50 {
            order.insert(id, byteCount: 1, key: id)
            order.use(id)
        }
        for id in 1000..<3000 {
            order.insert(id, byteCount: 1, key: id)
            while order.byteCount > 100 { _ = order.next() }
        }
        #expect((0..<50).allSatisfy(order.contains))
    }

    @Test func `what comes back soon after it was dropped was wanted twice`() {
        var order = EvictionOrder<Int>()
        for id in 0..<20 { order.insert(id, byteCount: 1, key: id) }
        #expect(order.next()?.id == 0)
        order.insert(100, byteCount: 1, key: 0)
        var dropped: [Int] = []
        while let next = order.next() { dropped.append(next.id) }
        #expect(dropped.last == 100)
    }

    @Test func `what was kept before is in the main line`() {
        var order = EvictionOrder<Int>()
        for id in 0..<20 { order.restore(id, byteCount: 1) }
        order.insert(100, byteCount: 10, key: 100)
        #expect(order.next()?.id == 100)
        #expect(order.next()?.id == 0)
    }

    @Test func `what is removed or named twice counts once`() {
        var order = EvictionOrder<Int>()
        order.insert(1, byteCount: 5, key: 1)
        order.insert(1, byteCount: 50, key: 1)
        order.restore(1, byteCount: 50)
        order.insert(2, byteCount: 7, key: 2)
        order.remove(1)
        order.remove(1)
        order.use(1)
        #expect(order.byteCount == 7)
        order.insert(1, byteCount: 3, key: 1)
        #expect(order.byteCount == 10)
        #expect([order.next()?.byteCount, order.next()?.byteCount].compactMap { $0 }.reduce(0, +) == 10)
        #expect(order.next() == nil)
    }

    @Test(arguments: 0..<50 as Range<UInt64>)
    func `against a plain account`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var order = EvictionOrder<Int>()
        var model: [Int: Int] = [:]
        for _ in 0..<2000 {
            let id = Int.random(in: 0..<60, using: &random)
            switch Int.random(in: 0..<6, using: &random) {
            case 0, 1:
                let byteCount = Int.random(in: 1...100, using: &random)
                order.insert(id, byteCount: byteCount, key: id % 20)
                if model[id] == nil { model[id] = byteCount }
            case 2:
                order.remove(id)
                model[id] = nil
            case 3, 4: order.use(id)
            default:
                let next = order.next()
                #expect((next == nil) == model.isEmpty)
                if let next { #expect(model.removeValue(forKey: next.id) == next.byteCount) }
            }
            #expect(order.byteCount == model.values.reduce(0, +) && order.count == model.count)
        }
    }
}

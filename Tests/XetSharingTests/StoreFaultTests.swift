import NIOCore
import Testing
import XetAccess
import XetAccessTestSupport
import XetCore
import XetSharing
import XetStoreTestSupport
import XetTestSupport

/// A store that does what it should not.
@Suite struct StoreFaultTests {
    /// What happens to an object.
    enum Harm: CaseIterable {
        case flippedHead
        case flippedFirst
        case flippedLast
        case truncated
        case empty
        case longer
        case ofAnotherName
        case zeros
    }

    private static func harmed(_ bytes: [UInt8], _ other: [UInt8], _ harm: Harm) -> [UInt8] {
        var bytes = bytes
        switch harm {
        case .flippedHead: bytes[60] ^= 1
        case .flippedFirst: bytes[bytes.count / 2] ^= 0x80
        case .flippedLast: bytes[bytes.count - 1] ^= 1
        case .truncated: bytes.removeLast(10)
        case .empty: bytes = []
        case .longer: bytes.append(0)
        case .ofAnotherName: bytes = other
        case .zeros: bytes = [UInt8](repeating: 0, count: bytes.count)
        }
        return bytes
    }

    @Test(arguments: Harm.allCases)
    func `a wrong object costs a fetch from upstream, once, and is replaced`(harm: Harm) throws {
        let (site, sample) = (Site(), try SampleXorb(chunkCount: 256))
        _ = try Replica(site, sample).read(sample.fetch(0, 256))
        site.pass(.seconds(5))
        let right = site.store.objects
        let names = right.keys.sorted()
        #expect(names.count == 2)
        site.store.set(Self.harmed(right[names[0]] ?? [], right[names[1]] ?? [], harm), as: names[0])
        let (second, third) = (Replica(site, sample), Replica(site, sample))
        let fetch = try sample.fetch(0, 256)
        #expect(try second.read(fetch) == sample.bytes(fetch))
        #expect(second.upstream.calls.count == 1)
        #expect(second.events.noted.wrongCount == 1)
        site.pass(.seconds(5))
        #expect(site.store.objects == right)
        #expect(try third.read(fetch) == sample.bytes(fetch))
        #expect(third.upstream.calls.isEmpty)
    }

    @Test func `all that is wrong of a range is replaced at once`() throws {
        let (site, sample) = (Site(), try SampleXorb(chunkCount: 500))
        let fetch = try sample.fetch(0, 500)
        _ = try Replica(site, sample).read(fetch)
        site.pass(.seconds(5))
        let right = site.store.objects
        for (name, bytes) in right { site.store.set(Self.harmed(bytes, [], .flippedLast), as: name) }
        let (second, third) = (Replica(site, sample), Replica(site, sample))
        #expect(try second.read(fetch) == sample.bytes(fetch))
        site.pass(.seconds(5))
        #expect(site.store.objects == right)
        #expect(try third.read(fetch) == sample.bytes(fetch))
        #expect(third.upstream.calls.isEmpty)
    }

    @Test(arguments: ObjectStoreError.Kind.allCases)
    func `a store that fails ends no download, and is spared after a few failures`(kind: ObjectStoreError.Kind) throws {
        let (site, sample) = (Site(), try SampleXorb(chunkCount: 1000))
        site.store.failure = ObjectStoreError(kind, "as the test wants it")
        let replica = Replica(site, sample)
        for start in stride(from: 0, to: 1000, by: 20) {
            let fetch = try sample.fetch(start, start + 20)
            #expect(try replica.read(fetch) == sample.bytes(fetch))
        }
        #expect(replica.upstream.calls.count == 50)
        // What is not right is replaced, one by one.
        if kind != .invalid { #expect(site.store.calls.count < 20) }
        site.store.failure = nil
        site.pass(.seconds(70))
        let other = Replica(site, sample)
        let fetch = try sample.fetch(0, 128)
        #expect(try replica.read(fetch) == sample.bytes(fetch))
        site.pass(.seconds(70))
        #expect(try other.read(fetch) == sample.bytes(fetch))
        #expect(replica.events.noted.turns.filter { $0.hasPrefix("read") }.count <= 2)
    }

    @Test func `it is said once that a store is away, and once that it is back`() throws {
        let (site, sample) = (Site(), try SampleXorb(chunkCount: 1000))
        site.store.failure = ObjectStoreError(.denied, "403")
        let replica = Replica(site, sample)
        for start in stride(from: 0, to: 500, by: 20) { _ = try replica.read(sample.fetch(start, start + 20)) }
        site.store.failure = nil
        site.pass(.seconds(70))
        for start in stride(from: 500, to: 1000, by: 20) { _ = try replica.read(sample.fetch(start, start + 20)) }
        site.pass(.seconds(70))
        #expect(replica.events.noted.turns.filter { $0.hasPrefix("read") } == ["read denied", "read back"])
    }

    @Test(arguments: [0, 1, 300, 3000])
    func `a body that breaks off is gone on with from upstream`(byteCount: Int) throws {
        let (site, sample) = (Site(), try SampleXorb(chunkCount: 128))
        let fetch = try sample.fetch(0, 128)
        _ = try Replica(site, sample).read(fetch)
        site.pass(.seconds(5))
        site.store.breakAfter = byteCount
        let replica = Replica(site, sample)
        #expect(try replica.read(fetch) == sample.bytes(fetch))
        #expect(replica.upstream.calls.count == 1)
    }

    @Test func `what a file was wrong with is not used again, and is replaced`() throws {
        let (site, sample) = (Site(), try SampleXorb(chunkCount: 128))
        let liar = Replica(site, sample) { _ in
            var answer = ScriptedXorbSource.Answer()
            // A right chunk but for its payload, which nobody has compared yet.
            answer.damage = { $0[20] ^= 1 }
            return answer
        }
        let fetch = try sample.fetch(0, 128)
        _ = try liar.read(fetch)
        site.pass(.seconds(5))
        let replica = Replica(site, sample)
        #expect(try replica.read(fetch) != sample.bytes(fetch))
        let next = Replica(site, sample)
        next.shared.doubt(sample.file.terms)
        #expect(try next.read(fetch) == sample.bytes(fetch))
        site.pass(.seconds(5))
        let last = Replica(site, sample)
        #expect(try last.read(fetch) == sample.bytes(fetch))
        #expect(last.upstream.calls.isEmpty)
    }

    @Test func `a reader that leaves while it waits leaves nothing behind`() throws {
        let (site, sample) = (Site(), try SampleXorb(chunkCount: 100))
        let never: @Sendable (ScriptedXorbSource.Call) -> ScriptedXorbSource.Answer = { _ in
            var answer = ScriptedXorbSource.Answer()
            answer.before = { _ in try await Watched(false).wait(until: { $0 }) }
            return answer
        }
        let (owner, waiter) = (Replica(site, sample, script: never), Replica(site, sample))
        let fetch = try sample.fetch(0, 100)
        let (first, second) = (owner.start(fetch), waiter.start(fetch))
        site.pass(.seconds(1))
        second.cancel()
        first.cancel()
        site.pass(.seconds(1))
        #expect(!first.isWaiting && !second.isWaiting)
        #expect(owner.stop() && waiter.stop())
    }

    @Test func `what waits is written before the end`() throws {
        let (site, sample) = (Site(), try SampleXorb(chunkCount: 100))
        let replica = Replica(site, sample)
        _ = try replica.read(sample.fetch(10, 90))
        site.pass()
        let finished = site.executor.start { try await replica.shared.finish() }
        site.pass()
        #expect(!finished.isWaiting)
        #expect(site.blocks == ["0-0"])
        #expect(site.claims == [])
    }
}

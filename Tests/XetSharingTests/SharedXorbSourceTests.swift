import NIOCore
import Testing
import XetAccess
import XetAccessTestSupport
import XetCore
import XetSharing
import XetStoreTestSupport
import XetTestSupport

@Suite struct SharedXorbSourceTests {
    @Test func `what one replica fetched another one has from the store`() throws {
        let (site, sample) = (Site(), try SampleXorb(chunkCount: 300))
        let (first, second) = (Replica(site, sample), Replica(site, sample))
        let windows = [(0, 100), (99, 200), (199, 300)]
        for (start, end) in windows {
            let fetch = try sample.fetch(start, end)
            #expect(try first.read(fetch) == sample.bytes(fetch))
        }
        site.pass(.seconds(5))
        #expect(site.blocks == ["0", "1", "2-0"])
        #expect(site.claims == [])
        for (start, end) in windows {
            let fetch = try sample.fetch(start, end)
            #expect(try second.read(fetch) == sample.bytes(fetch))
        }
        #expect(first.upstream.calls.count == 3)
        #expect(second.upstream.calls.isEmpty)
        site.pass(.seconds(5))
        #expect(site.blocks == ["0", "1", "2-0"])
        #expect(first.stop() && second.stop())
    }

    @Test func `what one replica has hashed another one need not hash again`() throws {
        let (site, sample) = (Site(), try SampleXorb(chunkCount: 128))
        let (first, second) = (Replica(site, sample), Replica(site, sample))
        let fetch = try sample.fetch(0, 128)
        // A reader notes the hashes that it computes; here those of half of the chunks.
        let chunks = sample.file.pieces.map { ChunkHash(ofChunk: Array(sample.file.bytes[$0.start..<$0.end])) }
        _ = try first.read(fetch) { piece in
            for chunk in 0..<64 { #expect(piece.hashes?.note(chunks[chunk], of: chunk) ?? false) }
        }
        site.pass(.seconds(5))
        let known = Watched<[Int: ChunkHash]>([:])
        _ = try second.read(fetch) { piece in
            for chunk in 0..<128 {
                if let hash = piece.hashes?.hash(of: chunk) { known.change { $0[chunk] = hash } }
            }
        }
        #expect(known.value == Dictionary(uniqueKeysWithValues: (0..<64).map { ($0, chunks[$0]) }))
        #expect(second.upstream.calls.isEmpty)
    }

    @Test func `other ranges are found in whole blocks, of which only those bytes are read`() throws {
        let (site, sample) = (Site(), try SampleXorb(chunkCount: 256))
        let (first, second) = (Replica(site, sample), Replica(site, sample))
        _ = try first.read(sample.fetch(0, 256))
        site.pass(.seconds(5))
        let fetch = try sample.fetch(100, 140)
        #expect(try second.read(fetch) == sample.bytes(fetch))
        #expect(second.upstream.calls.isEmpty)
        #expect(second.events.noted.readByteCount == Int(fetch.info.bytes.count))
    }

    @Test(arguments: [(0, 40), (0, 128), (128, 256), (0, 200)])
    func `chunks from the start of a block come with its header, by one request`(start: Int, end: Int) throws {
        let (site, sample) = (Site(), try SampleXorb(chunkCount: 256))
        _ = try Replica(site, sample).read(sample.fetch(0, 256))
        site.pass(.seconds(5))
        let (before, fetch, replica) = (site.store.calls.count, try sample.fetch(start, end), Replica(site, sample))
        #expect(try replica.read(fetch) == sample.bytes(fetch))
        #expect(site.store.calls.count - before == (end + 127) / 128 - start / 128)
        #expect(replica.events.noted.readByteCount == Int(fetch.info.bytes.count))
        #expect(replica.upstream.calls.isEmpty)
    }

    @Test func `a part that does not begin with its block is read too`() throws {
        let (site, sample) = (Site(), try SampleXorb(chunkCount: 300))
        for (start, end) in [(20, 60), (0, 30)] {
            _ = try Replica(site, sample).read(sample.fetch(start, end))
            site.pass(.seconds(20))
        }
        #expect(site.blocks == ["0-0", "0-1"])
        let (fetch, replica) = (try sample.fetch(0, 50), Replica(site, sample))
        #expect(try replica.read(fetch) == sample.bytes(fetch))
        #expect(replica.upstream.calls.isEmpty)
    }

    @Test func `what ends within a block is written as it is when nothing completes it`() throws {
        let (site, sample) = (Site(), try SampleXorb(chunkCount: 300))
        let (first, second) = (Replica(site, sample), Replica(site, sample))
        let fetch = try sample.fetch(20, 150)
        _ = try first.read(fetch)
        site.pass(.seconds(1))
        #expect(site.blocks == [])
        site.pass(.seconds(3))
        #expect(site.blocks == ["0-0", "1-0"])
        #expect(try second.read(fetch) == sample.bytes(fetch))
        #expect(second.upstream.calls.isEmpty)
    }

    @Test func `what lies in the last block of a xorb is found in any part`() throws {
        let (site, sample) = (Site(), try SampleXorb(chunkCount: 300))
        let (first, second) = (Replica(site, sample), Replica(site, sample))
        for (start, end) in [(0, 270), (269, 300)] { _ = try first.read(sample.fetch(start, end)) }
        site.pass(.seconds(5))
        #expect(site.blocks == ["0", "1", "2-0"])
        for (start, end) in [(299, 300), (256, 257), (250, 280), (280, 290)] {
            let fetch = try sample.fetch(start, end)
            #expect(try second.read(fetch) == sample.bytes(fetch))
        }
        #expect(second.upstream.calls.isEmpty)
    }

    @Test func `parts of a block are joined`() throws {
        let (site, sample) = (Site(), try SampleXorb(chunkCount: 128))
        _ = try Replica(site, sample).read(sample.fetch(0, 70))
        site.pass(.seconds(5))
        _ = try Replica(site, sample).read(sample.fetch(70, 120))
        site.pass(.seconds(5))
        #expect(site.blocks == ["0-0", "0-1"])
        let other = Replica(site, sample)
        let fetch = try sample.fetch(10, 110)
        #expect(try other.read(fetch) == sample.bytes(fetch))
        #expect(other.upstream.calls.isEmpty)
    }

    @Test func `a block that is completed later takes the place of its parts`() throws {
        let (site, sample) = (Site(), try SampleXorb(chunkCount: 300))
        let replica = Replica(site, sample)
        _ = try replica.read(sample.fetch(0, 60))
        site.pass(.seconds(5))
        #expect(site.blocks == ["0-0"])
        _ = try replica.read(sample.fetch(60, 128))
        site.pass(.seconds(5))
        #expect(site.blocks == ["0"])
    }

    @Test func `of replicas that want the same at once one fetches it`() throws {
        let (site, sample) = (Site(), try SampleXorb(chunkCount: 300))
        let gate = Watched(false)
        let script: @Sendable (ScriptedXorbSource.Call) -> ScriptedXorbSource.Answer = { _ in
            var answer = ScriptedXorbSource.Answer()
            answer.before = { _ in try await gate.wait(until: { $0 }) }
            return answer
        }
        let replicas = (0..<3).map { _ in Replica(site, sample, script: script) }
        let fetch = try sample.fetch(30, 200)
        let reading = replicas.map { $0.start(fetch) }
        site.pass(.seconds(1))
        #expect(reading.filter { $0.isWaiting }.count == 3)
        gate.change { $0 = true }
        site.pass(.seconds(1))
        for started in reading { #expect(started.value == sample.bytes(fetch)) }
        #expect(replicas.reduce(0) { $0 + $1.upstream.calls.count } == 1)
        site.pass(.seconds(5))
        #expect(site.claims == [])
        #expect(replicas.allSatisfy { $0.stop() })
    }

    @Test func `a replica that is gone is not waited for long, and its claim goes`() throws {
        let (site, sample) = (Site(), try SampleXorb(chunkCount: 100))
        let never: @Sendable (ScriptedXorbSource.Call) -> ScriptedXorbSource.Answer = { _ in
            var answer = ScriptedXorbSource.Answer()
            answer.before = { _ in try await Watched(false).wait(until: { $0 }) }
            return answer
        }
        let (dead, other) = (Replica(site, sample, script: never), Replica(site, sample))
        let fetch = try sample.fetch(0, 100)
        let lost = dead.start(fetch)
        site.pass(.milliseconds(100))
        #expect(dead.stop())
        lost.cancel()
        #expect(site.claims.contains { $0.contains("/claims/") })
        let reading = other.start(fetch)
        site.pass(.seconds(14))
        #expect(reading.isWaiting)
        site.pass(.seconds(3))
        #expect(reading.value == sample.bytes(fetch))
        site.pass(.seconds(5))
        #expect(site.claims.filter { $0.contains("/claims/") } == [])
    }

    @Test(arguments: [(20, 1), (60, 2)])
    func `a replica that is slow renews its claim, and is waited for half a minute`(seconds: Int, count: Int) throws {
        let (site, sample) = (Site(), try SampleXorb(chunkCount: 100))
        let gate = Watched(false)
        let (slow, other) = (
            Replica(site, sample) { _ in
                var answer = ScriptedXorbSource.Answer()
                answer.before = { _ in try await gate.wait(until: { $0 }) }
                return answer
            },
            Replica(site, sample)
        )
        let fetch = try sample.fetch(0, 100)
        let first = slow.start(fetch)
        site.pass(.milliseconds(100))
        let second = other.start(fetch)
        site.pass(.seconds(seconds))
        gate.change { $0 = true }
        site.pass(.seconds(3))
        #expect(first.value == sample.bytes(fetch))
        #expect(second.value == sample.bytes(fetch))
        #expect(slow.upstream.calls.count + other.upstream.calls.count == count)
        site.pass(.seconds(10))
        #expect(site.claims == [])
    }

    @Test func `a failure of the data host gives the claim up`() throws {
        let (site, sample) = (Site(), try SampleXorb(chunkCount: 100))
        let replica = Replica(site, sample) { call in
            var answer = ScriptedXorbSource.Answer()
            if call.number == 0 { answer.refusal = XetError(.unavailable, "away") }
            return answer
        }
        let fetch = try sample.fetch(0, 100)
        #expect(throws: XetError.self) { try replica.read(fetch) }
        site.pass(.seconds(1))
        #expect(site.claims == [])
        #expect(try replica.read(fetch) == sample.bytes(fetch))
    }

    @Test func `another secret is another site`() throws {
        let (site, sample) = (Site(), try SampleXorb(chunkCount: 128))
        let (first, second) = (Replica(site, sample), Replica(site, sample, secret: "another one"))
        let fetch = try sample.fetch(0, 128)
        _ = try first.read(fetch)
        site.pass(.seconds(5))
        #expect(try second.read(fetch) == sample.bytes(fetch))
        #expect(second.upstream.calls.count == 1)
        site.pass(.seconds(5))
        #expect(site.blocks == ["0", "0"])
        #expect(second.events.noted.wrongCount == 0)
    }

    @Test func `nothing is named in clear`() throws {
        let (site, sample) = (Site(), try SampleXorb(chunkCount: 128))
        let replica = Replica(site, sample)
        _ = try replica.read(sample.fetch(0, 128))
        site.pass(.seconds(5))
        for name in site.store.objects.keys {
            #expect(ObjectName.isValid(name))
            #expect(!name.contains("secret"))
        }
    }

    @Test func `what was not used for long is made young when it is read`() throws {
        let (site, sample) = (Site(), try SampleXorb(chunkCount: 128))
        let fetch = try sample.fetch(0, 128)
        _ = try Replica(site, sample).read(fetch)
        site.pass(.seconds(5))
        _ = try Replica(site, sample).read(fetch)
        site.pass(.seconds(5))
        #expect(!site.store.calls.contains { if case .touch = $0 { true } else { false } })
        site.store.now += 13 * 3600
        _ = try Replica(site, sample).read(fetch)
        site.pass(.seconds(5))
        #expect(site.store.calls.filter { if case .touch = $0 { true } else { false } }.count == 1)
    }
}

import NIOCore
import Testing
import XetAccess
import XetCore
import XetTestSupport

@testable import XetLocal

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

@Suite struct FileUpdateTests {
    private let xorb = SampleXorb()

    private func ranges(_ bounds: [(Int, Int)]) throws -> [ChunkRange] {
        try bounds.map { try #require(ChunkRange(start: $0.0, end: $0.1)) }
    }

    /// Calls `body` with the update of `old`, which is in a file, to `new`.
    private func update<Result>(
        from old: [(Int, Int)],
        to new: [(Int, Int)],
        _ body: (FileUpdate?, LocalPath) async throws -> Result
    ) async throws -> Result {
        try await TemporaryFolder.with { folder in
            let (old, new) = (try ranges(old), try ranges(new))
            let path = folder.entry("old")
            try await path.write(xorb.content(of: old))
            _ = xorb.add(old)
            let file = xorb.add(new)
            let byteCount = UInt64(xorb.content(of: new).count)
            let update = try await FileUpdate.find(file, byteCount: byteCount, in: EarlierFile(path), from: xorb)
            return try await body(update, path)
        }
    }

    private func expect(_ update: FileUpdate?, holds bounds: [(Int, Int)]) throws {
        let byteCount = try byteCount(bounds)
        #expect(update?.localByteCount == byteCount)
    }

    private func byteCount(_ bounds: [(Int, Int)]) throws -> UInt64 {
        UInt64(xorb.content(of: try ranges(bounds)).count)
    }

    @Test func `what both take from the same place is here`() async throws {
        let count = xorb.count
        try await update(from: [(0, 20), (23, count)], to: [(0, count)]) { update, _ in
            try expect(update, holds: [(0, 20), (23, count)])
        }
        try await update(from: [(0, count)], to: [(0, 20), (23, count)]) { update, _ in
            try expect(update, holds: [(0, 20), (23, count)])
        }
        try await update(from: [(10, count - 1), (0, 10)], to: [(0, count - 1), (0, count - 1)]) { update, _ in
            try expect(update, holds: [(0, count - 1), (0, count - 1)])
        }
    }

    /// Of a term with several gaps the CAS says where the chunks between them are.
    @Test(arguments: [
        [(0, 10), (12, 22), (25, 35)],
        [(3, 10), (12, 22), (25, 35), (36, 41)],
        [(3, 10), (12, 22)],
        [(5, 9), (10, 14), (15, 19), (20, 24)],
    ])
    func `several gaps in a term`(old: [(Int, Int)]) async throws {
        xorb.forgetQuestions()
        try await update(from: old, to: [(0, xorb.count)]) { update, _ in
            try expect(update, holds: old)
            // Both files, and each gap but perhaps the last; more where a run is too short for the first guess.
            let ranges = xorb.questions.compactMap { $0 }
            #expect(ranges.count <= 4 * old.count)
        }
    }

    @Test func `what is too short is not worth it`() async throws {
        try await update(from: [(10, 11), (20, 30)], to: [(0, xorb.count)]) { update, _ in
            try expect(update, holds: [(20, 30)])
        }
        try await update(from: [(10, 11)], to: [(0, xorb.count)]) { update, _ in #expect(update == nil) }
    }

    @Test func `nothing in common, or unknown to the CAS`() async throws {
        try await update(from: [(0, 10)], to: [(20, xorb.count)]) { update, _ in #expect(update == nil) }
        try await TemporaryFolder.with { folder in
            let path = folder.entry("old")
            try await path.write(Inputs.splitmix(2_000_000, seed: 1))
            let file = xorb.add(try ranges([(0, 20)]))
            let byteCount = try byteCount([(0, 20)])
            for earlier in [EarlierFile(path), EarlierFile(folder.entry("none")), EarlierFile(folder)] {
                #expect(try await FileUpdate.find(file, byteCount: byteCount, in: earlier, from: xorb) == nil)
            }
        }
    }

    /// The terms make up what was asked for, whatever that is, and only what is missing has an address.
    @Test(arguments: [true, false])
    func `reconstructions of ranges`(isTrusted: Bool) async throws {
        try await update(from: [(0, 10), (12, 22), (25, 35)], to: [(5, 30), (28, 40)]) { update, path in
            let update = try #require(update)
            if !isTrusted { update.distrust() }
            let content = xorb.content(of: try ranges([(5, 30), (28, 40)]))
            let old = xorb.content(of: try ranges([(0, 10), (12, 22), (25, 35)]))
            let source = UpdateReconstructions(update: update, upstream: xorb)
            var generator = SplitMix64(seed: 3)
            for _ in 0..<100 {
                let start = Int(generator.next() % UInt64(content.count))
                let end = start + 1 + Int(generator.next() % UInt64(content.count - start))
                let range = try #require(FileByteRange(start: UInt64(start), end: UInt64(end)))
                let answer = try #require(try await source.reconstruction(of: update.file, range: range))
                var found: [UInt8] = []
                for term in answer.terms {
                    let info = try #require(answer.fetchInfo(for: term))
                    guard info.url == .kept else {
                        found += xorb.content(of: [term.chunks])
                        continue
                    }
                    let local = try #require(update.local(term.chunks, of: term.xorb))
                    let bounds = update.chunks.start(of: local.lowerBound)..<update.chunks.start(of: local.upperBound)
                    found += old[Int(bounds.lowerBound)..<Int(bounds.upperBound)]
                }
                let skipped = Int(answer.offsetIntoFirstTerm)
                #expect(Array(found.dropFirst(skipped).prefix(end - start)) == Array(content[start..<end]))
                let isKept = answer.fetches.values.contains { $0.infos.contains { $0.url == .kept } }
                if !isTrusted { #expect(!isKept) }
            }
        }
    }

    @Test func `chunks that are not what they were are not given out`() async throws {
        try await update(from: [(0, 20)], to: [(0, xorb.count)]) { update, path in
            let update = try #require(update)
            let upstream = NoXorbs()
            let source = UpdateXorbs(update: update, upstream: upstream)
            let whole = try #require(FileByteRange(start: 0, end: try byteCount([(0, 20)])))
            let plan = UpdateReconstructions(update: update, upstream: xorb)
            let answer = try #require(try await plan.reconstruction(of: update.file, range: whole))
            let info = try #require(answer.fetches[SampleXorb.hash]?.infos.first)
            let chunks = try ranges([(0, 20)])
            #expect(info.url == .kept && info.chunks == chunks[0])

            var bytes = ByteBuffer()
            let fetch = XorbFetch(xorb: SampleXorb.hash, info: info)
            try await source.fetch(fetch) { bytes.writeImmutableBuffer($0.bytes) }
            #expect(bytes.readableBytes == Int(info.bytes.count))

            var content = xorb.content(of: chunks)
            content[content.count / 2] ^= 1
            // In place: a file that takes its name does not change it.
            try OpenFile(path, flags: O_WRONLY, operation: .open).write(ByteBuffer(bytes: content), at: 0)
            let error = await #expect(throws: XetError.self) { try await source.fetch(fetch) { _ in } }
            #expect(error?.code == .expired)
            // All of it is had from the CDN then, cut as before.
            let again = try #require(try await plan.reconstruction(of: update.file, range: whole))
            #expect(again.terms == answer.terms)
            #expect(again.fetches[SampleXorb.hash]?.infos.contains { $0.url == .kept } == false)
            #expect(update.localByteCount(in: whole) == 0)
        }
    }

    private struct NoXorbs: XorbSource {
        func fetch(_ fetch: XorbFetch, _ body: (XorbPiece) async throws -> Void) async throws {
            throw XetError(.unreachable, "nothing is here")
        }
    }
}

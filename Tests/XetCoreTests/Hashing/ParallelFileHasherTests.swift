import Testing
import XetTestSupport

@testable import XetCore

@Suite struct ParallelFileHasherTests {
    private struct Refusal: Error {}

    private static let segment = FileSegments.byteCount

    @Test(arguments: [1, 2, 3, 8])
    func `golden inputs`(taskCount: Int) async throws {
        var hasher = ParallelFileHasher(taskCount: taskCount)
        for file in try Golden.load().files {
            let input = try #require(Inputs.golden(file.name))
            let hash = try await hasher.hash(of: input)
            #expect(hash.text == file.fileHash, "\(file.name)")
        }
    }

    @Test(arguments: [1, 2, 3, 8])
    func `agrees with one task`(taskCount: Int) async throws {
        let segment = Self.segment
        let lengths = [0, 1, segment - 1, segment, segment + 1, 2 * segment, 3 * segment + 8191, 5 * segment + 70_001]
        let random = Inputs.splitmix(5 * segment + 70_001, seed: 21)
        let constant = [UInt8](repeating: 59, count: random.count)
        var hasher = ParallelFileHasher(taskCount: taskCount)
        for length in lengths {
            for bytes in [random, constant].map({ Array($0.prefix(length)) }) {
                let hash = try await hasher.hash(of: bytes)
                #expect(hash == Self.hash(bytes), "\(length) bytes")
            }
        }
    }

    @Test(arguments: [1, 3])
    func `tells of every chunk, in order`(taskCount: Int) async throws {
        let bytes = Inputs.splitmix(3 * Self.segment + 8191, seed: 22)
        let found = Watched<[(hash: ChunkHash, byteCount: Int)]>([])
        let hasher = ParallelFileHasher(taskCount: taskCount)
        let hash = try await hasher.hash(byteCount: UInt64(bytes.count)) { offset, output in
            output.append(copying: bytes.rawSpan.extracting(Int(offset)..<Int(offset) + output.freeCapacity))
        } onChunks: { chunks in
            found.change { $0 += chunks }
        }
        #expect(hash == Self.hash(bytes))
        var start = 0
        for end in Chunker.cuts(of: bytes) + [bytes.count] where end > start {
            let chunk = try #require(found.value.first)
            found.change { $0.removeFirst() }
            #expect(chunk.hash == ChunkHash(ofChunk: Array(bytes[start..<end]).rawSpan))
            #expect(chunk.byteCount == end - start)
            start = end
        }
        #expect(found.value.isEmpty)
    }

    /// Many places where a chunk may end, also where it is too short yet, and hardly any.
    @Test(arguments: [0, 3, 11, 64, 127])
    func `cuts as the chunker does`(pad: Int) async throws {
        let bytes = Inputs.trigger(pad: pad, 2 * Self.segment + 100) + Inputs.lines(Self.segment)
        var hasher = ParallelFileHasher(taskCount: 3)
        for skipped in [0, 1, 8191] {
            let bytes = Array(bytes[skipped...])
            let hash = try await hasher.hash(of: bytes)
            #expect(hash == Self.hash(bytes))
        }
    }

    /// A chunk ends with a segment, or a byte before or behind its end.
    @Test(arguments: [-1, 0, 1])
    func `ends at the border of segments`(shift: Int) async throws {
        let input = Inputs.splitmix(100_000, seed: 0)
        let chunk = input.prefix(try #require(Chunker.cuts(of: input).first))
        // Two chunks that end with a match, which together are as long as the greatest; then only forced cuts.
        let start = chunk.suffix(60_000) + chunk.suffix(Chunker.maximumByteCount - 60_000 + shift)
        let bytes = start + [UInt8](repeating: 59, count: 2 * Self.segment)
        #expect(Chunker.cuts(of: Array(bytes)).contains(Self.segment + shift))
        var hasher = ParallelFileHasher(taskCount: 2)
        let hash = try await hasher.hash(of: Array(bytes))
        #expect(hash == Self.hash(Array(bytes)))
    }

    @Test(arguments: [(1, 0), (4, 0), (4, 4 << 20), (4, 5 << 20)] as [(Int, UInt64)])
    func `reads every byte once`(taskCount: Int, serialByteCount: UInt64) async throws {
        let bytes = Inputs.splitmix(4 * Self.segment + 5, seed: 2)
        let reads = Watched<[Range<Int>]>([])
        var hasher = ParallelFileHasher(taskCount: taskCount, serialByteCount: serialByteCount)
        let hash = try await hasher.hash(byteCount: UInt64(bytes.count)) { offset, output in
            let range = Int(offset)..<Int(offset) + output.freeCapacity
            reads.change { $0.append(range) }
            output.append(copying: bytes.rawSpan.extracting(range))
        }
        #expect(hash == Self.hash(bytes))
        var end = 0
        for range in reads.value.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            #expect(range.lowerBound == end)
            end = range.upperBound
        }
        #expect(end == bytes.count)
    }

    @Test(arguments: [1, 4], [0, 3])
    func `a file that became shorter`(taskCount: Int, missingSegments: Int) async throws {
        let bytes = [UInt8](repeating: 7, count: 5 * Self.segment)
        let found = bytes.count - missingSegments * Self.segment - 10
        var hasher = ParallelFileHasher(taskCount: taskCount)
        do {
            _ = try await hasher.hash(byteCount: UInt64(bytes.count)) { offset, output in
                let end = min(found, Int(offset) + output.freeCapacity)
                if Int(offset) < end {
                    output.append(copying: bytes.rawSpan.extracting(Int(offset)..<end))
                }
            }
            Issue.record("a shorter file was hashed")
        } catch let error as FileHashError {
            guard case .truncated(UInt64(bytes.count), let length) = error else { throw error }
            // Segments are read at once, so that a later one may fail first.
            #expect(length >= UInt64(found) && length < UInt64(bytes.count))
        }
        let hash = try await hasher.hash(of: bytes)
        #expect(hash == Self.hash(bytes))
    }

    @Test(arguments: [1, 4])
    func `a read that fails`(taskCount: Int) async throws {
        var hasher = ParallelFileHasher(taskCount: taskCount)
        do {
            _ = try await hasher.hash(byteCount: UInt64(6 * Self.segment)) { offset, output in
                if offset == 2 * UInt64(Self.segment) { throw Refusal() }
                while output.freeCapacity > 0 { output.append(1) }
            }
            Issue.record("the failure was lost")
        } catch is Refusal {}
        let bytes = Inputs.lines(100)
        let hash = try await hasher.hash(of: bytes)
        #expect(hash == Self.hash(bytes))
    }

    @Test(arguments: [1, 4])
    func `stops when cancelled`(taskCount: Int) async throws {
        let readCount = Watched(0)
        let task = Task {
            var hasher = ParallelFileHasher(taskCount: taskCount)
            unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
            return try await hasher.hash(byteCount: UInt64(1000 * Self.segment)) { _, output in
                readCount.change { $0 += 1 }
                while output.freeCapacity > 0 { output.append(1) }
            }
        }
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(readCount.value == 0)
    }

    private static func hash(_ bytes: [UInt8]) -> FileHash {
        var hasher = FileHasher()
        hasher.update(bytes.rawSpan)
        return hasher.finish()
    }
}

extension ParallelFileHasher {
    fileprivate mutating func hash(of bytes: [UInt8]) async throws -> FileHash {
        try await hash(byteCount: UInt64(bytes.count)) { offset, output in
            output.append(copying: bytes.rawSpan.extracting(Int(offset)..<Int(offset) + output.freeCapacity))
        }
    }
}

@_spi(Kernels) import BLAKE3
import Foundation
@_spi(Kernels) import XetCore

/// Prints the speed of each kernel in GB/s on one core, the median of several rounds, as lines "name, tab, figure".
///
///     swift run -c release --package-path Benchmarks KernelBenchmark [ROUNDS [FOLDER]]
///
/// With a folder it also writes the inputs there, so that a peer can be given the same bytes. Benchmarks/kernels.py runs
/// it beside the peers.
@main
enum KernelBenchmark {
    /// Bytes that one measurement goes through.
    private static let byteCount = 16 << 20
    private static let pieceByteCount = 64 << 10

    private struct Kernel {
        let name: String
        /// Goes through ``byteCount`` bytes; returns what keeps the calls from being dropped.
        let run: () throws -> UInt64
    }

    static func main() throws {
        let rounds = CommandLine.arguments.dropFirst().first.flatMap(Int.init) ?? 9
        let packed = try [
            Contents.text: PackedContents(.text, byteCount, scheme: .lz4),
            .f32: PackedContents(.f32, byteCount, scheme: .byteGroupingLZ4),
            .bf16: PackedContents(.bf16, byteCount, scheme: .byteGroupingLZ4),
        ]
        let random = Contents.random.bytes(byteCount)
        if let folder = CommandLine.arguments.dropFirst(2).first.map({ URL(filePath: $0) }) {
            try Data(random).write(to: folder.appending(path: "random.bin"))
            for (contents, packed) in packed {
                try Data(packed.bytes).write(to: folder.appending(path: "\(contents).bin"))
                try Data(packed.serialized).write(to: folder.appending(path: "\(contents).xorb"))
            }
        }
        let kernels = self.kernels(random: random, packed: packed)
        var checksum: UInt64 = 0
        var speeds = [[Double]](repeating: [], count: kernels.count)
        for round in 0...rounds {
            for (index, kernel) in kernels.enumerated() {
                let time = try ContinuousClock().measure { checksum &+= try kernel.run() }
                // The first round only warms up.
                if round > 0 { speeds[index].append(Double(byteCount) / (time / .seconds(1)) / 1e9) }
            }
        }
        for (kernel, speeds) in zip(kernels, speeds) {
            print("\(kernel.name)\t\(String(format: "%.3f", speeds.sorted()[speeds.count / 2]))")
        }
        print("checksum\t\(checksum)")
    }

    private static func kernels(random: [UInt8], packed: [Contents: PackedContents]) -> [Kernel] {
        // SAFETY of their uses below: one piece is read from the one and written to the other, or a chunk to the latter.
        let source = UnsafeMutableRawBufferPointer.allocate(byteCount: pieceByteCount, alignment: 64)
        let target = UnsafeMutableRawBufferPointer.allocate(
            byteCount: ChunkHeader.maximumUnpackedByteCount,
            alignment: 64
        )
        unsafe source.copyBytes(from: random.prefix(pieceByteCount))
        let piece = Array(random.prefix(pieceByteCount))
        let key = BLAKE3Key(words: (1, 2, 3, 4))

        func eachPiece(_ name: String, _ body: @escaping () -> UInt64) -> Kernel {
            Kernel(name: name) { (0..<byteCount / pieceByteCount).reduce(0) { sum, _ in sum &+ body() } }
        }
        func blake3(_ name: String, _ kernel: BLAKE3Kernel) -> Kernel {
            eachPiece(name) { unsafe BLAKE3Hasher.hash(piece.span.bytes, key: key, kernel: kernel).w0 }
        }
        func moving(_ name: String, _ body: @escaping (RawSpan, inout OutputRawSpan) -> Void) -> Kernel {
            eachPiece(name) {
                // SAFETY: the span covers the buffer, which is not touched otherwise before `finalize`.
                var output = unsafe OutputRawSpan(buffer: target, initializedCount: 0)
                unsafe body(source.bytes, &output)
                return unsafe UInt64(output.finalize(for: target))
            }
        }
        var kernels = [
            eachPiece("memcpy") {
                unsafe target.copyMemory(from: UnsafeRawBufferPointer(source))
                return unsafe UInt64(target[0])
            },
            blake3("blake3", .best),
            blake3("blake3 plain", BLAKE3Kernel.available[0]),
            Kernel(name: "chunking") { unsafe UInt64(Chunker.cuts(of: random.span.bytes).count) },
            Kernel(name: "chunking plain") { UInt64(PlainChunker.cuts(of: random).count) },
            moving("group") { ByteGrouping.group($0, into: &$1) },
            eachPiece("group plain") { UInt64(PlainByteGrouping.group(piece)[1]) },
            moving("ungroup") { ByteGrouping.ungroup($0, into: &$1) },
            eachPiece("ungroup plain") { UInt64(PlainByteGrouping.ungroup(piece)[1]) },
            Kernel(name: "file hash") {
                var hasher = FileHasher()
                unsafe hasher.update(random.span.bytes)
                return hasher.finish().words.0
            },
        ]
        for (contents, packed) in packed.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            kernels.append(Kernel(name: "unpack \(contents)") { try unsafe packed.unpack(into: target) })
            kernels.append(Kernel(name: "pack \(contents)") { UInt64(try packed.pack().count) })
            if packed.scheme == .byteGroupingLZ4 {
                kernels.append(
                    Kernel(name: "lz4 \(contents)") { try unsafe packed.unpack(into: target, isUngrouped: false) }
                )
            }
        }
        return kernels
    }
}

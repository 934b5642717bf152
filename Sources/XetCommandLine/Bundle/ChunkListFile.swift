import ArgumentParser
import NIOCore
import XetBundle
import XetLocal

/// Lists of chunks, as text: what is there already, and need not be carried.
enum ChunkListFile {
    private static let pieceByteCount = 1 << 20
    /// Most bytes of a line: a hash and two numbers fit in 100.
    private static let maximumLineByteCount = 256

    /// Prints a list.
    static func write(_ chunks: ChunkSet) throws {
        var buffer = ByteBuffer()
        try chunks.lines { line in
            buffer.writeString(line + "\n")
            if buffer.readableBytes >= pieceByteCount {
                try Descriptor.standardOutput.write(buffer)
                buffer.clear()
            }
        }
        try Descriptor.standardOutput.write(buffer)
    }

    /// Reads a list; says which line is none.
    static func read(_ path: LocalPath) throws -> ChunkSet {
        let file = try ReadableFile(argument: path)
        var chunks = ChunkSet()
        var number = 0
        var rest: [UInt8] = []
        while true {
            let piece = try file.readNext(count: pieceByteCount)
            rest += piece.readableBytesView
            var lines = rest.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            let isAtEnd = piece.readableBytes == 0
            rest = isAtEnd ? [] : Array(lines.popLast() ?? [])
            for line in lines {
                number += 1
                if line.isEmpty { continue }
                guard chunks.insert(line: String(decoding: line, as: UTF8.self)) else {
                    throw bad(path, line: number)
                }
            }
            guard rest.count <= maximumLineByteCount else { throw bad(path, line: number + 1) }
            if isAtEnd { return chunks }
        }
    }

    private static func bad(_ path: LocalPath, line: Int) -> ExitCode {
        CommandFailure.print("\(path): line \(line) is not a xorb, its first chunk and the one after the last")
        return ExitCode.failure
    }
}

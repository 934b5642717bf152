import ArgumentParser
import NIOCore
import XetCore
import XetLocal

/// The command `xet inspect`.
struct InspectCommand: AsyncParsableCommand {
    /// A xorb or shard is at most 64 MiB; stored ones are a little larger.
    private static let maximumByteCount = 256 << 20

    /// How a shard begins, and no chunk header can.
    private static let shardMark = Array("HFRepoMetaData".utf8)

    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Show what is in a xorb or a shard.",
        discussion: "Every chunk of a xorb is unpacked and hashed, so a damaged one is found."
    )

    @Argument(
        help: "A xorb (chunks, with or without footer) or a shard; - is standard input.",
        completion: .file()
    )
    var file: LocalPath

    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        try await CommandFailure.reporting {
            let bytes = try read()
            if bytes.starts(with: Self.shardMark) {
                try show { try ShardReport(bytes) }
            } else {
                try show { try XorbReport(bytes) }
            }
        }
    }

    /// The whole file, if it is not too large to be one.
    private func read() throws -> [UInt8] {
        let file = try ReadableFile(argument: file)
        var bytes: [UInt8] = []
        var block: [UInt8] = []
        repeat {
            try block.replace(capacity: 1 << 20) { try file.readNext(into: &$0) }
            bytes += block
            guard bytes.count <= Self.maximumByteCount else {
                CommandFailure.print(
                    "\(self.file) has more than \(Self.maximumByteCount >> 20) MiB: no xorb and no shard"
                )
                throw ExitCode.failure
            }
        } while !block.isEmpty
        return bytes
    }

    private func show(_ report: () throws -> some Report) throws {
        do {
            let report = try report()
            if json {
                try JSONOutput.write(report)
            } else {
                try Descriptor.standardOutput.write(ByteBuffer(string: report.text))
            }
        } catch let error as XorbError {
            CommandFailure.print("\(file) is no valid xorb: \(error)")
            throw ExitCode.failure
        } catch let error as ShardError {
            CommandFailure.print("\(file) is no valid shard: \(error)")
            throw ExitCode.failure
        }
    }
}
